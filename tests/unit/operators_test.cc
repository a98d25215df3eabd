// SPDX-License-Identifier: Apache-2.0
// What operators may look at and change in the replicated state: replica/state_operators.cc. And how long its tables
// last.
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <numeric>

#include "protocol/session.h"
#include "replica/state.h"
#include "replica_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

OwnedOperation of_operator(OperationKind kind, std::string name = {}, std::int64_t value = 0) {
  return {kind, std::move(name), value, {}, {}, is_list(kind) ? limits::list_entries : 0};
}

// A state with a session of an operator and one of a native client.
struct Fixture {
  std::unique_ptr<State> state;
  OrderChain chain;
  std::map<Principal, std::uint64_t> numbers;

  explicit Fixture(const StateLimits& limits = {}) : state(std::make_unique<State>(limits, 42)) {
    for (const Principal principal : {Principal::bridges, Principal::clients}) {
      Request open = open_session(session_of(principal));
      open.principal = principal;
      apply({open});
    }
  }
  static SessionId session_of(Principal principal) { return session_named(static_cast<std::uint64_t>(principal)); }

  std::vector<RequestResult> apply(std::vector<Request> requests) {
    std::string results;
    state->apply(chain.next(std::move(requests)), results);
    return decode_results(results);
  }
  RequestResult run(Principal principal, std::vector<OwnedOperation> operations, bool read_only = false) {
    const std::uint64_t number = ++numbers[principal];
    Request next = request(session_of(principal), number, std::move(operations), number - 1);
    next.principal = principal;
    next.read_only = read_only;
    return apply({next}).at(0);
  }
  OperationResult run_one(OwnedOperation operation, Principal principal = Principal::bridges) {
    const RequestResult result = run(principal, {std::move(operation)});
    BOOST_REQUIRE((result.outcome == RequestOutcome::executed));
    BOOST_REQUIRE((state->digest() == state->recomputed_digest()));
    return result.operations.at(0);
  }
  std::int64_t limit(const std::string& name) {
    for (const ListedCounter& entry : run_one(of_operator(OperationKind::list_limits)).listed)
      if (entry.name == name) return entry.value;
    BOOST_ERROR("there is no limit " + name);
    return 0;
  }
  // What a checkpoint brings back.
  std::unique_ptr<State> restored(const CheckpointDelta& full, const CheckpointDelta& delta) const {
    std::map<std::string, std::string> entries;
    for (const CheckpointDelta* each : {&full, &delta})
      for (const auto& [key, value] : each->changes) {
        if (value)
          entries[key] = *value;
        else
          entries.erase(key);
      }
    auto fresh = std::make_unique<State>(StateLimits{}, 7);
    for (const auto& [key, value] : entries) BOOST_REQUIRE(fresh->restore(key, value));
    BOOST_REQUIRE(fresh->finish_restore(delta.header));
    return fresh;
  }
};

