// SPDX-License-Identifier: Apache-2.0
// The ballots of one term by sequence: those that wait for votes, those whose votes run ahead, and the decided ones
// kept to judge late votes.
//
// Invariants: ballots stand without gaps from `first` on; everything before `first` is closed, or decided and fully
// judged. `decided()` is the newest sequence up to which all are decided or closed, and first <= decided() + 1. Bounds:
// limits::vote_lead ballots beyond decided(), limits::judged_ballots up to it, limits::kept_result_bytes of decided
// results, held_result_bytes of each replica's undecided ones.
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <deque>

#include "comparator/collected_ballot.h"
#include "protocol/limits.h"

namespace tally {

class BallotWindow {
 public:
  // A correct replica never has more: the distributor keeps at most so many orders undecided.
  // What the distributor lets be on the way, and the order that went beyond; twice, since ballots that it has closed
  // may be open here for a moment.
  static constexpr std::size_t held_result_bytes = 2 * (limits::open_result_bytes + limits::order_result_bytes);

  Sequence decided() const { return decided_; }
  bool is_beyond(Sequence sequence) const { return sequence.value > decided_.value + limits::vote_lead; }
  bool has_room(ReplicaId replica, std::size_t bytes) const {
    return held_bytes_[replica] + bytes <= held_result_bytes;
  }

  // The ballot on `sequence`, made if there is none. Nothing: it is past. Precondition: not beyond. The pointer is good
  // until the next call of a function that is not const, but for those that take a ballot.
  CollectedBallot* at(Sequence sequence);

  CollectedBallot::Cast cast(CollectedBallot& ballot, ReplicaId from, Vote&& vote);
  void strike(CollectedBallot& ballot, ReplicaId replica);
  void decide(CollectedBallot& ballot, AnswerIndex answer, ReplicaSet awaited);
  void close(CollectedBallot& ballot);
  // Brings what is kept of a decided ballot's results below the bound.
  void settle(CollectedBallot& ballot);

  // Starts over: everything up to `closed` is closed, nothing is known of what follows.
  void restart(Sequence closed);
  void close_through(Sequence closed);
  // Moves decided() on, and forgets from the front what `is_finished(ballot)` says, or what is too much.
  template <class IsFinished>
  void advance(IsFinished&& is_finished);

  auto begin() { return ballots_.begin(); }
  auto first_undecided() { return ballots_.begin() + static_cast<std::ptrdiff_t>(decided_.value + 1 - first_.value); }
  auto end() { return ballots_.end(); }

 private:
  void move_decided();
  void pop_front();
  void release_held(const CollectedBallot& ballot);

  std::deque<CollectedBallot> ballots_;
  Sequence first_{1};
  Sequence decided_;
  std::size_t kept_bytes_ = 0;                         // of decided ballots
  PerReplica<std::size_t, most_replicas> held_bytes_;  // of undecided ones, by replica
};

template <class IsFinished>
void BallotWindow::advance(IsFinished&& is_finished) {
  move_decided();
  while (first_ <= decided_ && !ballots_.empty()) {
    const bool too_many = decided_.value - first_.value >= limits::judged_ballots;
    if (!too_many && !is_finished(ballots_.front())) return;
    pop_front();
  }
}

}  // namespace tally
