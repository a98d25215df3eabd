// SPDX-License-Identifier: Apache-2.0
// Writes each event as one line on stderr, through spdlog: as text for people, or as JSON.
//
//   2026-11-23T03:15:00.123Z warning distributor replica_evicted replica=2 reason=dissent
//   sequence=812
//   {"at":"2026-11-23T03:15:00.123Z","level":"warning","role":"distributor","event":"replica_evicted","replica":"2",…}
#pragma once

#include <string>

#include "protocol/event.h"

namespace tally {

// To be called once, at the start of a daemon. `format` is text or json; `level` is debug, info,
// warning or error. `file` is where stdout and stderr go from now on (log_file.h); if it is empty,
// they stay what they are.
void start_logging(const std::string& role, const std::string& format, const std::string& level,
                   const std::string& file = {});

// Any thread may call it. Of an event that comes again and again only so many lines are written,
// see event_limiter.h.
void log_event(const Event& event);

// Says how many lines were not written, once it is time for that. Any thread may call it, as often
// as it likes; event loops do so by their Waiter.
void tell_suppressed_events();

}  // namespace tally
