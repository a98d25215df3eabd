// SPDX-License-Identifier: Apache-2.0
// Faults on purpose that strike a whole process: crash and hang. They are for drills and
// demonstrations; whoever calls has made sure that fault injection is on.
#pragma once

#include "protocol/administration.h"
#include "runtime/daemon.h"

namespace tally {

// Ends this process as a crash does, with no more words.
[[noreturn]] void crash_on_purpose();

// Carries out a fault of the distributor or of the comparator, on the thread of its event loop.
// - crash: after a moment, so that the answer to whoever had it injected still leaves.
// - hang: blocks for as long as the fault lasts; if it lasts until it is cleared, until a stop is
//   asked for, since a loop that hangs hears of nothing else. A stop ends any hang, and so does a
//   service manager that watches (heartbeat.h).
// - any other kind: nothing.
void suffer(const Fault& fault, const StopSignals& stop);

}  // namespace tally
