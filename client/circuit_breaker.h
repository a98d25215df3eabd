// SPDX-License-Identifier: Apache-2.0
// The circuit breaker of a client towards its group (Nygard, "Release It!"): while the group has no
// majority, calls fail at once, instead of each waiting for its own timeout.
//
//   closed     Calls pass.
//   open       Calls that are new or were never ordered fail at once, with the error that opened
//              it.
//   half-open  The same, while a probe is on its way: a request that changes nothing. The session
//              sends one at a time, again and again after pauses that grow.
//
// It opens when the group says that it has no majority, or when it is silent for longer than a
// masked fault or a restart lasts, because those must not be noticed. Whatever the group decides
// for this client closes it.
//
// Part of the session core: pure, one thread, instants never go back.
#pragma once

#include <optional>

#include "client/answer.h"
#include "protocol/time.h"

namespace tally {

class CircuitBreaker {
 public:
  // While somebody waits, nothing may be decided for so long before a refusal or a timeout counts.
  static constexpr Duration patience = seconds(1);
  // Between probes, before jitter.
  static constexpr Duration first_pause = milliseconds(100);
  static constexpr Duration longest_pause = milliseconds(800);

  bool closed() const { return error_ == CallError::none; }
  // What calls are told; `none` while it is closed.
  CallError error() const { return error_; }

  // Somebody waits for a decision. The silence lasts from the first time that this is said until
  // decided().
  void somebody_waits(Instant now);
  // This process slept, so the silence so far may be its own. It begins again.
  void woke_late() { silent_since_.reset(); }

  // The group says that it has no majority, which `error` is about. `outright`: it refused every
  // transmission of a request; otherwise it refused a later one, and an earlier one may have been
  // ordered. True: this opened it.
  bool refused(CallError error, bool outright, Instant now);
  // A call ran into its deadline. True: this opened it.
  bool timed_out(Instant now);
  // The group decided something for this client. True: this closed it.
  bool decided();

 private:
  bool silent_for_long(Instant now) const;

  CallError error_ = CallError::none;
  std::optional<Instant> silent_since_;  // none: nobody has waited since the last decision
};

}  // namespace tally
