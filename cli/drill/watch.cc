// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/watch.h"

#include <algorithm>

#include "cli/drill/steps.h"

namespace tally::cli {

void Watch::strike(const std::string& role, Moment now) {
  if (!struck_) struck_ = now;
  const ReplicaStatus* mine = replica(role);
  evictions_before_.emplace(role, mine ? mine->evictions : 0);
}

void Watch::look(const std::optional<ClusterStatus>& status, Instant now) {
  status_ = status;
  if (!struck_) return;
  const Duration so_far = now - struck_->now;
  for (const auto& [role, evictions] : evictions_before_) {
    const ReplicaStatus* mine = replica(role);
    if (!mine) continue;
    const auto& verdict = mine->last_verdict;
    if (!detected_after_ && verdict && verdict->at >= struck_->wall)
      detected_after_ = milliseconds(verdict->at.unix_milliseconds - struck_->wall.unix_milliseconds);
    if (!evicted_after_ && (is_out(*mine) || mine->evictions > evictions)) evicted_after_ = so_far;
  }
  const bool whole =
      std::ranges::all_of(evictions_before_, [&](const auto& one) { return is_whole(one.first); }) && all_vote();
  if (!whole) {
    was_away_ = true;
    voting_again_after_.reset();
  } else if (was_away_ && !voting_again_after_) {
    voting_again_after_ = so_far;
  }
}

// A replica that is down may be back before it is missed, and then it never was out.
bool Watch::is_out(const ReplicaStatus& replica) const {
  return replica.state != ReplicaState::voting && replica.state != ReplicaState::down;
}

bool Watch::is_whole(const std::string& role) const {
  const pid_t process = processes_(role);
  if (!status_ || process == 0 || is_away(process)) return false;
  const auto number = static_cast<std::uint64_t>(process);
  if (role == "distributor") return status_->distributor_pid == number && status_->distributor_state == RoleState::ok;
  if (role == "comparator") return status_->comparator_pid == number && status_->comparator_state == RoleState::ok;
  if (!replica_number(role)) return true;
  const ReplicaStatus* mine = replica(role);
  return mine && mine->pid == number && mine->state == ReplicaState::voting;
}

bool Watch::all_vote() const {
  return status_ && status_->state == GroupState::ok && std::ranges::all_of(status_->replicas, [&](const auto& one) {
           return is_whole("replica-" + std::to_string(one.id.value));
         });
}

const ReplicaStatus* Watch::replica(const std::string& role) const {
  const auto number = replica_number(role);
  if (!status_ || !number) return nullptr;
  const auto found = std::ranges::find(status_->replicas, ReplicaId(*number), &ReplicaStatus::id);
  return found == status_->replicas.end() ? nullptr : &*found;
}

std::optional<Instant> Watch::struck() const { return struck_ ? std::optional(struck_->now) : std::nullopt; }

}  // namespace tally::cli
