// SPDX-License-Identifier: Apache-2.0
#include "distributor/replica_breaker.h"

#include <algorithm>

namespace tally {

bool ReplicaBreaker::dissent(Instant now) {
  dissents_.push_back(now);
  while (dissents_.front() + config_.quarantine_window <= now) dissents_.pop_front();
  return dissents_.size() >= config_.quarantine_dissents;
}

Duration ReplicaBreaker::open(Instant now) {
  const Duration cooldown = open_for_good();
  cooldown_ = std::min(cooldown_ * 2, config_.cooldown_most);
  recovers_at_ = now + cooldown;
  return cooldown;
}

Duration ReplicaBreaker::open_for_good() {
  recovers_at_ = forgiven_at_ = Instant::never();
  return cooldown_;
}

void ReplicaBreaker::reset() {
  cooldown_ = config_.cooldown;
  forgiven_at_ = Instant::never();
  dissents_.clear();
}

bool ReplicaBreaker::is_lenient(std::optional<Instant>& next, Instant now) {
  if (next && now < *next) return false;
  next = now + leniency_period;
  return true;
}

bool ReplicaBreaker::tick(Instant now) {
  if (forgiven_at_ <= now) {
    cooldown_ = config_.cooldown;
    forgiven_at_ = Instant::never();
  }
  return recovers_at_ <= now;
}

}  // namespace tally
