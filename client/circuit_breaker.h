// SPDX-License-Identifier: Apache-2.0
// The circuit breaker of a client towards its group (Nygard, "Release It!"): while the group has no majority, calls
// fail at once, instead of each waiting for its own timeout.
//
//   closed     Calls pass.
//   open       Calls that are new or were never ordered fail at once, with the error that opened it.
//   half-open  The same, with a probe on its way: a request that changes nothing. The session sends it, again and again
//              after pauses that grow, and one at a time.
//
// It opens on what the group says, or on a silence longer than any that a masked fault or a restart may cost: those
// must not be noticed. Anything that the group decides for this client closes it.
//
// Pure: whoever owns it hands in the clock.
#pragma once

#include "client/client.h"
#include "protocol/time.h"

namespace tally {

class CircuitBreaker {
 public:
  // So long nothing may be decided while somebody waits, before a disappointment counts.
  static constexpr Duration patience = seconds(1);
  // Between probes, before jitter.
  static constexpr Duration first_pause = milliseconds(100);
  static constexpr Duration longest_pause = milliseconds(800);

  bool closed() const { return error_ == CallError::none; }
  // What calls are told; `none` while it is closed.
  CallError error() const { return error_; }

  // Somebody waits for a decision. Silence lasts from the first time on, until decided().
  void somebody_waits(Instant now);
  // The silence so far was our own: this process slept. It begins again.
  void woke_late() { silent_since_ = Instant::never(); }

  // The group says that it has no majority (`error`), to a request in all its transmissions, or else (not `outright`)
  // to a later one. True: this opened it.
  bool refused(CallError error, bool outright, Instant now);
  // A call ran into its deadline. True: this opened it.
  bool timed_out(Instant now);
  // The group decided something for this client. True: this closed it.
  bool decided();

 private:
  bool silent_for_long(Instant now) const;

  CallError error_ = CallError::none;
  Instant silent_since_ = Instant::never();
};

}  // namespace tally
