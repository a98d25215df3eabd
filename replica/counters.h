// SPDX-License-Identifier: Apache-2.0
// All counters of a replica: found by name in one step, listed in byte order, and gone through from
// the newest to the oldest.
//
// A counter is one block of memory (the links of two trees, its numbers, its name), 128 bytes for a
// name of up to 16 bytes, and one slot of a hash table, about 30 bytes. One that expires has a
// node in a tree besides, of 80 bytes. The hash decides only the place in the table: no result,
// digest or iteration depends on it (law 5).
//
// Expiry. A counter whose time has come is missing from then on, whatever is asked. It is removed
// when it is to be changed next, when its account needs the room, or by advance(), which removes
// some of them with each order. So nobody sees when that happens, and no order takes long for it.
// Only a list has to pass over those that are in its way. Those of one order pass over a bounded
// number of them, and may say that there are more.
//
// Numbers. Each counter has a number above those of all counters that were there when it was made.
// A scan goes down through the numbers. So it ends, however many counters are made meanwhile; and
// it misses none that stays, because a counter keeps its number.
//
// Invariants
// - digest() is the sum of entry_digest over all counters (law 10). Each share of the counters has
//   its own sum, too, so that one share can be summed up again while the others change. Both sums
//   follow the changes at settle(), at a constant cost for each counter that changed, however often
//   it did. So that a change costs one digest and not two, a counter keeps the one that is in the
//   sums.
// - Exactly the counters that changed since the previous capture are listed as dirty.
// - A change of an existing counter allocates nothing, unless the list of dirty counters has to
//   grow.
#pragma once

