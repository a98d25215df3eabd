// SPDX-License-Identifier: Apache-2.0
// Bounds how often one event is told (law 26), because what a peer can cause at will must not fill
// the disk that the journal needs.
//
// Time is cut into periods. In each period only so many lines are written of one event, which is
// told apart by its name and by its replica or role, and only so many lines of all events together.
// The others are counted, and told as events_suppressed when the period is over. Since log_line.h
// bounds a line, that is less than 1 MB a minute. Pure: the caller has the clock and the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocol/event.h"
#include "protocol/time.h"

namespace tally {

class EventLimiter {
 public:
  static constexpr Duration period = seconds(10);
  static constexpr std::uint32_t lines_of_one_event = 20;
  static constexpr std::uint32_t lines_of_all_events = 128;
  static constexpr std::size_t events_told_apart = 64;  // those beyond share one name, "others"

  // Whether this event is to be written now. Call take_suppressed() with the same time first.
  bool admits(const Event& event, Instant now);

  // One events_suppressed for each event that was held back in a period that is over.
  std::vector<Event> take_suppressed(Instant now);

  // When take_suppressed() will have something to tell; never() if nothing was held back.
  Instant suppressed_due() const { return suppressed_any_ ? period_end_ : Instant::never(); }

 private:
  // Of the event, and whose it is: replica=1, role=bridge, or nothing.
  using Name = std::pair<std::string, EventField>;
  struct Count {
    std::uint32_t written = 0;
    std::uint64_t suppressed = 0;
    Severity severity = Severity::debug;  // the highest of the suppressed
  };

  Count& count_of(const Event& event);

  std::map<Name, Count> counts_;
  std::uint32_t written_ = 0;
  bool suppressed_any_ = false;
  Instant period_end_;
};

}  // namespace tally
