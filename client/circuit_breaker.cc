// SPDX-License-Identifier: Apache-2.0
#include "client/circuit_breaker.h"

#include <utility>

namespace tally {

void CircuitBreaker::somebody_waits(Instant now) {
  if (!silent_since_) silent_since_ = now;
}

bool CircuitBreaker::silent_for_long(Instant now) const { return silent_since_ && now - *silent_since_ >= patience; }

bool CircuitBreaker::refused(CallError error, bool outright, Instant now) {
  const bool opens = closed() && (outright || silent_for_long(now));
  if (opens || !closed()) error_ = error;
  return opens;
}

bool CircuitBreaker::timed_out(Instant now) {
  const bool opens = closed() && silent_for_long(now);
  if (opens) error_ = CallError::timed_out;
  return opens;
}

bool CircuitBreaker::decided() {
  silent_since_.reset();
  return std::exchange(error_, CallError::none) != CallError::none;
}

}  // namespace tally
