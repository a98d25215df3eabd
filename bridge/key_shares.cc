// SPDX-License-Identifier: Apache-2.0
#include "bridge/key_shares.h"

#include <algorithm>

namespace tally::bridge {

namespace {

// A call makes at most one entry. It keeps up with them by letting go of up to two.
constexpr int forgotten_at_once = 2;

}  // namespace

KeyShares::KeyShares(std::uint64_t room, std::uint64_t secret) : room_(room), found_(0, SourceHash{secret}) {}

bool KeyShares::take(const Source& source, Instant now) {
  const std::int64_t step = now.nanoseconds / door_limits::key_step.nanoseconds;
  all_.advance(step);
  forget_some(step);
  const std::uint64_t free = room_ - all_.sum;
  if (free == 0) return false;
  Window& window = window_of(source);
  window.advance(step);
  if (window.sum >= free) return false;
  window.add();
  all_.add();
  return true;
}

KeyShares::Window& KeyShares::window_of(const Source& source) {
  if (const auto known = found_.find(source); known != found_.end()) {
    entries_.splice(entries_.end(), entries_, known->second);
    return known->second->window;
  }
  if (entries_.size() == door_limits::key_sources) return others_;
  entries_.push_back({source, {}});
  found_.emplace(source, std::prev(entries_.end()));
  return entries_.back().window;
}

void KeyShares::forget_some(std::int64_t step) {
  for (int count = 0; count < forgotten_at_once; ++count) {
    if (entries_.empty() || !entries_.front().window.is_over(step)) return;
    found_.erase(entries_.front().source);
    entries_.pop_front();
  }
}

void KeyShares::Window::advance(std::int64_t to) {
  const auto passed = std::min<std::int64_t>(to - step, door_limits::key_steps);
  for (std::int64_t place = 1; place <= passed; ++place) {
    std::uint64_t& oldest = keys[static_cast<std::size_t>(step + place) % door_limits::key_steps];
    sum -= oldest;
    oldest = 0;
  }
  step = std::max(step, to);
}

void KeyShares::Window::add() {
  ++keys[static_cast<std::size_t>(step) % door_limits::key_steps];
  ++sum;
}

bool KeyShares::Window::is_over(std::int64_t now) const {
  return now - step >= static_cast<std::int64_t>(door_limits::key_steps);
}

}  // namespace tally::bridge
