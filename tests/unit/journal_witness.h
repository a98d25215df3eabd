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
  std::size_t stable = 0;    // orders
  std::size_t cut = 0;       // orders that may have been forgotten
  std::vector<Facts> facts;  // each that was the newest once, oldest first
  std::size_t synced = 0;    // of these, the one that was the newest at the last sync

  void begun(const RecoveredJournal& found);
  void append(const JournaledView& view);
  void append(const OrderState& agreed);
  void append_done(std::size_t orders);  // all of them and all facts are synced

  // What a journal that holds nothing but some first ones of these orders broke; empty: nothing.
  std::string broken(const RecoveredJournal& found, const Orders& orders, Journal& journal) const;
};

// A journal on a simulated disk that does what a distributor does, at random, and can be crashed at any moment.
struct CrashBench : JournalBench {
  Witness witness;
  std::size_t crashes = 0;

  void begin();  // a term
  void step();   // one of everything
  void append_facts();
  void sync();

  // What was on this disk is opened. It is never refused, and breaks no promise; and so it is once more.
  void check(SimulatedDisk left, const std::string& when);
  // The power is cut now: nothing of what was not synced is left, all of it, or this and that, `mixes` times.
  void cut_power(const std::string& when, std::size_t mixes = 1);
  // The same at each moment of `run`, and at each moment of the recovery from it.
  template <class Run>
  void cut_power_during(Run run, std::size_t mixes = 1) {
    disk.watch = [&](SimulatedDisk::Operation operation, const std::string& name) {
      if (operation == SimulatedDisk::Operation::read || operation == SimulatedDisk::Operation::open) return;
      cut_power("operation " + std::to_string(static_cast<int>(operation)) + " on " + name, mixes);
    };
    run();
    disk.watch = nullptr;
  }
  // And the machine comes back: the run goes on with what is left.
  void crash(const SimulatedDisk::Choice& choice);
  SimulatedDisk::Choice mixed() {
    return [this](std::size_t options) { return random.below(options); };
  }
};

}  // namespace tally
