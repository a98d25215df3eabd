// SPDX-License-Identifier: Apache-2.0
// One counter service that never fails. Every answer is compared with its answers.
//
// It was written anew from docs/protocol.md and the laws, as plainly as possible. It shares nothing
// with replica/ but the limits of a state (replica/state_limits.h). It has none of the hash tables,
// captures and running digests that make a replica fast, except that it keeps the digest of the
// idempotency keys. A copy of it is a checkpoint.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/messages.h"
#include "protocol/operations.h"
#include "replica/state_limits.h"

namespace tally::simulation {

// The workload hides a tag in the value of each change, so that each execution can be told from all
// others.
std::int64_t tagged_value(std::uint64_t tag, bool at_the_edge);
std::uint64_t tag_of(std::int64_t value);

class Reference {
 public:
  explicit Reference(const StateLimits& limits) : limits_(limits) {}

  struct Executed {
    std::vector<std::string> results;  // one for each request, in the canonical layout
    // Of the changes that were tried now, not of those answered from a stored result.
    std::vector<std::uint64_t> tags;
  };
  Executed execute(const Order& order);
  // The digest of the whole state, summed up entry by entry (law 10).
  Digest digest() const;

 private:
  struct Stored {
    bool read_only = false;  // what was asked
    std::string operations;
    std::string bytes;  // what was answered
  };
  struct Session {
    std::uint64_t acknowledged = 0;
    std::int64_t last_activity = 0;
    Principal principal{};
    bool used = false;
    std::map<std::uint64_t, Stored> results;
    std::size_t stored_bytes() const;
  };
  // When a counter is gone: at this time, in milliseconds of one of the two clocks of an order.
  struct End {
    enum class Clock : std::uint8_t { none = 0, served = 1, calendar = 2 };
    Clock clock = Clock::none;
    std::int64_t time = 0;
  };
  struct Counter {
    std::int64_t value = 0;
    Principal maker{};
    std::uint64_t number = 0;
    std::uint64_t last_change = 0;
    End end;
  };
  // What was asked, for as long as it matters to the operation.
  struct Asked {
    OperationKind kind{};
    std::string name;
    std::int64_t value = 0;
    Expiry expiry;
    std::uint32_t conditions = 0;
    std::uint32_t times = 0;
    auto operator<=>(const Asked&) const = default;
  };
  struct Key {
    Asked asked;
    OperationResult result;
    Sequence first;
    std::int64_t stored = 0;
    Digest digest;  // kept, because the entry of a key never changes
  };

  void expire();
  RequestResult run(const Request& request, Sequence sequence);
  std::string run_operations(const Request& request, Sequence sequence);
  OperationResult run(const Operation& operation, bool read_only, Sequence sequence);
  OperationResult run_known(const Operation& operation, bool read_only, Sequence sequence);
  OperationResult run_keyed(const Operation& operation, Sequence sequence);
  OperationResult change(const Operation& operation);
  OperationResult add(const Operation& operation, const std::string& name);
  OperationResult set(const Operation& operation, const std::string& name);
  OperationResult expire_counter(const Operation& operation, const std::string& name);
  OperationResult make(const Operation& operation, const std::string& name, std::int64_t value);
  OperationResult check(const Operation& operation) const;
  OperationResult list(const Operation& operation) const;
  OperationResult scan(const Operation& operation) const;
  CounterDetail detail_of(const std::string& name) const;
  std::int64_t now_of(End::Clock clock) const;
  bool is_over(const End& end) const { return end.clock != End::Clock::none && end.time <= now_of(end.clock); }
  std::optional<End> end_of(const Expiry& expiry) const;
  __int128 time_left(const End& end) const;
  static Asked asked_by(const Operation& operation);
  std::size_t stored_bytes(Principal principal) const;
  std::size_t counter_bytes() const;
  bool is_older(const Key& key, Duration age) const;
  const Key& oldest_key() const { return keys_.at(keys_in_order_.front()); }
  void drop_oldest_key();

  StateLimits limits_;
  std::int64_t served_ = 0;
  std::int64_t calendar_ = 0;
  Digest key_secret_;
  std::map<std::string, Counter> counters_;
  std::map<SessionId, Session> sessions_;
  std::map<std::pair<Principal, std::string>, Key> keys_;
  std::deque<std::pair<Principal, std::string>> keys_in_order_;  // in the order in which they came
  std::map<Principal, std::size_t> keys_of_;
  Principal principal_{};           // of the request that is being executed
  std::uint64_t change_ = 0;        // what its changes are called
  std::uint32_t to_pass_over_ = 0;  // of its operations, because a check did not hold
  Digest keys_digest_;
  std::vector<std::uint64_t> tags_;  // of the order that is being executed
};

}  // namespace tally::simulation
