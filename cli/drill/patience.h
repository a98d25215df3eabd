// SPDX-License-Identifier: Apache-2.0
// How a drill waits: for an event with a deadline, and never beyond a Ctrl-C.
#pragma once

#include <algorithm>
#include <signal.h>
#include <stdexcept>

#include "protocol/time.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally::cli {

// Somebody asked for the end. It is an exception, because it ends everything that goes on in
// between, whose destructors stop the group and remove its directory.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

class Patience {
 public:
  // Blocks the signals that ask for an end, in this thread and in all that it starts later.
  Patience() {
    sigaddset(&stops_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &stops_, nullptr);
  }

  // Throws Interrupted.
  void pause(Duration length) const {
    const std::int64_t nanoseconds = std::max<std::int64_t>(0, length.nanoseconds);
    const timespec until{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    if (sigtimedwait(&stops_, nullptr, &until) >= 0) throw Interrupted();
  }

  // Whether the condition held before the deadline.
  template <class Condition>
  bool wait(Duration at_most, Condition condition) const {
    const Instant deadline = monotonic_now() + at_most;
    while (!condition()) {
      if (monotonic_now() >= deadline) return false;
      pause(milliseconds(10));
    }
    return true;
  }

 private:
  sigset_t stops_ = stop_signals();
};

}  // namespace tally::cli
