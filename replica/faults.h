// SPDX-License-Identifier: Apache-2.0
// Faults on purpose, for drills and demonstrations, and only where fault injection is switched on.
// The shell asks on each occasion (a vote, an order, a commit) whether the fault strikes.
//
// Pure: time and randomness are handed in. There is one fault at a time; a new one replaces the old
// one.
#pragma once

#include <functional>
#include <utility>

#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class FaultInjector {
 public:
  // `random` returns numbers from 0 to below 1.
  explicit FaultInjector(std::function<double()> random) : random_(std::move(random)) {}

  // FaultKind::none ends the fault that is on.
  void set(const Fault& fault, Instant now);

  // Whether a fault of this kind strikes on this occasion.
  bool applies(FaultKind kind, Instant now);
  // The fault that is on; none if it is over.
  FaultKind current(Instant now) const;

  // The fault `wrong-value`: the last operation of each request answers one too much. The layout
  // stays valid, and the state digest stays right.
  static void corrupt(Vote& vote);

 private:
  std::function<double()> random_;
  Fault fault_;
  Instant until_ = Instant::never();
};

}  // namespace tally
