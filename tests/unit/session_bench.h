// SPDX-License-Identifier: Apache-2.0
// What the tests of a client session share.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>

#include "client/session.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "protocol/session.h"

namespace tally {

inline constexpr Duration patience = seconds(10);
inline constexpr Duration keep_alive = limits::session_lifetime / 6;

inline std::vector<OwnedOperation> add(const std::string& name = "home") {
  return {{OperationKind::add, name, 1, "", "", 0}};
}
inline std::vector<OwnedOperation> get(const std::string& name = "home") {
  return {{OperationKind::get, name, 0, "", "", 0}};
}
inline std::vector<OwnedOperation> list(std::uint32_t limit) { return {{OperationKind::list, "", 0, "", "", limit}}; }

inline std::vector<OwnedOperation> many(std::size_t count, const OwnedOperation& operation = add()[0]) {
  return std::vector<OwnedOperation>(count, operation);
}

// Views of what a request or a batch carries.
inline std::vector<Operation> operations_in(std::string_view encoded) {
  std::vector<Operation> operations;
  BOOST_REQUIRE(decode_operations(encoded, operations));
  return operations;
}
// Their names, each with a space behind it.
inline std::string names_in(std::string_view encoded) {
  std::string names;
  for (const Operation& operation : operations_in(encoded)) (names += operation.name) += ' ';
  return names;
}

// A session with a group that the test plays, and a clock that it owns.
struct SessionBench {
  std::uint64_t random = 256;  // pauses are neither shortened nor prolonged
  std::uint64_t draws = 0;
  Instant now = Instant{} + seconds(1'000);
  SessionCore core;

  std::vector<Request> requests;
  std::vector<SessionSecret> secrets;  // that came with them
  std::size_t hellos_to_distributor = 0;
  std::size_t hellos_to_comparator = 0;
  std::map<std::uint64_t, std::vector<Answer>> answers;
  std::uint64_t calls = 0;
  std::uint64_t turns = 0;

  explicit SessionBench(std::size_t in_flight = 4) : core(config(in_flight), now) {}

  SessionConfig config(std::size_t in_flight) {
    SessionConfig config;
    config.incarnation = Incarnation(3);
    config.requests_in_flight = in_flight;
    config.random = [this] { return random + 512 * ++draws; };
    return config;
  }

  void turn() {
    core.tick(now);
    ++turns;
    const SessionOutput output = core.take_output();
    for (const Message& message : output.to_distributor)
      if (const auto* sent = std::get_if<ClientRequest>(&message))
        take(*sent);
      else
        hellos_to_distributor += std::holds_alternative<ClientHello>(message) ? 1 : 0;
    hellos_to_comparator += output.to_comparator.size();
    for (const auto& completed : output.completed)
      BOOST_TEST(answers.emplace(completed.call.value, completed.answers).second, "a call completes once");
    BOOST_REQUIRE_MESSAGE(core.next_deadline() > now, "a turn leaves something that is due at once");
  }

  void take(const ClientRequest& sent) {
    BOOST_TEST((session_of(sent.secret) == sent.request.session), "a request names another session than its secret");
    requests.push_back(sent.request);
    secrets.push_back(sent.secret);
  }

  // With a turn at every deadline.
  void pass(Duration duration) {
    const Instant end = now + duration;
    while (core.next_deadline() < end) {
      now = std::max(now, core.next_deadline());
      turn();
    }
    now = end;
    turn();
  }

  std::uint64_t put(std::vector<OwnedOperation> operations, Duration timeout = patience) {
    core.submit(CallId{++calls}, std::move(operations), now + timeout);
    return calls;
  }
  std::uint64_t submit(std::vector<OwnedOperation> operations, Duration timeout = patience) {
    put(std::move(operations), timeout);
    turn();
    return calls;
  }

  void welcome_from_distributor(Term term = Term(1)) {
    core.receive(DistributorWelcome{term, GroupState::ok}, now);
    turn();
  }
  void welcome_from_comparator(Incarnation incarnation = Incarnation(9)) {
    core.receive(ComparatorWelcome{incarnation}, now);
    turn();
  }
  void welcome() {
    welcome_from_distributor();
    welcome_from_comparator();
  }

  void decide(const Request& request, std::string result) {
    Decisions decisions{Term(1), Sequence(100), {{request.session, request.number, 2, std::move(result)}}};
    core.receive(decisions, now);
    turn();
  }
  static std::string executed(std::uint32_t operations, std::int64_t value = 1) {
    std::string bytes;
    results::append_header(bytes, RequestOutcome::executed, Sequence(99), operations);
    for (std::uint32_t count = 0; count < operations; ++count)
      results::append_operation(bytes, OperationStatus::ok, value++);
    return bytes;
  }
  static std::string outcome(RequestOutcome outcome) {
    std::string bytes;
    results::append_header(bytes, outcome, Sequence(99), 0);
    return bytes;
  }
  void answer(const Request& request, std::int64_t value = 1) {
    decide(request, executed(static_cast<std::uint32_t>(operations_in(request.operations).size()), value));
  }
  void refuse(const Request& request, RefusalReason reason) {
    core.receive(Refusal{request.session, request.number, request.attempt, reason}, now);
    turn();
  }
  void answer_opening() { decide(requests.back(), outcome(RequestOutcome::session_opened)); }

  // A session that is open, with nothing in flight and nothing sent yet that counts.
  void open() {
    welcome();
    submit(get());
    answer_opening();
    answer(requests.back());
    requests.clear();
    answers.clear();
  }

  const Answer& only_answer(std::uint64_t call) {
    BOOST_REQUIRE_MESSAGE(answers.contains(call), "call " << call << " is not completed");
    BOOST_REQUIRE(answers[call].size() == 1u);
    return answers[call][0];
  }
  void check(std::uint64_t call, CallOutcome outcome, CallError error) {
    const Answer& answer = only_answer(call);
    BOOST_TEST((answer.outcome == outcome), "another outcome");
    BOOST_TEST(to_string(answer.error) == to_string(error));
  }
};

// One that is open, with nothing in flight.
struct Opened : SessionBench {
  explicit Opened(std::size_t in_flight = 4) : SessionBench(in_flight) { open(); }
};

}  // namespace tally
