// SPDX-License-Identifier: Apache-2.0
// The distributor's journal on a simulated disk (journal/journal.h, as journal/segmented_journal.cc
// keeps it). Its records stand one behind the other. A power cut loses a part of the end that no
// sync has covered; the end of a process loses nothing.
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
  // `segment_orders`: the journal never forgets fewer orders than these at once.
  SimulatedJournal(GroupId group, std::uint32_t replicas, std::uint64_t segment_orders);

  // What is there, and the newest term that was begun.
  RecoveredJournal found() const;
  // Begins the next term, or `least` if that is later, and returns what was found with it. The term
  // is durable.
  RecoveredJournal begin_term(Term least);

  void append(const JournalRecord& record);
  // How many records were appended in this term.
  std::uint64_t appended() const { return appended_; }
  // The first `position` records of this term are durable.
  void synced(std::uint64_t position);
  // To be called after a sync. The mark stands beside the journal, and this order must be there
  // from now on.
  void mark_stable(const OrderIdentity& order) { mark_ = order; }
  void cut_below(Sequence first);
  Parcel read(Sequence sequence) const;
  std::uint64_t orders() const { return orders_.size(); }
  JournalSize size() const;
  // From now on this order cannot be read.
  void damage(Sequence sequence);
  const std::set<Sequence>& damaged() const { return damaged_; }
  bool is_damaged(Sequence sequence) const { return damaged_.contains(sequence); }

  void lose_power(Random& random);
  // Loses so many orders from the end, and what is behind them, but nothing that a sync has
  // covered.
  void lose_orders(std::uint64_t orders);
  // Says which order was marked as stable and is missing; nothing if it is there.
  std::optional<std::string> missing() const;

 private:
  // What stands in one place and is replaced as a whole.
  struct Facts {
    JournaledView view;
    OrderState agreed;
  };
  // Something that no sync has covered: an order that can be lost, or what the facts were before.
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
