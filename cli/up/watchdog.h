// SPDX-License-Identifier: Apache-2.0
// Finds the daemons that hang: those that were ready and have then said nothing for an interval.
// Pure.
//
// Law 12 holds here too: a watcher that wakes up late forgives everybody before it judges anybody.
// What it was told meanwhile may be lost, and what stopped it may have stopped the whole machine,
// and the daemons with it.
#pragma once

#include <algorithm>

#include "protocol/time.h"

namespace tally::cli {

// The pulse of one daemon. With an interval of zero it is not watched.
class Pulse {
 public:
  // May pass from its start to READY=1, and from STOPPING=1 to its end.
  static constexpr Duration transition = seconds(30);
  static constexpr std::int64_t excused_intervals = 10;

  enum class Finding {
    well,
    silent,  // for an interval: it hangs, unless something holds it up
    hung,
  };

  Pulse() = default;
  Pulse(Duration interval, Instant started) : interval_(interval), heard_(started) {}

  void ready(Instant now) { serve(true, now); }
  void stopping(Instant now) { serve(false, now); }
  void alive(Instant now) { heard_ = now; }

  bool serves() const { return serves_; }
  Duration silence(Instant now) const { return now - heard_; }

  // When it has been silent for too long.
  Instant due() const {
    if (interval_ == Duration{}) return Instant::never();
    return heard_ + (serves_ ? interval_ : transition);
  }

  Finding look(Instant now) const {
    if (now < due()) return Finding::well;
    return serves_ && now < heard_ + interval_ * excused_intervals ? Finding::silent : Finding::hung;
  }

 private:
  void serve(bool serves, Instant now) {
    serves_ = serves;
    heard_ = now;
  }

  Duration interval_;
  Instant heard_;
  bool serves_ = false;
};

// The watcher itself: how often it must look, and whether it did.
class Watch {
 public:
  // An interval of nothing: nobody is watched.
  Watch(Duration interval, Instant now) : interval_(interval), looked_(now) {}

  Duration interval() const { return interval_; }

  // When it must look, though nothing happens. A daemon that is overdue and held up is looked at
  // again soon.
  Instant next_look(Instant first_due) const {
    if (interval_ == Duration{}) return Instant::never();
    return std::min(looked_ + interval_ / looks_per_interval, std::max(first_due, looked_ + pause));
  }

  // False: this look is too late to judge by.
  bool look(Instant now) {
    const bool in_time = interval_ == Duration{} || now - looked_ <= interval_ / 2;
    looked_ = now;
    return in_time;
  }

 private:
  static constexpr std::int64_t looks_per_interval = 4;
  static constexpr Duration pause = milliseconds(10);

  Duration interval_;
  Instant looked_;
};

}  // namespace tally::cli