OperationResult answer(OperationStatus status, std::int64_t value = 0) {
  return {.status = status, .value = value, .first_sequence = {}, .detail = {}, .listed = {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operators)

BOOST_AUTO_TEST_CASE(come_by_their_own_endpoints_and_nobody_else_may) {
  Fixture replica;
  for (const OperationKind kind : {OperationKind::list_sessions, OperationKind::close_session,
                                   OperationKind::list_limits, OperationKind::set_limit})
    BOOST_TEST((replica.run_one(of_operator(kind), Principal::clients) == answer(OperationStatus::forbidden)));
}

BOOST_AUTO_TEST_CASE(see_all_sessions_page_by_page) {
  Fixture replica;
  replica.run_one(addition("home", 1), Principal::clients);
  replica.chain.served = replica.chain.served + seconds(7);
  OwnedOperation page = of_operator(OperationKind::list_sessions);
  page.limit = 1;
  OperationResult first = replica.run_one(page);
  BOOST_REQUIRE(first.listed.size() == 1u);
  BOOST_TEST(first.listed[0].name == to_hex(session_named(1)) + " bridges used 0 0 0");
  BOOST_TEST(first.listed[0].value == 0);
  page.after = first.listed[0].name;
  OperationResult second = replica.run_one(page);
  BOOST_REQUIRE(second.listed.size() == 1u);
  BOOST_TEST(second.listed[0].name == to_hex(session_named(2)) + " clients used 7 0 1");
  BOOST_TEST(second.listed[0].value == 22);
  page.after = second.listed[0].name;
  BOOST_TEST(replica.run_one(page).listed.empty());
}

BOOST_AUTO_TEST_CASE(close_a_session_and_not_the_one_they_use) {
  Fixture replica;
  replica.run_one(addition("home", 1), Principal::clients);
  const auto close = [&](const std::string& name) {
    return replica.run_one(of_operator(OperationKind::close_session, name));
  };
  BOOST_TEST((close(to_hex(session_named(2))) == answer(OperationStatus::ok, 22)));
  BOOST_TEST((close(to_hex(session_named(2))) == answer(OperationStatus::not_found)));
  BOOST_TEST((close(to_hex(session_named(1))) == answer(OperationStatus::malformed)));
  BOOST_TEST((close("home") == answer(OperationStatus::malformed)));
  BOOST_TEST((replica.run(Principal::clients, {reading("home")}).outcome == RequestOutcome::session_expired));
}

BOOST_AUTO_TEST_CASE(see_what_is_used) {
  Fixture replica;
  replica.run_one(addition("home", 1, "key"), Principal::clients);
  BOOST_TEST(replica.limit("clients.sessions") == 90'000);
  BOOST_TEST(replica.limit("clients.sessions.used") == 1);
  BOOST_TEST(replica.limit("clients.idempotency_keys.used") == 1);
  BOOST_TEST(replica.limit("clients.counter_bytes.used") == limits::counter_overhead_bytes + 4);
  BOOST_TEST(replica.limit("clients.result_bytes.used") == 22);
  BOOST_TEST(replica.limit("bridges.counter_bytes.used") == 0);
}

BOOST_AUTO_TEST_CASE(change_a_limit_and_every_checkpoint_has_it) {
  Fixture replica;
  const CheckpointDelta full = replica.state->capture({});
  const auto set = [&](const std::string& name, std::int64_t value) {
    return replica.run_one(of_operator(OperationKind::set_limit, name, value));
  };
  BOOST_TEST((set("clients.sessions", 1) == answer(OperationStatus::ok, 1)));
  Request another = open_session(session_named(9));
  another.principal = Principal::clients;
  BOOST_TEST((replica.apply({another}).at(0).outcome == RequestOutcome::sessions_full));
  BOOST_TEST((set("clients.sessions", 0) == answer(OperationStatus::malformed)));
  BOOST_TEST((set("clients.sessions", 1'000'001) == answer(OperationStatus::malformed)));
  BOOST_TEST((set("clients.sessions.used", 5) == answer(OperationStatus::not_found)));
  BOOST_TEST(replica.limit("clients.sessions") == 1);
  const CheckpointDelta delta = replica.state->capture({});
  const auto again = replica.restored(full, delta);
  BOOST_TEST((again->digest() == replica.state->digest()));
  std::string results;
  another.session = session_named(10);
  again->apply(replica.chain.next({another}), results);
  BOOST_TEST((decode_results(results).at(0).outcome == RequestOutcome::sessions_full));
}

BOOST_AUTO_TEST_CASE(change_nothing_in_a_request_that_promised_so) {
  Fixture replica;
  const auto status = [&](OperationKind kind) {
    return replica.run(Principal::bridges, {of_operator(kind, "clients.sessions", 5)}, true).operations.at(0).status;
  };
  BOOST_TEST((status(OperationKind::set_limit) == OperationStatus::read_only));
  BOOST_TEST((status(OperationKind::close_session) == OperationStatus::read_only));
  BOOST_TEST((status(OperationKind::list_limits) == OperationStatus::ok));
}

// More keys than a smaller limit allows go as they grow old, some thousands an order.
BOOST_AUTO_TEST_CASE(make_a_table_smaller_than_it_is_full) {
  constexpr std::size_t keys = 10'000;
  Fixture replica;
  for (std::size_t batch = 0; batch < keys / 1000; ++batch) {
    std::vector<OwnedOperation> operations;
    for (std::size_t key = 0; key < 1000; ++key)
      operations.push_back(addition("home", 1, "key" + std::to_string(batch * 1000 + key)));
    replica.run(Principal::clients, operations);
  }
  replica.run_one(of_operator(OperationKind::set_limit, "clients.idempotency_keys", 100));
  BOOST_TEST(replica.state->idempotency_keys() == keys);
  const auto count_with_another_key = [&] { return replica.run_one(addition("home", 1, "k"), Principal::clients); };
  BOOST_TEST((count_with_another_key() == answer(OperationStatus::keys_full)));
  replica.chain.served = replica.chain.served + minutes(10) + seconds(1);
  std::size_t before = keys;
  for (int order = 0; order < 3; ++order) {
    replica.apply({});
    BOOST_TEST(before - replica.state->idempotency_keys() <= 4096u);
    before = replica.state->idempotency_keys();
  }
  BOOST_TEST(before == 100u);
  BOOST_TEST((count_with_another_key() == answer(OperationStatus::ok, keys + 1)));
}

// What operations.md promises, at a hundredth of the size: room for what bridges bring in ten minutes at 5,000 a
// second.
BOOST_AUTO_TEST_CASE(need_not_look_after_a_day_of_keys) {
  constexpr std::size_t keys_a_second = 50;
  constexpr std::int64_t day_seconds = 24 * 3600;
  StateLimits limits;
  limits.bridges.idempotency_keys /= 100;
  Fixture replica(limits);
  std::size_t refused = 0;
  for (std::int64_t second = 0; second < day_seconds; second += 10) {
    std::vector<OwnedOperation> operations;
    for (std::size_t key = 0; key < 10 * keys_a_second; ++key)
      operations.push_back(addition("home", 1, std::to_string(second) + "-" + std::to_string(key)));
    replica.chain.served = replica.chain.served + seconds(10);
    const RequestResult result = replica.run(Principal::bridges, operations);
    BOOST_REQUIRE((result.outcome == RequestOutcome::executed));
    for (const OperationResult& each : result.operations) refused += each.status == OperationStatus::ok ? 0 : 1;
  }
  BOOST_TEST(refused == 0u);
  BOOST_TEST(replica.state->idempotency_keys() == limits.bridges.idempotency_keys);
}

BOOST_AUTO_TEST_SUITE_END()
