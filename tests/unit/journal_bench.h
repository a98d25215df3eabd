// SPDX-License-Identifier: Apache-2.0
// What the tests of the journal share: orders as a distributor makes them, and a journal on a
// simulated disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/segmented_journal.h"
#include "simulated_directory.h"

namespace tally {

inline constexpr GroupId bench_group{77};
inline constexpr std::uint32_t bench_replicas = 3;
inline constexpr std::uint64_t small_segment = 3 * 4096;  // a header and two more blocks

// A message as the journal holds it: both frames, one behind the other.
std::string encoded(const Order& order);

// Orders, each of which continues the chain of the one before it.
struct Orders {
  std::vector<Order> all;  // all[i] is order i+1

  const Order& next(Term term, std::size_t operation_bytes = 20);
  const Order& at(Sequence sequence) const { return all.at(sequence.value - 1); }
  const Order& last() const { return all.back(); }
};

// Views are numbered from 1, and have something in all of their fields.
JournaledView view_of(std::uint64_t number, std::uint32_t replicas = bench_replicas);

// A generator that is the same in each run (SplitMix64: Steele, Lea, Flood, "Fast Splittable
// Pseudorandom Number Generators", OOPSLA 2014).
struct Random {
  std::uint64_t state = 1;
  std::uint64_t operator()();
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }
};

void append(Journal& journal, const Order& order);

struct JournalBench {
  SimulatedDisk disk;
  Orders orders;
  Random random;
  std::uint64_t segment_bytes = small_segment;
  std::unique_ptr<Journal> journal;
  RecoveredJournal found;

  JournalBench();  // puts an empty journal on the disk, and does not open it
  virtual ~JournalBench() { journal.reset(); }

  virtual std::unique_ptr<Directory> directory() { return open_simulated_directory(disk); }
  void create(GroupId group = bench_group);
  void start_over(GroupId group = bench_group);  // with another disk, and without orders
  tl::expected<std::unique_ptr<Journal>, std::string> try_open(std::uint32_t replicas = bench_replicas) {
    return try_open(directory(), replicas);
  }
  tl::expected<std::unique_ptr<Journal>, std::string> try_open(std::unique_ptr<Directory> other,
                                                               std::uint32_t replicas = bench_replicas);
  // Begins a term. What was open before is left as kill -9 would leave it.
  const RecoveredJournal& open();
  // Says why the journal does not open; empty if it does.
  std::string refusal(std::uint32_t replicas = bench_replicas);

  void append(std::size_t count, std::size_t operation_bytes = 20);
  void sync_and_mark();  // syncs, and marks up to the last order
  // Appends until there are `count` segments, the newest of which has an order, and syncs
  // everything.
  void append_segments(std::size_t count);

  std::vector<std::string> segments() const;  // their names
  // Where the record of this order is, and how long it is.
  struct Place {
    std::string name;
    std::uint64_t offset;
    std::uint64_t size;
  };
  Place place_of(Sequence sequence);
  bool serves(Sequence sequence) { return journal->read(sequence) == encoded(orders.at(sequence)); }
};

bool contains(const std::string& text, const std::string& part);

}  // namespace tally
