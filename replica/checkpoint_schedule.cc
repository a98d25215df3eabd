// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint_schedule.h"

#include <iterator>
#include <utility>

#include "protocol/check.h"
#include "protocol/per_replica.h"

namespace tally {

CheckpointSchedule::CheckpointSchedule(const Config& config) : config_(config) {
  CHECK(config.every > 0 && config.id.value >= 1 && config.id.value <= config.replicas);
  config_.early_changes += place_of(config.id) * config.early_changes / (2 * config.replicas);
  config_.early_bytes += place_of(config.id) * config.early_bytes / (2 * config.replicas);
}

bool CheckpointSchedule::is_turn_of(ReplicaId replica, Sequence applied) const {
  const std::uint64_t offset = place_of(replica) * config_.every / config_.replicas;
  return (applied.value + offset) % config_.every == 0;
}

bool CheckpointSchedule::is_anybodys(Sequence applied) const {
  for (const ReplicaId replica : ReplicaIds(config_.replicas))
    if (is_turn_of(replica, applied)) return true;
  return false;
}

bool CheckpointSchedule::due(Sequence applied, std::size_t changes) const {
  if (!is_free()) return false;
  return due_at_once_ || is_turn_of(config_.id, applied) || changes >= config_.early_changes ||
         bytes_ >= config_.early_bytes;
}

void CheckpointSchedule::captured(CheckpointDelta delta) {
  CHECK(!waiting_ && !committing_);
  due_at_once_ = false;
  bytes_ = 0;
  if (lost_ && !delta.full) {
    auto& changes = lost_->changes;
    changes.insert(changes.end(), std::make_move_iterator(delta.changes.begin()),
                   std::make_move_iterator(delta.changes.end()));
    lost_->header = delta.header;
    delta = std::move(*lost_);
  }
  lost_.reset();
  waiting_ = std::move(delta);
}

std::optional<CheckpointDelta> CheckpointSchedule::release(const ReplicaStanding& standing,
                                                           const OrderIdentity& applied) {
  if (!waiting_ || standing.state != ReplicaState::voting) return std::nullopt;
  const Sequence sequence = waiting_->header.applied.sequence;
  // An order of the standing's term, or the very last order before it, is in the chain. So
  // everything before that is what was journaled.
  const bool confirmed = applied.term == standing.term || applied == standing.last;
  if (!confirmed || standing.stable < sequence || standing.agreed.order.sequence < sequence) return std::nullopt;
  committing_ = true;
  return std::exchange(waiting_, std::nullopt);
}

bool CheckpointSchedule::failed(CheckpointDelta lost) {
  committing_ = false;
  if (lost.changes.size() / 2 > config_.early_changes) return false;
  lost_ = std::move(lost);
  return true;
}

bool CheckpointSchedule::withdraw() {
  if (!waiting_) return true;
  CheckpointDelta withdrawn = std::move(*waiting_);
  waiting_.reset();
  return failed(std::move(withdrawn));
}

void CheckpointSchedule::start_over() {
  committing_ = false;
  due_at_once_ = true;
  lost_.reset();
}

void CheckpointSchedule::drop() {
  waiting_.reset();
  lost_.reset();
  committing_ = false;
  due_at_once_ = false;
}

}  // namespace tally
