// SPDX-License-Identifier: Apache-2.0
#include "replica/capturing.h"

#include <utility>

namespace tally {

void Capturing::begin(Sequence stored) {
  drop();
  stored_ = stored;
}

void Capturing::drop() {
  schedule_.drop();
  is_capturing_ = is_ready_ = false;
}

Capturing::Step Capturing::step(State& state, const ReplicaStanding& standing, Sequence applied, std::size_t changed,
                                bool seals) {
  Step made;
  if (!is_capturing_)
    is_capturing_ = schedule_.is_free() && (standing.seal_wanted || schedule_.due(applied, state.changes()));
  if (!is_capturing_) return made;
  const bool little_left = state.capture_some(entries_per_step + 4 * changed);
  if (!little_left) return made;
  made.is_ready_now = standing.seal_wanted && !std::exchange(is_ready_, true);
  const bool seal_is_to_come = standing.seal_wanted || standing.seal.checkpoint > applied;
  made.may_end = seals || !seal_is_to_come || state.captured() > kept_open_changes;
  return made;
}

void Capturing::finish(State& state, const CheckpointHeader& header) {
  is_capturing_ = is_ready_ = false;
  schedule_.captured(state.capture(header));
}

std::optional<CheckpointDelta> Capturing::release(const ReplicaStanding& standing, const OrderIdentity& applied) {
  return schedule_.release(standing, applied);
}

void Capturing::withdraw(State& state) {
  if (!schedule_.withdraw()) state.forget_captures();
}

void Capturing::committed(Sequence applied) {
  schedule_.committed();
  stored_ = applied;
}

void Capturing::failed(CheckpointDelta lost, CommitFailure failure, State& state) {
  if (failure == CommitFailure::not_written) {
    if (!schedule_.failed(std::move(lost))) state.forget_captures();
    return;
  }
  // Either the memory is wrong, which the next vote will show, or the store is, and is then written
  // anew.
  schedule_.start_over();
  state.forget_captures();
}

bool Capturing::takes_last() {
  if (!is_draining_ || last_was_taken_ || is_committing()) return false;
  last_was_taken_ = true;
  return true;
}

}  // namespace tally
