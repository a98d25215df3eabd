// SPDX-License-Identifier: Apache-2.0
#include "runtime/own_fault.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <unistd.h>

#include "runtime/clock.h"

namespace tally {
namespace {

constexpr Duration last_words = milliseconds(200);
constexpr Duration longest_poll = hours(1);

void block_until(Instant end, const StopSignals& stop) {
  for (Instant now = monotonic_now(); now < end; now = monotonic_now()) {
    pollfd asked{stop.descriptor(), POLLIN, 0};
    const Duration pause = std::min(end - now, longest_poll);
    if (poll(&asked, 1, static_cast<int>(pause.milliseconds()) + 1) > 0) return;
  }
}

}  // namespace

void crash_on_purpose() {
  kill(getpid(), SIGKILL);
  std::abort();  // is not reached
}

void suffer(const Fault& fault, const StopSignals& stop) {
  const Instant now = monotonic_now();
  if (fault.kind == FaultKind::crash) {
    block_until(now + last_words, stop);
    crash_on_purpose();
  }
  const bool is_endless = fault.duration == Duration();
  if (fault.kind == FaultKind::hang) block_until(is_endless ? Instant::never() : now + fault.duration, stop);
}

}  // namespace tally
