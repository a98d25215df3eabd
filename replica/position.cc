// SPDX-License-Identifier: Apache-2.0
#include "replica/position.h"

namespace tally {

void Position::begin(const CheckpointHeader& header) {
  applied_ = base_ = header.applied;
  calendar_ = header.calendar;
}

// An order of a lower term than the last executed one is of a tail that some journal has lost (law
// 3). An order of a higher term on another chain shows that what this replica executed has been
// lost (law 2).
Position::Place Position::place_of(const Order& order, const ReplicaStanding& standing, bool base_is_own) const {
  const Sequence sequence = order.id.sequence;
  const Term term = order.id.term;
  if (term < applied_.term) return sequence == next() ? Place::contradiction : Place::repeated;
  const OrderIdentity& last = standing.last;
  const bool is_of_newest_term = term >= standing.term;
  if (!is_of_newest_term && (sequence > last.sequence || (sequence == last.sequence && order.id != last)))
    return Place::repeated;

  if (sequence > next()) return Place::ahead;
  const bool was_executed = sequence <= applied_.sequence;
  const bool conflicts = was_executed ? is_of_newest_term : order.previous != applied_.chain;
  if (!conflicts) return was_executed ? Place::repeated : Place::next;
  if (term == applied_.term) return Place::contradiction;
  // Only stable orders reach a checkpoint, so one of its own outweighs the order of an old term.
  const bool base_outweighs = is_at_base() && base_is_own;
  return base_outweighs && !is_of_newest_term ? Place::contradiction : Place::fork;
}

bool Position::is_ahead_of_journal(const ReplicaStanding& standing) const {
  const OrderIdentity& last = standing.last;
  if (applied_.sequence.value == 0 || standing.term <= applied_.term) return false;
  if (last.sequence > applied_.sequence) return false;
  return last.sequence < applied_.sequence || last.chain != applied_.chain;
}

}  // namespace tally
