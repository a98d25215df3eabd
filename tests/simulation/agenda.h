// SPDX-License-Identifier: Apache-2.0
// Virtual time: what is to happen, and when. Actions that are due at the same time happen in the
// order in which they were added.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>

#include "protocol/time.h"

namespace tally::simulation {

class Agenda {
 public:
  using Action = std::function<void()>;

  Instant now() const { return now_; }

  void at(Instant due, Action action) { entries_.push({std::max(due, now_), ++number_, std::move(action)}); }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // Runs everything that is due up to `end`, what is added meanwhile included.
  void run_until(Instant end) {
    while (!entries_.empty() && entries_.top().due <= end) {
      Action action = std::move(const_cast<Entry&>(entries_.top()).action);  // it is popped at once
      now_ = entries_.top().due;
      entries_.pop();
      action();
    }
    now_ = end;
  }

  std::uint64_t actions() const { return number_; }

 private:
  struct Entry {
    Instant due;
    std::uint64_t number;
    Action action;
    bool operator<(const Entry& other) const { return std::tie(other.due, other.number) < std::tie(due, number); }
  };

  Instant now_;
  std::uint64_t number_ = 0;
  std::priority_queue<Entry> entries_;
};

}  // namespace tally::simulation
