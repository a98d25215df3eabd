// SPDX-License-Identifier: Apache-2.0
// The idempotency keys of one account: an operation that came with a key runs once, and later ones
// with that key bring its result again (law 19).
//
// Of a key only its digest under the group's key secret is kept (keyed_digest). So a key takes 48
// bytes, whatever its length, and about 11 more for its place in the lookup table; and nobody can
// choose keys that collide.
//
// Keys are dropped oldest first: when they are older than their lifetime, and, where the account is
// full, when they are older than `idempotency_least`. Which key is older follows from their places
// in the one order, so every replica drops the same ones.
//
// Invariants: records stand in the order of their places. digest() is the sum of entry_digest over
// all of them (law 10), and each block has the sum of its own records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
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

// Two operations are the same if this is equal: a digest of kind, name, expiry, conditions, times,
// and, where the kind has one, value.
std::uint64_t same_operation_digest(const Operation& operation);

class IdempotencyKeys {
 public:
  // `principal`: whose keys these are. `limits` outlives this.
  IdempotencyKeys(Principal principal, const StateLimits& limits) : principal_(principal), limits_(limits) {}

  struct Record {
    Digest key;
    std::uint64_t operation = 0;  // same_operation_digest
    std::int64_t value = 0;
    Sequence first;                    // the order that executed the operation
    std::uint32_t stored_seconds = 0;  // served time
    std::uint32_t place : 24 = 0;      // among the keys of that order
    std::uint32_t status : 8 = 0;      // OperationStatus
  };

  // Drops keys that are older than their lifetime, and, where there are more than the account may
  // have, keys that are older than idempotency_least. It drops some thousands at most, so that no
  // order takes long for it.
  void expire(ServedTime now);
  const Record* find(const Digest& key) const;
  // False: the account is full of keys that may not be dropped yet. Otherwise there is room for one
  // more.
  bool make_room(ServedTime now);
  // Precondition: make_room() returned true, the key is not present, and `first` is not before that
  // of any other key.
  void store(const Digest& key, std::uint64_t operation, const CounterResult& answer, Sequence first, ServedTime now);

  std::size_t size() const { return end_ - first_; }
  Digest digest() const { return digest_; }
  Digest recomputed_digest() const;

  // Blocks are summed up again one by one. The sum of the data replaces the running sum, so that a
  // replica with corrupted memory votes wrongly and is caught.
  struct Scrubbed {
    std::size_t keys = 0;
    bool right = true;
    bool end = false;  // there is no such block yet
  };
  // `block` counts on for ever. Blocks that are gone are skipped.
  Scrubbed scrub(std::uint64_t& block);

  std::size_t changes() const { return end_ - captured_ + removed_.size(); }
  // These three are as in Counters.
  void begin_capture(bool full);
  std::size_t capture_some(std::size_t most, EntryChanges& changes);
  void end_capture(EntryChanges& changes);
  // Takes one entry of a checkpoint; they come in byte order of keys. `key`: what follows the type
  // and the principal. False: the entry makes no sense.
  bool restore(std::string_view key, std::string_view value);

 private:
  static_assert(sizeof(Record) == 48);
  static constexpr std::uint64_t block_records = 512;
  static constexpr std::size_t parts = 256;

  struct Block {
    Digest digest;
    std::array<Record, block_records> records;
  };
  // Open addressing (probing.h). A slot says which record is found there; 0: none.
  struct Part {
    std::vector<std::uint32_t> slots;
    std::size_t used = 0;
  };

  static std::uint32_t slot_of(std::uint64_t number);
  std::uint64_t number_in(std::uint32_t slot) const;
  Part& part_of(const Digest& key) { return index_[key.high >> 56]; }
  const Part& part_of(const Digest& key) const { return index_[key.high >> 56]; }
  Block& block_of(std::uint64_t number) const { return *blocks_[number / block_records - first_ / block_records]; }
  const Record& at(std::uint64_t number) const { return block_of(number).records[number % block_records]; }
  void index(std::uint64_t number);
  void forget(std::uint64_t number);

  void append(const Record& record);
  void drop_oldest();
  std::string entry_key(const Record& record) const;
  Digest digest_of_entry(const Record& record) const;

  Principal principal_;
  const StateLimits& limits_;
  // Records are numbered as this process got them, from first_ to end_ - 1.
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t captured_ = 0;  // a checkpoint may hold the records before this one
  std::deque<std::unique_ptr<Block>> blocks_;
  std::array<Part, parts> index_;
  std::vector<std::string> removed_;  // entry keys of captured records that are gone since
  Digest digest_;
};

}  // namespace tally
