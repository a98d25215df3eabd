// SPDX-License-Identifier: Apache-2.0
// A client session whose group has no majority: it fails fast, and probes. The breaker alone:
// circuit_breaker_test.cc.
#include "client/circuit_breaker.h"
#include "session_bench.h"

using namespace tally;
using Bench = SessionBench;

namespace {

constexpr Duration patience_of_breaker = CircuitBreaker::patience;

// With a session, and a breaker that a refusal has just opened. Nothing of what was sent is left to
// be looked at.
struct OpenBench : Bench {
  explicit OpenBench(RefusalReason reason = RefusalReason::unavailable, std::size_t in_flight = 4) : Bench(in_flight) {
    open();
    submit(add());
    refuse(requests.back(), reason);
    BOOST_REQUIRE(!core.available());
    requests.clear();
    answers.clear();
  }

  // Until so many more requests are sent; when, in milliseconds from now on. `each` is told of
  // every request.
  template <class Each>
  std::vector<std::int64_t> times_of(std::size_t count, Each&& each) {
    const Instant begun = now;
    const std::size_t before = requests.size();
    std::vector<std::int64_t> times;
    while (requests.size() < before + count) {
      const std::size_t seen = requests.size();
      now = core.next_deadline();
      turn();
      if (requests.size() == seen) continue;
      BOOST_REQUIRE(requests.size() == seen + 1);
      times.push_back((now - begun).milliseconds());
      each(Request(requests.back()));
    }
    return times;
  }
  std::vector<std::int64_t> times_of(std::size_t count) {
    return times_of(count, [](const Request&) {});
  }
};

// Nothing that is sent leaves the machine for so long. How much it was.
std::size_t lose_all(Bench& bench, Duration duration) {
  std::size_t lost = 0;
  for (const Instant end = bench.now + duration; bench.now < end; bench.pass(milliseconds(1)))
    for (const Request& request : std::exchange(bench.requests, {})) {
      bench.core.not_sent(request, bench.now);
      ++lost;
    }
  return lost;
}

bool is_harmless(const Request& request) {
  return request.kind == RequestKind::operations && request.operations.empty() && request.read_only;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(session_breaker)

// ---- opening

BOOST_AUTO_TEST_CASE(after_a_refusal_without_a_majority_calls_fail_at_once_and_are_not_sent) {
  const std::pair<RefusalReason, CallError> expected[] = {{RefusalReason::unavailable, CallError::unavailable},
                                                          {RefusalReason::undecided, CallError::undecided}};
  for (const auto& [reason, error] : expected) {
    OpenBench bench(reason);
    const auto call = bench.submit(add());
    bench.check(call, CallOutcome::not_applied, error);
    BOOST_TEST(bench.requests.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_overloaded_group_has_a_majority) {
  Opened bench;
  bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::overloaded);
  BOOST_TEST(bench.core.available());
}

// It refuses for itself, at once; and a restart must not be noticed.
BOOST_AUTO_TEST_CASE(a_distributor_that_drains_is_waited_for) {
  Opened bench;
  bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::draining);
  BOOST_TEST(bench.core.available());
  const auto call = bench.submit(add());
  bench.core.not_sent(bench.requests.back(), bench.now);
  bench.welcome_from_distributor(Term(2));
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

BOOST_AUTO_TEST_CASE(when_it_opens_what_waits_unsent_fails_and_what_was_sent_stays) {
  Opened bench(2);
  const auto refused = bench.submit(add("refused"));
  const auto stays = bench.submit(add("stays"));
  const auto waits = bench.submit(add("waits"));
  const Request sent = bench.requests[1];
  bench.refuse(bench.requests[0], RefusalReason::unavailable);
  bench.check(refused, CallOutcome::not_applied, CallError::unavailable);
  bench.check(waits, CallOutcome::not_applied, CallError::unavailable);
  BOOST_TEST(!bench.answers.contains(stays));
  bench.pass(seconds(1));
  BOOST_TEST(std::ranges::count(bench.requests, sent.operations, &Request::operations) > 1, "it is not sent again");
  bench.answer(sent);
  bench.check(stays, CallOutcome::done, CallError::none);
}

// What a masked fault costs, or a restart of the distributor or the comparator.
BOOST_AUTO_TEST_CASE(a_short_silence_opens_nothing) {
  Opened bench;
  bench.submit(add(), patience_of_breaker + milliseconds(-1));
  const auto waits = bench.submit(add());
  bench.pass(patience_of_breaker + milliseconds(-1));
  BOOST_TEST(bench.answers.size() == 1u);
  BOOST_TEST(bench.core.available());
  bench.answer(bench.requests.back());
  bench.check(waits, CallOutcome::done, CallError::none);
}

BOOST_AUTO_TEST_CASE(a_call_that_times_out_in_a_long_silence_opens_it) {
  Opened bench(1);
  const auto sent = bench.submit(add(), patience_of_breaker);
  const auto waits = bench.submit(add());
  bench.pass(patience_of_breaker);
  bench.check(sent, CallOutcome::unknown, CallError::timed_out);
  bench.check(waits, CallOutcome::not_applied, CallError::timed_out);
  const auto late = bench.submit(add());
  bench.check(late, CallOutcome::not_applied, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(idle_time_is_no_silence) {
  Opened bench;
  bench.turn();
  bench.pass(seconds(10));
  const auto call = bench.submit(add(), milliseconds(500));
  bench.pass(milliseconds(500));
  bench.check(call, CallOutcome::unknown, CallError::timed_out);
  BOOST_TEST(bench.core.available());
}

BOOST_AUTO_TEST_CASE(silence_opens_nothing_before_a_call_times_out_in_it) {
  Opened bench;
  bench.put(add("hasty"), milliseconds(100));
  bench.put(add("patient"));
  bench.turn();
  bench.submit(add("answered"), seconds(2));
  bench.pass(milliseconds(200));  // hasty has timed out
  bench.answer(bench.requests[1]);
  bench.pass(seconds(5));
  BOOST_TEST(bench.core.available());
}

BOOST_AUTO_TEST_CASE(calls_that_time_out_while_others_are_answered_open_nothing) {
  Opened bench;
  bench.submit(add("lost"), seconds(2));
  for (int count = 0; count < 8; ++count) {
    bench.submit(add("answered"));
    bench.pass(milliseconds(250));
    const auto answered = std::ranges::find(bench.requests, "answered ",
                                            [](const Request& request) { return names_in(request.operations); });
    bench.answer(Request(*answered));
    bench.requests.clear();
  }
  BOOST_TEST(bench.answers.size() == 9u);
  BOOST_TEST(bench.core.available());
}

// The first transmission may have been ordered, so that call waits on; those that were never sent
// need not.
BOOST_AUTO_TEST_CASE(a_repetition_that_is_refused_opens_it_after_a_long_silence) {
  Opened bench(1);
  const auto sent = bench.submit(add());
  const auto waits = bench.submit(add());
  std::size_t seen = 1;
  const auto refuse_repetitions = [&](Duration duration) {
    for (const Instant end = bench.now + duration; bench.now < end; bench.pass(milliseconds(10)))
      for (; seen < bench.requests.size(); ++seen) bench.refuse(bench.requests[seen], RefusalReason::unavailable);
  };
  refuse_repetitions(patience_of_breaker + milliseconds(-10));
  BOOST_TEST(bench.answers.empty());
  BOOST_TEST(bench.requests.size() > 1u);
  refuse_repetitions(patience_of_breaker);
  bench.check(waits, CallOutcome::not_applied, CallError::unavailable);
  BOOST_TEST(!bench.answers.contains(sent));
}

BOOST_AUTO_TEST_CASE(when_it_opens_every_call_of_a_request_that_never_left_is_not_applied) {
  Opened bench;
  const auto hasty = bench.put(add(), seconds(2));
  const auto patient = bench.put(add());
  bench.turn();
  lose_all(bench, seconds(2));
  bench.check(hasty, CallOutcome::not_applied, CallError::timed_out);
  bench.check(patient, CallOutcome::not_applied, CallError::timed_out);
  bench.pass(seconds(10));
  BOOST_TEST(!bench.requests.empty());
  BOOST_TEST(std::ranges::all_of(bench.requests, is_harmless), "a request that was given up is sent");
}

BOOST_AUTO_TEST_CASE(a_client_that_slept_itself_opens_nothing) {
  Opened bench;
  const auto call = bench.submit(add(), seconds(2));
  bench.now = bench.now + seconds(10);
  bench.turn();
  bench.check(call, CallOutcome::unknown, CallError::timed_out);
  BOOST_TEST(bench.core.available());
}

// ---- probing

BOOST_AUTO_TEST_CASE(probes_follow_one_another_after_growing_pauses) {
  for (const bool is_refused : {true, false}) {
    OpenBench bench;
    const auto times = bench.times_of(6, [&](const Request& probe) {
      BOOST_TEST(is_harmless(probe));
      if (is_refused) bench.refuse(probe, RefusalReason::unavailable);
    });
    BOOST_TEST(times == (std::vector<std::int64_t>{100, 300, 700, 1'500, 2'300, 3'100}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(all_probes_are_one_request) {
  OpenBench bench;
  bench.times_of(100, [&](const Request& probe) { bench.refuse(probe, RefusalReason::unavailable); });
  BOOST_TEST(std::ranges::count(bench.requests, bench.requests[0].number, &Request::number) == 100);
  BOOST_TEST(bench.requests.front().attempt == 1u);
  BOOST_TEST(bench.requests.back().attempt == 100u);
}

BOOST_AUTO_TEST_CASE(probes_of_many_clients_are_spread) {
  for (const auto& [random, expected] : {std::pair(0ul, 75), std::pair(511ul, 124)}) {
    Bench bench;
    bench.open();
    bench.submit(add());
    bench.random = random;
    bench.refuse(bench.requests.back(), RefusalReason::unavailable);
    BOOST_TEST((bench.core.next_deadline() - bench.now).milliseconds() == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_decided_closes_it) {
  OpenBench bench;
  bench.times_of(1);
  bench.answer(bench.requests.back());
  BOOST_TEST(bench.core.available());
  const auto call = bench.submit(add());
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

BOOST_AUTO_TEST_CASE(a_late_decision_on_what_was_given_up_closes_it) {
  Opened bench;
  bench.submit(add(), seconds(2));
  const Request given_up = bench.requests.back();
  bench.pass(seconds(2));
  BOOST_TEST(!bench.core.available());
  bench.answer(given_up);
  BOOST_TEST(bench.core.available());
}

BOOST_AUTO_TEST_CASE(a_probe_without_an_answer_takes_no_place_once_it_is_closed) {
  Opened bench(1);
  bench.submit(add(), seconds(2));
  const Request given_up = bench.requests.back();
  bench.pass(seconds(3));
  BOOST_TEST(is_harmless(bench.requests.back()));
  bench.answer(given_up);
  bench.requests.clear();
  bench.submit(add("first"));
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST(names_in(bench.requests[0].operations) == "first ");
  BOOST_TEST((bench.requests[0].acknowledged.value == bench.requests[0].number.value - 1), "the probe is given up");
  bench.answer(bench.requests[0]);
  bench.pass(seconds(10));
  BOOST_TEST(bench.requests.size() == 1u, "the probe is sent again");
}

BOOST_AUTO_TEST_CASE(when_it_closes_what_is_in_flight_is_sent_again_at_once) {
  Opened bench;
  bench.submit(add("hasty"), seconds(2));
  bench.submit(add("patient"));
  const Request given_up = bench.requests.front();
  bench.pass(seconds(3));
  BOOST_TEST(!bench.core.available());
  bench.requests.clear();
  bench.answer(given_up);
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST(names_in(bench.requests[0].operations) == "patient ");
}

BOOST_AUTO_TEST_CASE(pauses_are_short_again_when_it_opens_again) {
  OpenBench bench;
  bench.times_of(5);
  bench.answer(bench.requests.back());
  bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::unavailable);
  BOOST_TEST(bench.times_of(2) == (std::vector<std::int64_t>{100, 300}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_welcome_makes_the_next_probe_due_at_once) {
  OpenBench bench;
  bench.times_of(6);
  const auto probes = [&] { return std::exchange(bench.requests, {}).size(); };
  probes();
  bench.welcome_from_distributor(Term(2));
  BOOST_TEST(probes() == 1u);
  bench.welcome_from_comparator(Incarnation(10));
  BOOST_TEST(probes() == 1u);
  bench.welcome_from_distributor(Term(2));  // the same one, connected again
  BOOST_TEST(probes() == 1u);
  bench.welcome_from_comparator(Incarnation(10));
  BOOST_TEST(probes() == 1u);
  bench.pass(milliseconds(30));  // what the other one needs to know of the new one
  BOOST_TEST(probes() == 1u);
}

BOOST_AUTO_TEST_CASE(a_status_that_says_that_the_group_decides_makes_the_next_probe_due_at_once) {
  const std::pair<GroupState, std::size_t> expected[] = {
      {GroupState::ok, 1}, {GroupState::degraded, 1}, {GroupState::unavailable, 0}, {GroupState::halted, 0}};
  for (const auto& [state, probes] : expected) {
    OpenBench bench;
    ClusterStatus status;
    status.state = state;
    bench.core.receive(status, bench.now);
    bench.turn();
    BOOST_TEST(bench.requests.size() == probes);
  }
}

BOOST_AUTO_TEST_CASE(a_status_repeats_nothing_while_calls_pass) {
  Bench bench;
  bench.welcome();
  bench.submit(add());
  ClusterStatus status;
  status.state = GroupState::ok;
  bench.core.receive(status, bench.now);
  bench.turn();
  BOOST_TEST(bench.requests.size() == 1u);  // the opening
}

BOOST_AUTO_TEST_CASE(a_session_that_is_gone_closes_it_all_the_same) {
  OpenBench bench;
  bench.times_of(1);
  bench.decide(bench.requests.back(), Bench::outcome(RequestOutcome::session_expired));
  BOOST_TEST(bench.core.available());
  const auto call = bench.submit(add());
  BOOST_REQUIRE(bench.requests.size() == 2u);
  BOOST_TEST((bench.requests.back().kind == RequestKind::open_session));
  bench.answer_opening();
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

// ---- without a session

BOOST_AUTO_TEST_CASE(a_refused_opening_is_the_probe_whether_anybody_calls_or_not) {
  Bench bench;
  bench.welcome();
  const auto call = bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::unavailable);
  bench.check(call, CallOutcome::not_applied, CallError::unavailable);
  bench.pass(milliseconds(99));
  BOOST_TEST(bench.requests.size() == 1u);
  bench.pass(milliseconds(1));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  BOOST_TEST((bench.requests[1].number == bench.requests[0].number));
  bench.answer_opening();
  BOOST_TEST(bench.core.available());
  bench.submit(add());
  BOOST_TEST((bench.requests.back().session == bench.requests[1].session));
}

BOOST_AUTO_TEST_CASE(a_client_that_was_there_before_its_group_opens_a_session_as_soon_as_it_can) {
  Bench bench;
  const auto call = bench.submit(add(), seconds(2));
  bench.pass(seconds(2));
  bench.check(call, CallOutcome::not_applied, CallError::timed_out);
  BOOST_TEST(!bench.core.available());
  bench.pass(seconds(10));
  BOOST_TEST(bench.requests.empty());
  bench.welcome();
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST((bench.requests[0].kind == RequestKind::open_session));
  bench.answer_opening();
  BOOST_TEST(bench.core.available());
}

BOOST_AUTO_TEST_CASE(a_session_that_a_draining_distributor_does_not_open_is_opened_by_its_successor) {
  Bench bench;
  bench.welcome();
  const auto call = bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::draining);
  BOOST_TEST(bench.core.available());
  bench.welcome_from_distributor(Term(2));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  bench.answer_opening();
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

// ---- a distributor that is gone

BOOST_AUTO_TEST_CASE(a_probe_that_cannot_leave_keeps_its_pauses_and_the_next_distributor_gets_it_at_once) {
  Opened bench;
  const auto call = bench.submit(add(), seconds(2));
  lose_all(bench, seconds(2));
  bench.check(call, CallOutcome::not_applied, CallError::timed_out);
  BOOST_TEST(!bench.core.available());
  BOOST_TEST(lose_all(bench, seconds(60)) <= 60u * 10 / 8 + 4);
  bench.welcome_from_distributor(Term(2));
  BOOST_REQUIRE(!bench.requests.empty());
  bench.answer(bench.requests.back());
  BOOST_TEST(bench.core.available());
}

// ---- nobody calls

BOOST_AUTO_TEST_CASE(a_refused_keep_alive_opens_it_and_is_the_probe) {
  Opened bench;
  bench.pass(keep_alive);
  BOOST_REQUIRE(bench.requests.size() == 1u);
  bench.refuse(bench.requests[0], RefusalReason::unavailable);
  BOOST_TEST(!bench.core.available());
  bench.pass(milliseconds(100));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  BOOST_TEST((bench.requests[1].number == bench.requests[0].number));
  bench.answer(bench.requests[1]);
  BOOST_TEST(bench.core.available());
}

BOOST_AUTO_TEST_CASE(a_keep_alive_that_cannot_leave_rests_between_its_repetitions) {
  Opened bench;
  bench.pass(keep_alive);
  BOOST_TEST(bench.requests.size() == 1u);
  BOOST_TEST(lose_all(bench, seconds(60)) <= 60u * 4);
}

BOOST_AUTO_TEST_CASE(a_client_without_a_majority_rests_between_its_probes) {
  OpenBench bench;
  bench.turns = 0;
  bench.pass(hours(1));
  BOOST_TEST(bench.turns <= 3'600u * 10 / 8 + 10);
}

// ---- closing the client

BOOST_AUTO_TEST_CASE(without_a_majority_closing_is_quick) {
  OpenBench bench;
  bench.core.close(bench.now);
  bench.turn();
  BOOST_TEST((bench.requests.back().kind == RequestKind::close_session));
  bench.refuse(bench.requests.back(), RefusalReason::unavailable);
  BOOST_TEST(bench.core.closed());
}

BOOST_AUTO_TEST_SUITE_END()
