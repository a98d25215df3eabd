// SPDX-License-Identifier: Apache-2.0
// Faults on purpose, for drills and demonstrations; only where fault injection is switched on. The shell asks at each
// occasion (a vote, an order, a commit) whether the fault strikes.
//
// Pure: time and randomness are handed in. One fault at a time; a new one replaces the old.
#pragma once

#include <functional>
#include <utility>

#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class FaultInjector {
 public:
  // `random` gives numbers of [0, 1).
  explicit FaultInjector(std::function<double()> random) : random_(std::move(random)) {}

  // FaultKind::none clears.
  void set(const Fault& fault, Instant now);
  void clear() { fault_ = {}; }

  // Whether a fault of this kind strikes on this occasion.
  bool applies(FaultKind kind, Instant now);
  // The fault that is on, none if it is over.
  FaultKind current(Instant now) const;

  // wrong-value: the last operation of each request answers one too much. The layout stays valid, the state digest
  // right.
  static void corrupt(Vote& vote);

 private:
  std::function<double()> random_;
  Fault fault_;
  Instant until_ = Instant::never();
};

}  // namespace tally
