// SPDX-License-Identifier: Apache-2.0
// What the tests of a replica's state share: a state that is driven order by order, a store of
// checkpoints, and operations of every kind.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "replica/state.h"
#include "replica_fixture.h"

namespace tally::testing {

inline OwnedOperation expiring(std::string name, Expiry expiry, std::uint32_t conditions = 0) {
  OwnedOperation operation{OperationKind::expire, std::move(name), 0, {}, {}, 0};
  operation.expiry = expiry;
  operation.conditions = conditions;
  return operation;
}
inline OwnedOperation checking(std::string name, std::uint32_t conditions, std::uint32_t depending = 0,
                               std::uint64_t last_change = 0) {
  OwnedOperation operation{
      OperationKind::check, std::move(name), static_cast<std::int64_t>(last_change), {}, {}, depending};
  operation.conditions = conditions;
  return operation;
}
inline OwnedOperation scanning(std::int64_t cursor, std::uint32_t limit) {
  return {OperationKind::scan, {}, cursor, {}, {}, limit};
}
inline OwnedOperation clearing(std::int64_t cursor, std::uint32_t limit) {
  return {OperationKind::clear, {}, cursor, {}, {}, limit};
}
inline OwnedOperation counting() { return {OperationKind::count, {}, 0, {}, {}, 0}; }

inline Expiry after(std::int64_t milliseconds) { return {ExpiryKind::after, milliseconds}; }
inline Expiry at(std::int64_t milliseconds) { return {ExpiryKind::at, milliseconds}; }
inline constexpr Expiry lasting{};
inline constexpr Expiry kept{ExpiryKind::keep, 0};

inline OwnedOperation with(OwnedOperation operation, Expiry expiry) {
  operation.expiry = expiry;
  return operation;
}
inline OwnedOperation only_if(std::uint32_t conditions, OwnedOperation operation) {
  operation.conditions = conditions;
  return operation;
}
inline OwnedOperation in_detail(OwnedOperation operation) {
  operation.detail = true;
  return operation;
}
inline OwnedOperation several(std::uint32_t times, OwnedOperation operation) {
  operation.limit = times;
  return operation;
}

inline OperationResult answer(OperationStatus status, std::int64_t value = 0) {
  return {.status = status, .value = value, .first_sequence = {}, .detail = {}, .listed = {}};
}

// One replica's state, driven order by order; each order checks the digest against the data.
struct StateFixture {
  explicit StateFixture(StateLimits state_limits = {}) : limits(state_limits), state(fresh()) {}

  std::unique_ptr<State> fresh() const { return std::make_unique<State>(limits, 42); }

  std::vector<RequestResult> apply(std::vector<Request> requests) {
    const Order order = chain.next(std::move(requests));
    std::string results;
    state->apply(order, results);
    BOOST_REQUIRE((state->digest() == state->recomputed_digest()));
    return decode_results(results);
  }
  RequestResult apply_one(Request request) { return apply({std::move(request)}).at(0); }
  SessionId open() {
    const SessionId opened = session_named(++sessions_opened);
    BOOST_REQUIRE((apply_one(open_session(opened)).outcome == RequestOutcome::session_opened));
    return opened;
  }
  // Executes operations in the fixture's own session, and acknowledges at once.
  std::vector<OperationResult> run(std::vector<OwnedOperation> operations) {
    if (!session) session = open();
    const RequestResult result = apply_one(request(*session, number + 1, std::move(operations), number));
    BOOST_REQUIRE((result.outcome == RequestOutcome::executed));
    ++number;
    return result.operations;
  }
  OperationResult run_one(OwnedOperation operation) { return run({std::move(operation)}).at(0); }
  OperationStatus status_of(OwnedOperation operation) { return run_one(std::move(operation)).status; }
  // Both clocks move on.
  void wait(std::int64_t milliseconds) { chain.served = chain.served + tally::milliseconds(milliseconds); }

  StateLimits limits;
  std::unique_ptr<State> state;
  OrderChain chain;
  std::optional<SessionId> session;
  std::uint64_t number = 0;
  std::uint64_t sessions_opened = 0;
};

// What a checkpoint store does, in memory.
struct MemoryStore {
  CheckpointHeader header;
  std::map<std::string, std::string> entries;

  void commit(const CheckpointDelta& delta) {
    if (delta.full) entries.clear();
    header = delta.header;
    for (const auto& [key, value] : delta.changes) {
      if (value)
        entries[key] = *value;
      else
        entries.erase(key);
    }
    Digest sum;
    for (const auto& [key, value] : entries) sum += entry_digest(key, value);
    BOOST_REQUIRE((sum == header.state));
  }
  bool restore(State& state) const {
    for (const auto& [key, value] : entries)
      if (!state.restore(key, value)) return false;
    return state.finish_restore(header);
  }
};

}  // namespace tally::testing
