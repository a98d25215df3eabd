// SPDX-License-Identifier: Apache-2.0
// What a replica learns of its group and keeps beside its checkpoints: which group it is, and a
// Witness.
//
// What was decided is right once it is told, and is remembered at once. This replica's word for a
// state is worth something only once its own state is proven. So the states after those orders at
// which a checkpoint of any replica is due wait here until they are known to be decided and the
// trial is over.
//
// Pure, one thread, driven by the core; the shell writes what is to be kept
// (replica/replica_directory.h).
#pragma once

#include <deque>

#include "protocol/messages.h"
#include "replica/witness.h"

namespace tally {

class Remembering {
 public:
  // `group`: zero while it is not known.
  Remembering(GroupId group, Witness witness) : group_(group), witness_(std::move(witness)) {}

  GroupId group() const { return group_; }
  const Witness& witness() const { return witness_; }

  // False: this replica belongs to another group, for ever.
  bool belongs_to(GroupId group) const { return group_.value == 0 || group_ == group; }
  // Precondition: belongs_to(group).
  void join(GroupId group) { group_ = group; }

  // The state after an order at which a checkpoint is due. The oldest give way.
  void add(const OrderState& state);
  // They are of a state that is given up.
  void forget_states() { waiting_.clear(); }

  // A checkpoint of its own holds decided orders only.
  void was_decided(const OrderIdentity& order);
  // True: the witness has changed, and is to be kept.
  bool learn(const ReplicaStanding& standing, bool is_proven);

 private:
  GroupId group_;
  Witness witness_;
  std::deque<OrderState> waiting_;  // at most Witness::most_states, oldest first
};

}  // namespace tally
