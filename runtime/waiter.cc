// SPDX-License-Identifier: Apache-2.0
#include "runtime/waiter.h"

#include <algorithm>

#include "protocol/check.h"
#include "runtime/clock.h"

namespace tally {

void Waiter::wait(Instant deadline) {
  constexpr std::int64_t longest_ms = 1'000;
  const Instant now = monotonic_now();
  // Rounded up, so that a deadline has come when the wait for it is over.
  const std::int64_t wait_ms = deadline <= now ? 0 : (deadline - now).milliseconds() + 1;
  const int ready =
      zmq_poll(items_.data(), static_cast<int>(items_.size()), static_cast<long>(std::min(wait_ms, longest_ms)));
  CHECK(ready >= 0 || zmq_errno() == EINTR);
}

}  // namespace tally
