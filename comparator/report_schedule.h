// SPDX-License-Identifier: Apache-2.0
// When the comparator reports to the distributor: at once when something is to be acted upon, after
// each 64 decided ballots, every 10 ms while ballots are decided, and every 50 ms otherwise.
//
// The report is cumulative, so a lost one is made up for by the next one (law 22).
//
// Part of the comparator's core: one thread; it is told the time.
#pragma once

#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

class ReportSchedule {
 public:
  void hasten() { is_hastened_ = true; }
  void count_decision() { ++decisions_; }

  // `decided`: the newest ballot up to which all are decided or closed, now.
  void tick(Sequence decided, Instant now) {
    if (next(decided) <= now) hasten();
  }
  // Nothing but the clock makes a report due before then.
  Instant next(Sequence decided) const { return reported_at_ + (decided != reported_ ? busy_interval : idle_interval); }
  bool is_hastened() const { return is_hastened_; }
  bool is_due() const { return is_hastened_ || decisions_ >= after_decisions; }
  void reported(Sequence decided, Instant now) {
    is_hastened_ = false;
    decisions_ = 0;
    reported_ = decided;
    reported_at_ = now;
  }

 private:
  static constexpr Duration busy_interval = milliseconds(10);
  static constexpr Duration idle_interval = milliseconds(50);
  static constexpr unsigned after_decisions = 64;

  bool is_hastened_ = true;  // a comparator that has just started reports
  unsigned decisions_ = 0;   // since the last report, like the next two
  Sequence reported_;
  Instant reported_at_;
};

}  // namespace tally
