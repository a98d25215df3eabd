// SPDX-License-Identifier: Apache-2.0
// One replica's newest vote, as it is shown to those who watch.
//
// A vote only leaves its place here. What it says is read off its ballot when that is decided or
// about to go, or when somebody asks. So a vote costs nothing here, whatever the size of its
// results.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include "comparator/ballot.h"
#include "protocol/observation.h"

namespace tally {

class NewestVote {
 public:
  // A vote of the replica was cast into the ballot on this order.
  void cast(Sequence sequence) {
    shown_ = {};
    shown_.sequence = sequence;
    is_open_ = true;
  }
  // Its ballot is there, and may still change what is to be shown.
  bool is_open() const { return is_open_; }
  Sequence sequence() const { return shown_.sequence; }

  // Precondition of both: the vote is open, and this is its ballot. The second one: the ballot was
  // decided, or is about to lose the vote.
  void read(const Ballot& ballot, ReplicaId replica);
  void close(const Ballot& ballot, ReplicaId replica) {
    read(ballot, replica);
    is_open_ = false;
  }

  // Without the replica and its matches.
  const ObservedVote& shown() const { return shown_; }

 private:
  ObservedVote shown_;
  bool is_open_ = false;
};

}  // namespace tally
