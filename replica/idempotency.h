// SPDX-License-Identifier: Apache-2.0
// Idempotency keys: an operation that came with a key runs once, and later ones with that key bring its result again
// (law 19).
//
// Keys are kept for a lifetime of served time and then forgotten, oldest first. They belong to the whole group, not to
// a session: a retry may come by another bridge.
//
// Invariants: the oldest key stands first in `by_age_`; digest() is the sum of entry_digest over all keys (law 10), and
// `block_digests_` are the sums over blocks of keys that came one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/digest.h"
#include "protocol/ids.h"
#include "protocol/operations.h"
#include "protocol/time.h"
#include "replica/checkpoint.h"
#include "replica/counters.h"
#include "replica/state_limits.h"

namespace tally {

// What two operations must have in common to be the same: kind, name, and the value where the kind has one.
Digest same_operation_digest(const Operation& operation);

class IdempotencyKeys {
 public:
  struct Record {
    Digest operation;  // same_operation_digest
    CounterResult answer;
    Sequence first;  // the order that executed it
    ServedTime stored;
    auto operator<=>(const Record&) const = default;
  };

  IdempotencyKeys(const StateLimits& limits, std::uint64_t hash_seed) : limits_(limits), keys_(0, Hash{hash_seed}) {}

  void expire(ServedTime now);
  const Record* find(std::string_view key) const;
  bool full() const { return keys_.size() >= limits_.idempotency_keys; }
  // Precondition: not full, key not present, `record.stored` not before that of any other.
  void store(std::string_view key, const Record& record);

  std::size_t size() const { return keys_.size(); }
  Digest digest() const { return digest_; }
  Digest recomputed_digest() const;

  // Blocks are summed up again one by one; the sum that the data makes is adopted.
  struct Scrubbed {
    std::size_t keys = 0;
    bool right = true;
    bool end = false;  // there is no such block yet
  };
  // `block` counts on for ever; those that expired are skipped.
  Scrubbed scrub(std::uint64_t& block);

  std::size_t changes() const { return uncaptured_ + removed_.size(); }
  // See Counters.
  void begin_capture(bool full);
  std::size_t capture_some(std::size_t most, EntryChanges& changes);
  void end_capture(EntryChanges& changes);
  // One entry of a checkpoint, in any order; finish_restore() at the end. False: makes no sense.
  bool restore(std::string_view key, std::string_view value);
  void finish_restore();

 private:
  static constexpr std::uint64_t block_keys = 512;

  struct Hash {
    using is_transparent = void;
    std::uint64_t seed;
    std::size_t operator()(std::string_view key) const { return table_hash_of(key, seed); }
  };
  using Keys = std::unordered_map<std::string, Record, Hash, std::equal_to<>>;

  Digest& block_digest(std::uint64_t number);

  StateLimits limits_;
  Keys keys_;
  std::deque<const Keys::value_type*> by_age_;
  std::size_t uncaptured_ = 0;        // the youngest so many of by_age_ are in no checkpoint yet
  std::vector<std::string> removed_;  // captured keys that are gone since
  Digest digest_;
  std::uint64_t expired_ = 0;  // keys so far: the number of the oldest one
  std::deque<Digest> block_digests_;
};

}  // namespace tally
