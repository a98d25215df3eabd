// SPDX-License-Identifier: Apache-2.0
// The distributor's journal on a simulated disk (journal/journal.h, as journal/segmented_journal.cc keeps it):
// records one behind the other; a power cut loses a part of the end that no sync has covered, the end of a process
// loses nothing.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "distributor/core.h"
#include "simulation/network.h"
#include "simulation/random.h"

namespace tally::simulation {

class SimulatedJournal {
 public:
  // `segment_orders`: it forgets no fewer.
  SimulatedJournal(GroupId group, std::uint32_t replicas, std::uint64_t segment_orders);

  // What is there, and the newest term that was begun.
  RecoveredJournal found() const;
  // That, and the next term or a later one, which is durable.
  RecoveredJournal begin_term(Term least);

  void append(const JournalRecord& record);
  // Records appended in this term.
  std::uint64_t appended() const { return appended_; }
  // The first so many of them are durable.
  void synced(std::uint64_t position);
  // After a sync, beside the journal: what must be there from now on.
  void mark_stable(const OrderIdentity& order) { mark_ = order; }
  void cut_below(Sequence first);
  Parcel read(Sequence sequence) const;
  std::uint64_t orders() const { return orders_.size(); }
  JournalSize size() const;
  // This order cannot be read from now on.
  void damage(Sequence sequence);
  const std::set<Sequence>& damaged() const { return damaged_; }
  bool is_damaged(Sequence sequence) const { return damaged_.contains(sequence); }

  void lose_power(Random& random);
  void lose_orders(std::uint64_t orders);  // so many, and all behind them; none that a sync has covered
  // Nothing: all that was marked stable is there.
  std::optional<std::string> missing() const;

 private:
  // What stands in one place and is replaced as a whole.
  struct Facts {
    JournaledView view;
    OrderState agreed;
  };
  // What a sync has not covered: an order that can be lost, or what the facts were before.
  using Unsynced = std::variant<Sequence, Facts>;

  void lose_record();

  std::uint64_t segment_orders_;
  RecoveredJournal found_;
  std::map<Sequence, Parcel> orders_;
  std::set<Sequence> damaged_;
  Facts facts_;
  std::deque<Unsynced> unsynced_;
  std::uint64_t appended_ = 0;
  std::uint64_t synced_ = 0;
  OrderIdentity mark_;
};

}  // namespace tally::simulation
