// SPDX-License-Identifier: Apache-2.0
// What a journal has promised so far, and whether a journal after a crash keeps it.
#pragma once

#include <string>
#include <vector>

#include "journal_bench.h"

namespace tally {

struct Witness {
  struct Facts {
    JournaledView view;
    OrderState agreed;
    bool operator==(const Facts&) const = default;
  };

  Term term;                 // the newest that was begun
  std::size_t stable = 0;    // so many orders are stable
  std::size_t cut = 0;       // so many orders may have been forgotten
  std::vector<Facts> facts;  // each that was once the newest, oldest first
  std::size_t synced = 0;    // the place of the newest one at the last sync

  void begun(const RecoveredJournal& found);
  void append(const JournaledView& view);
  void append(const OrderState& agreed);
  void append_done(std::size_t orders);  // these orders and all facts are synced

  // What is broken in a journal that should hold a first part of these orders; empty if nothing is.
  std::string broken(const RecoveredJournal& found, const Orders& orders, Journal& journal) const;
};

// A journal on a simulated disk that does at random what a distributor does, and can be crashed at
// any moment.
struct CrashBench : JournalBench {
  Witness witness;
  std::size_t crashes = 0;

  void begin();  // begins a term
  void step();   // does one thing at random
  void append_facts();
  void sync();

  // Opens what was on this disk, twice. It must never be refused, and must break no promise.
  void check(SimulatedDisk left, const std::string& when);
  // Cuts the power now. Of what was not synced, the disk keeps nothing, then everything, then a
  // random part, `mixes` times.
  void cut_power(const std::string& when, std::size_t mixes = 1);
  // Does the same at each moment of `run`, and once more during each recovery.
  template <class Run>
  void cut_power_during(Run run, std::size_t mixes = 1) {
    disk.watch = [&](SimulatedDisk::Operation operation, const std::string& name) {
      if (operation == SimulatedDisk::Operation::read || operation == SimulatedDisk::Operation::open) return;
      cut_power("operation " + std::to_string(static_cast<int>(operation)) + " on " + name, mixes);
    };
    run();
    disk.watch = nullptr;
  }
  // Cuts the power, and goes on with what is left.
  void crash(const SimulatedDisk::Choice& choice);
  SimulatedDisk::Choice mixed() {
    return [this](std::size_t options) { return random.below(options); };
  }
};

}  // namespace tally
