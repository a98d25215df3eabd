// SPDX-License-Identifier: Apache-2.0
// Where a replica is in the one total order, and so what an order that comes is to it.
//
// Invariants
// - applied() moves from each order to the next one only, and only along one chain (law 1).
// - base() is where the state began: the last order of the checkpoint that was loaded, or nothing.
//
// A journal may lose its tail, or be put back from a backup. Then the orders of a new term replace
// orders that this replica has executed (law 2), and an order of an old term may still be on its
// way (law 3). Which of the two it is follows from the terms, since terms never fall along a chain.
//
// Pure, one thread, driven by the core.
#pragma once

#include <cstdint>

#include "protocol/messages.h"

namespace tally {

class Position {
 public:
  enum class Place : std::uint8_t {
    next,           // to be executed now
    repeated,       // executed already, or of a term that is gone: to be ignored
    contradiction,  // it does not follow what was executed, and by itself proves nothing
    ahead,          // something between is missing
    fork,           // this replica executed what the journal does not have
  };

  // The state is that of a checkpoint; by default the empty one.
  void begin(const CheckpointHeader& header);
  // Precondition: place_of(order) is next.
  void advance(const Order& order) {
    applied_ = order.id;
    calendar_ = order.calendar;
  }

  const OrderIdentity& applied() const { return applied_; }  // the last order in the state
  Sequence next() const { return applied_.sequence.next(); }
  const OrderIdentity& base() const { return base_; }
  bool is_at_base() const { return applied_ == base_; }
  CalendarTime calendar() const { return calendar_; }  // of the last order

  // `base_is_own`: the state began with a checkpoint of this replica's own, which holds stable
  // orders only. Precondition: the order's chain is that of its content.
  Place place_of(const Order& order, const ReplicaStanding& standing, bool base_is_own) const;

  // The journal of a new term ends before what was executed, or ends in something else (law 2).
  bool is_ahead_of_journal(const ReplicaStanding& standing) const;
  // The journal begins after the next order, so only the state of another replica leads on.
  bool is_before_journal(const ReplicaStanding& standing) const { return standing.journal_first > next(); }

 private:
  OrderIdentity applied_;
  OrderIdentity base_;
  CalendarTime calendar_;
};

}  // namespace tally
