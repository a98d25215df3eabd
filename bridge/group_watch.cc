// SPDX-License-Identifier: Apache-2.0
#include "bridge/group_watch.h"

#include <optional>
#include <utility>

#include "bridge/limits.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally::bridge {

GroupWatch::GroupWatch(Exchange& exchange) : exchange_(exchange) {
  status_.reason = "starting";
  status_.advice = "Wait: this bridge has not heard of the group yet.";
}

void GroupWatch::look(Instant now) {
  if (available_ != exchange_.available()) {
    available_ = !available_;
    log_event(available_ ? Event("breaker_closed") : Event("breaker_opened", Severity::warning));
  }
  if (!asked_ && now >= next_) ask(now);
}

void GroupWatch::ask_why(std::function<void()> told) {
  wait_for_next_.push_back(std::move(told));
  if (!asked_) ask(monotonic_now());
}

void GroupWatch::ask(Instant now) {
  next_ = now + (serves(now) ? door_limits::status_interval : door_limits::unready_status_interval);
  asked_ = true;
  asked_at_ = now;
  wait_for_this_.swap(wait_for_next_);
  exchange_.status(door_limits::status_timeout, [this](const std::optional<ClusterStatus>& status) {
    asked_ = false;
    take(status);
    for (const auto& told : std::exchange(wait_for_this_, {})) told();
    if (!asked_ && !wait_for_next_.empty()) ask(monotonic_now());
  });
}

void GroupWatch::take(const std::optional<ClusterStatus>& status) {
  if (!status) {
    heard_at_.reset();
    status_.state = GroupState::unavailable;
    status_.reason = "no_distributor";
    status_.advice = "Start the distributor, or see its log: it says nothing.";
    status_.distributor_state = RoleState::down;
    return;
  }
  status_ = *status;
  heard_at_ = monotonic_now();
  if (answers()) seen_ = heard_at_;
}

bool GroupWatch::serves(Instant now) const {
  return exchange_.available() && seen_ && now <= *seen_ + door_limits::ready_for;
}

bool GroupWatch::client_hangs(Instant now) const { return asked_ && now - asked_at_ > door_limits::client_patience; }

}  // namespace tally::bridge
