// SPDX-License-Identifier: Apache-2.0
// The ballots of one term by sequence: those that wait for votes, those whose votes came before
// they did, and decided ones, which are kept so that late votes can be compared with the decision.
//
// Invariants: ballots stand without gaps from `first` on. Everything before `first` is closed, or
// is decided and no vote on it is expected any more. decided() is the newest sequence up to which
// all ballots are decided or closed, and first <= decided() + 1.
//
// Bounds: limits::vote_lead ballots beyond decided(), limits::compared_ballots up to it,
// limits::kept_result_bytes of decided results, and held_result_bytes of each replica's undecided
// results.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <deque>

#include "comparator/ballot.h"
#include "protocol/limits.h"

namespace tally {

class BallotWindow {
 public:
  // A correct replica never has more. The distributor begins no order while results of
  // open_result_bytes are undecided, so one order at most goes beyond that. All of it counts twice,
  // since ballots that the distributor has closed may still be open here for a moment.
  static constexpr std::size_t held_result_bytes = 2 * (limits::open_result_bytes + limits::order_result_bytes);

  Sequence decided() const { return decided_; }
  bool is_beyond(Sequence sequence) const { return sequence.value > decided_.value + limits::vote_lead; }
  bool has_room(ReplicaId replica, std::size_t bytes) const {
    return held_bytes_[replica] + bytes <= held_result_bytes;
  }

  // The ballot on `sequence`, which is made if there is none; nothing if it is past. Precondition:
  // it is not beyond. The pointer is good until the next call of a function that is not const,
  // except those that take a ballot.
  Ballot* at(Sequence sequence);

  // Opens the ballot on this order. Nothing: it is beyond, past, or has come before.
  Ballot* open(BallotCall&& ballot, Instant now);
  // A ballot was opened and is not decided.
  bool awaits_votes() const { return decided_ < opened_; }

  Ballot::Cast cast(Ballot& ballot, ReplicaId from, Vote&& vote);
  void strike(Ballot& ballot, ReplicaId replica);
  void decide(Ballot& ballot, AnswerIndex answer, ReplicaSet awaited);
  void close(Ballot& ballot);
  // Reduces what is kept of a decided ballot's results, if all kept results together are above
  // their bound.
  void settle(Ballot& ballot);

  // Starts over: everything up to `closed` is closed, and nothing is known of what follows.
  void restart(Sequence closed);
  void close_through(Sequence closed);
  // Moves decided() on. Then forgets ballots from the front, as long as is_finished(ballot) says
  // that no vote on them is expected any more, or there are too many.
  template <class IsFinished>
  void advance(IsFinished&& is_finished);

  auto begin() { return ballots_.begin(); }
  auto first_undecided() { return ballots_.begin() + static_cast<std::ptrdiff_t>(decided_.value + 1 - first_.value); }
  auto end() { return ballots_.end(); }

 private:
  void move_decided();
  void pop_front();
  void release_held(const Ballot& ballot);

  std::deque<Ballot> ballots_;
  Sequence first_{1};
  Sequence decided_;
  Sequence opened_;                                            // the newest ballot that was opened
  std::size_t kept_bytes_ = 0;                                 // of decided ballots
  PerReplica<std::size_t, limits::most_replicas> held_bytes_;  // of undecided ones, by replica
};

template <class IsFinished>
void BallotWindow::advance(IsFinished&& is_finished) {
  move_decided();
  while (first_ <= decided_ && !ballots_.empty()) {
    const bool too_many = decided_.value - first_.value >= limits::compared_ballots;
    if (!too_many && !is_finished(ballots_.front())) return;
    pop_front();
  }
}

}  // namespace tally
