// SPDX-License-Identifier: Apache-2.0
// The deterministic state of a replica: equal orders make equal states, results and digests, on
// every replica.
//
// Only orders change it, and it looks at nothing else: at no clock, no randomness, and no iteration
// whose sequence an address or a hash decides (law 5). `hash_seed` only places counters in lookup
// tables.
//
// digest() covers all of it: counters, sessions, stored results, idempotency keys, their secret,
// and the limits. These are exactly the entries that checkpoints hold (law 10). Not movable; one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.h"
#include "protocol/operations.h"
#include "replica/checkpoint.h"
#include "replica/counters.h"
#include "replica/idempotency.h"
#include "replica/sessions.h"
#include "replica/state_limits.h"

namespace tally {

class State {
 public:
  State(const StateLimits& limits, std::uint64_t hash_seed);

  // Executes every request of the order, and appends for each one: size u32, request result
  // (Vote::results).
  void apply(const Order& order, std::string& results);

  // The served time of the last order, by which things expire. It is part of a checkpoint's header.
  ServedTime served() const { return served_; }

  Digest digest() const;
  // The same, computed from the data itself. Looks at every entry.
  Digest recomputed_digest() const;

  // A scrub recomputes the digest, and replaces the running value, so that a replica with corrupted
  // memory votes wrongly and is caught (law 10). It goes from share to share, again and again,
  // while orders are applied in between.
  struct Scrubbed {
    std::size_t work = 0;    // entries; large ones count by their size
    bool right = true;       // false: the digests differed
    bool pass_ends = false;  // all of the state has been looked at
  };
  // Does about `work`; at most a share of the counters more, which is a 4096th of them.
  Scrubbed scrub_some(std::size_t work);
  // A whole pass at once, which takes a while. False: the digests differed.
  bool scrub();

  // ---- checkpoints

  // About how many entries capture() would bring.
  std::size_t changes() const;
  // How many entries the capture in progress has brought.
  std::size_t captured() const { return capturing_ ? capturing_->changes.size() : 0; }
  // Captures what changed since the previous capture; or everything, after a start from nothing and
  // after forget_captures(). It takes time only for what it brings. One may take it in steps:
  // capture_some any number of times while orders are executed, until it returns that there is
  // little left. Then capture brings the rest, and is of the state as it is then. It fills in
  // header.state, header.served and header.semantics.
  bool capture_some(std::size_t entries);
  CheckpointDelta capture(CheckpointHeader header);
  // The checkpoint store lacks what was captured, so the next capture is full. Precondition: none
  // is in progress.
  void forget_captures() { next_is_full_ = true; }

  // For a fresh state only: takes one entry of a checkpoint after the other, and finish_restore
  // comes at the end. False: the entry makes no sense, and this state is unusable.
  bool restore(std::string_view key, std::string_view value);
  // False: something was missing, or the digest is not the recorded one.
  bool finish_restore(const CheckpointHeader& header);

  // ---- for tests, people and faults

  std::optional<std::int64_t> counter(std::string_view name) const;
  std::size_t counters() const { return counters_.size(); }
  std::size_t sessions() const { return sessions_.size(); }
  std::size_t idempotency_keys() const;
  // Fault injection: flips a bit in the most recently changed counter, and the digest does not
  // follow. False: there is none.
  bool flip_stored_counter() { return counters_.flip_last_changed(); }

 private:
  // What the operations of one request have in common.
  struct Frame {
    Sequence sequence;
    bool read_only = false;
    SessionId session;
    // Whose session it is. The request makes one change, whatever it changes (CounterDetail).
    Counters::Author author;
  };

  void run(const Request& request, Sequence sequence, std::uint64_t change, std::string& results);
  void run_operations(const Request& request, Sequence sequence, std::uint64_t change, std::string& results);
  void execute_all(const Frame& frame, std::string& results);
  void execute(const Operation& operation, const Counters::Name& name, const Frame& frame, std::string& results);
  void execute_keyed(const Operation& operation, const Counters::Name& name, const Frame& frame, std::string& results);
  void begin_capture();
  bool restore_key(std::string_view key, std::string_view value);
  CounterResult change(const Operation& operation, const Counters::Name& name, const Frame& frame);
  IdempotencyKeys& keys_of(Principal principal);
  CounterResult check(const Operation& operation, const Counters::Name& name);
  void append_with_detail(const Counters::Name& name, const CounterResult& answer, std::string& results) const;
  void list(const Operation& operation, std::string& results);
  // state_operators.cc
  void execute_for_operator(const Operation& operation, const Frame& frame, std::string& results);
  void list_limits(std::uint32_t most, std::string& results) const;
  CounterResult set_limit(const Operation& operation);
  CounterResult clear(const Operation& operation);
  std::uint64_t used(Principal principal, std::size_t limits::Account::*limit) const;

  StateLimits limits_;
  std::string limits_entry_;  // the value of the entry of type 'L'
  bool limits_restored_ = false;
  bool limits_changed_ = false;  // since the previous capture
  Digest key_secret_;            // keys are digested under it; drawn by the distributor, once
  Counters counters_;
  Sessions sessions_;
  std::map<Principal, IdempotencyKeys> keys_;  // each principal has a name space of its own
  ServedTime served_;
  bool next_is_full_ = true;
  std::optional<CheckpointDelta> capturing_;  // what the steps so far brought
  struct ScrubPlace {
    std::size_t share = 0;  // of the counters, which come first; then the sessions, then the keys
    Sessions::ScrubPlace session;
    bool sessions_done = false;
    Principal keys_of{};  // whose keys; and from which block on
    std::uint64_t key_block = 0;
  };
  ScrubPlace scrub_place_;
  std::vector<Operation> operations_;  // of the request that is executed: views of its bytes
  std::uint32_t passed_over_ = 0;      // so many of them, from the next one on
};

}  // namespace tally
