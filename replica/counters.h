// SPDX-License-Identifier: Apache-2.0
// All counters of a replica: found by name in one step, listed in byte order.
//
// A counter is one block of memory (tree links, value, name), about 64 bytes for a name of up to 16
// bytes, and one slot of a hash table, about 30 bytes. The hash decides only the place in the
// table: no result, digest or iteration depends on it (law 5).
//
// Invariants
// - digest() is the sum of entry_digest over all counters (law 10). Each share of the counters has
//   its own sum, too, so that one share can be summed up again while the others change. Both sums
//   follow the changes at settle(), at a constant cost for each counter that changed, however often
//   it did.
// - Exactly the counters that changed since the previous capture are listed as dirty.
// - A change of an existing counter allocates nothing, unless the list of dirty counters has to
//   grow.
#pragma once

#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.h"
#include "protocol/operations.h"
#include "replica/checkpoint.h"
#include "replica/name_table.h"
#include "replica/state_limits.h"

namespace tally {

// The result of one operation that is neither a list nor a repetition.
struct CounterResult {
  OperationStatus status{};
  std::int64_t value = 0;
  auto operator<=>(const CounterResult&) const = default;
};

class Counters {
 public:
  // `limits` outlives this.
  Counters(const StateLimits& limits, std::uint64_t hash_seed);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  // A name and its place in the lookup table.
  struct Name {
    std::uint64_t hash = 0;
    std::string_view text;
  };
  Name name_of(std::string_view text) const { return {table_hash_of(text, hash_seed_), text}; }
  // These have the memory of a counter fetched that is about to be used: first call the one for all
  // counters of a batch, and then the other.
  [[gnu::always_inline]] void fetch_slot(const Name& name) const { table_.fetch_slot(name.hash); }
  [[gnu::always_inline]] void fetch_counter(const Name& name) const { table_.fetch_node(name.hash); }

  // A name that is not valid is answered with `malformed`. A counter that is made goes into the
  // account of `maker`.
  CounterResult add(const Name& name, std::int64_t increment, Principal maker);
  CounterResult get(const Name& name) const;
  CounterResult set(const Name& name, std::int64_t value, Principal maker);
  CounterResult remove(const Name& name);

  struct Range {
    std::string_view prefix;
    std::string_view after;  // only greater names
    std::uint32_t limit = 0;
  };
  // Appends (name size u16, name, value i64) for each counter of the range, in byte order, and
  // returns how many.
  std::uint32_t list(const Range& range, std::string& bytes) const;

  // Ends a series of operations, such as those of an order. From here to the next change the
  // digests are right.
  void settle();

  std::size_t size() const { return ordered_.size(); }
  Digest digest() const { return digest_; }
  Digest recomputed_digest() const;

  // Shares are summed up again one by one. The sum of the data replaces the running sum, so that a
  // replica with corrupted memory votes wrongly and is caught.
  static constexpr std::size_t scrub_steps = NameTable<int>::shares;
  struct Scrubbed {
    std::size_t counters = 0;
    bool right = true;
  };
  Scrubbed scrub(std::size_t share);

  // About how many entries a capture would bring that is not full.
  std::size_t changes() const { return dirty_.size() + captured_next_.size() + removed_.size(); }
  // A capture goes in steps, and orders may be executed in between: begin_capture, capture_some as
  // often as one likes, end_capture. Together they append all entries, if it is full, or those that
  // changed since the previous capture. What changes on the way is appended again. capture_some
  // appends at most `most`, and returns how many are left if nothing changes any more.
  void begin_capture(bool full);
  std::size_t capture_some(std::size_t most, EntryChanges& changes);
  void end_capture(EntryChanges& changes);
  // Takes one entry of a checkpoint; it is quick when they come in byte order. False: the entry
  // makes no sense.
  bool restore(std::string_view text, std::string_view value);
  std::size_t bytes_of(Principal maker) const;

  // Fault injection: flips a bit of the most recently changed counter, and the digest does not
  // follow. False: there is none.
  bool flip_last_changed();

 private:
  using Links = boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                                boost::intrusive::link_mode<boost::intrusive::normal_link>>;
  struct Counter : Links {
    static constexpr std::uint32_t clean = UINT32_MAX;

    std::int64_t value = 0;
    std::uint32_t dirty_place = clean;  // in dirty_ or in captured_next_
    Principal maker{};
    std::uint16_t name_size : 14 = 0;  // the name's bytes follow this object
    bool captured : 1 = false;         // a checkpoint may hold it
    bool unsettled : 1 = false;        // in unsettled_

    static Counter* make(std::string_view name, std::int64_t value, Principal maker);
    static void destroy(Counter* counter);
    std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size}; }
  };
  struct Unsettled {
    Counter* counter;
    std::int64_t value_before;
    std::uint64_t hash;
  };
  struct NameOf {
    using type = std::string_view;
    type operator()(const Counter& counter) const { return counter.name(); }
  };
  using Ordered = boost::intrusive::set<Counter, boost::intrusive::key_of_value<NameOf>>;

  Counter* find(const Name& name) const { return table_.find(name.hash, name.text); }
  CounterResult create(const Name& name, std::int64_t value, Principal maker);
  Counter* insert(const Name& name, std::int64_t value, Principal maker);
  void change(const Name& name, Counter& counter, std::int64_t value);
  void add_to_digest(std::uint64_t hash, const Digest& difference);
  void mark_dirty(Counter& counter);
  void mark_clean(Counter& counter);
  std::vector<Counter*>& list_of(const Counter& counter);
  void capture(Counter& counter, EntryChanges& changes);

  const StateLimits& limits_;
  std::map<Principal, std::size_t> bytes_;  // of the counters that each principal has made
  std::uint64_t hash_seed_;
  Ordered ordered_;
  NameTable<Counter> table_;
  Digest digest_;
  std::vector<Digest> share_digests_;
  std::vector<Unsettled> unsettled_;  // changed since settle(), each once
  std::vector<Counter*> dirty_;
  std::vector<Counter*> captured_next_;  // dirty ones, too, that the capture in progress brings
  bool capturing_all_ = false;
  std::string captured_through_;      // if capturing_all_: all up to this name are captured
  std::vector<std::string> removed_;  // names of captured counters that are gone since
  Counter* last_changed_ = nullptr;
};

}  // namespace tally