#include <array>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
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
  [[gnu::always_inline]] void fetch_counter(const Name& name) const { table_.fetch_node(name.hash, name.text.size()); }

  // The next order begins, and brings both its clocks (law 5). Removes some counters whose time has
  // come.
  void advance(ServedTime served, CalendarTime calendar);

  // Who changes something, and by which change. Changes have numbers of their own, above zero.
  struct Author {
    Principal maker{};  // a counter that is made goes into its account
    std::uint64_t change = 0;
  };
  // Operations have proper terms (protocol/operations.h). A name that is not valid is answered with
  // `malformed`, and so is what makes no sense otherwise.
  CounterResult add(const Operation& operation, const Name& name, const Author& author);
  CounterResult get(const Name& name) const;
  // These two remove the counter if its new expiry is over already.
  CounterResult set(const Operation& operation, const Name& name, const Author& author);
  CounterResult expire(const Operation& operation, const Name& name, const Author& author);
  CounterResult remove(const Name& name);
  CounterResult check(const Operation& operation, const Name& name) const;
  CounterDetail detail_of(const Name& name) const;

  struct Range {
    std::string_view prefix;
    std::string_view after;  // only greater names
    std::uint32_t limit = 0;
  };
  // Appends (name size u16, name, value i64) for each counter of the range, in byte order, and
  // returns how many. Nothing: too many that are expired are in the way.
  std::optional<std::uint32_t> list(const Range& range, std::string& bytes);

  // One step through the counters whose numbers are below `cursor`, from the newest on; zero: all.
  struct Step {
    std::uint32_t entries = 0;
    std::uint64_t next = 0;  // the cursor of the next step; zero: this was the last one
  };
  // Looks at `most` counters, and appends those that are not expired, as list does.
  Step scan(std::uint64_t cursor, std::uint32_t most, std::string& bytes) const;
  // Removes at most `most` counters; none if this order has removed too many already.
  Step clear(std::uint64_t cursor, std::uint32_t most);

  // Ends a series of operations, such as those of an order. From here to the next change the
  // digests are right.
  void settle();

  std::size_t size() const { return ordered_.size(); }  // with those that are expired
  // Without them: all, or those that expire.
  std::size_t count(bool with_expiry) const;
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
  // With the times of the last order, until the next one comes. False: the entries make no sense
  // together.
  bool finish_restore(ServedTime served, CalendarTime calendar);
  std::size_t bytes_of(Principal maker) const;

  // Fault injection: flips a bit of the most recently changed counter, and the digest does not
  // follow. False: there is none.
  bool flip_last_changed();

 private:
  template <class Tag>
  using Links = boost::intrusive::set_base_hook<boost::intrusive::tag<Tag>, boost::intrusive::optimize_size<true>,
                                                boost::intrusive::link_mode<boost::intrusive::normal_link>>;
  using NameLinks = Links<struct ByName>;
  using NumberLinks = Links<struct ByNumber>;
  // By which clock a counter expires, if it does.
  enum class Clock : std::uint8_t { none = 0, served = 1, calendar = 2 };
  struct Deadline {
    Clock clock = Clock::none;
    std::int64_t ms = 0;  // of that clock
    auto operator<=>(const Deadline&) const = default;
  };
  // The value of a counter's entry, byte by byte. Copied as a whole, it is digested faster than from
  // members that were copied one by one.
  struct [[gnu::packed]] Content {
    std::uint64_t number = 0;
    std::int64_t value = 0;
    std::uint64_t change = 0;  // the last one
    std::int64_t deadline_ms = 0;
    Principal maker{};
    Clock clock = Clock::none;  // of deadline_ms
  };
  struct Counter : NameLinks, NumberLinks {
    static constexpr std::uint32_t clean = (1u << 30) - 1;

    Digest digest;  // of its entry, as it is in the sums
    Content content;
    std::uint8_t name_size_less_one;         // the name's bytes follow this object
    std::uint32_t dirty_place : 30 = clean;  // in dirty_ or in captured_next_
    bool captured : 1 = false;               // a checkpoint may hold it
    bool unsettled : 1 = false;              // in unsettled_

    static Counter* make(std::string_view name, const Content& content);
    static void destroy(Counter* counter);
    std::string_view name() const {
      return {reinterpret_cast<const char*>(this + 1), std::size_t{name_size_less_one} + 1};
    }
    Deadline deadline() const { return {content.clock, content.deadline_ms}; }
  };
  struct Unsettled {
    Counter* counter;
    std::uint64_t hash;
  };
  struct NameOf {
    using type = std::string_view;
    type operator()(const Counter& counter) const { return counter.name(); }
  };
  struct NumberOf {
    using type = std::uint64_t;
    type operator()(const Counter& counter) const { return counter.content.number; }
  };
  using Ordered =
      boost::intrusive::set<Counter, boost::intrusive::base_hook<NameLinks>, boost::intrusive::key_of_value<NameOf>>;
  using Numbered = boost::intrusive::set<Counter, boost::intrusive::base_hook<NumberLinks>,
                                         boost::intrusive::key_of_value<NumberOf>>;
  struct Due {
    std::int64_t ms;
    std::uint64_t number;
    Counter* counter;
    bool operator<(const Due& other) const { return std::tie(ms, number) < std::tie(other.ms, other.number); }
  };
  // The counters that expire by one clock, the earliest first. How many come before a time is known
  // without going through them.
  using DueTree = __gnu_pbds::tree<Due, __gnu_pbds::null_type, std::less<Due>, __gnu_pbds::rb_tree_tag,
                                   __gnu_pbds::tree_order_statistics_node_update>;
  // The counters that one principal has made.
  struct Account {
    std::size_t bytes = 0;
    std::array<DueTree, 2> due;  // by served time and by calendar time

    DueTree& due_by(Clock clock) { return due[clock == Clock::served ? 0 : 1]; }
  };

  using Table = NameTable<Counter, sizeof(NameLinks) + sizeof(NumberLinks)>;

  class Entry;

  Counter* find(const Name& name) const { return table_.find(name.hash, name.text); }
  Counter* find_unexpired(const Name& name) const;
  Counter* find_to_change(const Name& name);
  CounterResult missing(const Name& name) const;
  CounterResult create(const Name& name, std::int64_t value, const Deadline& deadline, const Author& author);
  void insert(const Name& name, Counter& counter);
  void erase(const Name& name, Counter& counter);
  void note_change(const Name& name, Counter& counter, std::uint64_t change);
  [[gnu::noinline]] void note_first_change(const Name& name, Counter& counter);
  void set_deadline(Counter& counter, const Deadline& deadline);
  void put_due(Counter& counter);
  void set_clocks(ServedTime served, CalendarTime calendar);
  void remove_expired(Account& account, std::size_t most);
  std::int64_t now_of(Clock clock) const { return clock == Clock::served ? served_ms_ : calendar_ms_; }
  std::int64_t left_of(const Deadline& deadline) const;
  bool is_over(const Deadline& deadline) const {
    return deadline.clock != Clock::none && deadline.ms <= now_of(deadline.clock);
  }
  std::optional<Deadline> deadline_of(const Expiry& expiry) const;
  Numbered::const_iterator first_below(std::uint64_t cursor) const;
  Numbered::const_iterator below(Numbered::const_iterator place) const;
  std::uint64_t cursor_to(Numbered::const_iterator place) const;
  void add_to_digest(std::uint64_t hash, const Digest& difference);
  void mark_dirty(Counter& counter);
  void mark_clean(Counter& counter);
  std::vector<Counter*>& list_of(const Counter& counter);
  void capture(Counter& counter, EntryChanges& changes);

  const StateLimits& limits_;
  std::map<Principal, Account> accounts_;
  std::uint64_t hash_seed_;
  std::int64_t served_ms_ = 0;
  std::int64_t calendar_ms_ = 0;
  std::size_t to_pass_ = 0;   // by the lists of this order
  std::size_t to_clear_ = 0;  // by the clears of this order
  Ordered ordered_;
  Numbered numbered_;
  Table table_;
  Digest digest_;
  std::vector<Digest> share_digests_;
  std::vector<Unsettled> unsettled_;  // changed since settle(), each once
  std::vector<Counter*> dirty_;
  std::vector<Counter*> captured_next_;  // dirty ones, too, that the capture in progress brings
  bool capturing_all_ = false;
  std::string captured_through_;      // if capturing_all_: all up to this name are captured
  std::vector<std::string> removed_;  // names of captured counters that are gone since
  std::vector<Counter*> restored_;    // they have no place yet by number and by deadline
  Counter* last_changed_ = nullptr;
};

}  // namespace tally
