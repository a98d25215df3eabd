// SPDX-License-Identifier: Apache-2.0
// One line an event on stderr, through spdlog: text for people, or JSON lines.
//
//   2026-11-23T03:15:00.123Z warning distributor replica_evicted replica=2 reason=dissent sequence=812
//   {"at":"2026-11-23T03:15:00.123Z","level":"warning","role":"distributor","event":"replica_evicted","replica":"2",…}
#pragma once

#include <string>

#include "protocol/event.h"

namespace tally {

// Once, at the start of a daemon. `format`: text or json; `level`: debug, info, warning or error. `file`: where stdout
// and stderr go from now on (log_file.h); empty: they stay what they are.
void start_logging(const std::string& role, const std::string& format, const std::string& level,
                   const std::string& file = {});

// Any thread. Of an event that comes again and again only so many lines are written, see event_limiter.h.
void log_event(const Event& event);

// Any thread, often: says how many lines were not written, once it is time. Event loops do it by their Waiter.
void tell_suppressed_events();

}  // namespace tally
