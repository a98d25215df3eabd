// SPDX-License-Identifier: Apache-2.0
#include "replica/trial.h"

namespace tally {

void Trial::begin(Sequence checkpoint, bool imported, Instant now) {
  *this = {};
  checkpoint_ = checkpoint;
  imported_ = imported;
  waiting_since_ = now;
}

void Trial::forget_votes() {
  first_vote_.reset();
  compared_.reset();
}

// Time is waited for, and not a number of orders: under load many votes are decided before a
// verdict on the first one is on record and in a view.
bool Trial::passes_by_votes(const ReplicaStanding& standing, Sequence applied, Instant now) {
  if (!is_on() || imported_ || !first_vote_) return false;
  const Sequence agreed = standing.agreed.order.sequence;
  // Only decided ballots count: one that was closed undecided compared nothing.
  const bool is_compared = *first_vote_ <= agreed && agreed <= applied;
  const bool is_judged = standing.state == ReplicaState::voting || standing.state == ReplicaState::probation;
  if (!is_compared || !is_judged) return false;
  if (!compared_) compared_ = {now, agreed};
  // A group that decides nothing meanwhile does not act upon verdicts either.
  return now - compared_->since >= verdict_time && agreed > compared_->agreed;
}

bool Trial::is_refuted_by_contradiction(Instant now) {
  if (!contradicted_since_) contradicted_since_ = now;
  return now - *contradicted_since_ >= patience;
}

}  // namespace tally
