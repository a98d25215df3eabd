// SPDX-License-Identifier: Apache-2.0
// How long the votes on an open ballot are waited for, before whatever the votes that are there
// allow is proposed (laws 13 and 14): as long as a silent replica is given, since a replica may
// merely be slow.
//
// Whoever has left one ballot waiting for so long, with no decision since, is not waited for again
// on each of the ballots that follow. So what counts is the time since the last decision, or since
// the ballot was opened if that is longer. A comparator that woke up late has not seen the votes
// that came meanwhile, and begins to wait anew (law 12).
//
// Part of the comparator's core: one thread; it is told the time.
#pragma once

#include <algorithm>
#include <optional>

#include "protocol/time.h"

namespace tally {

class Patience {
 public:
  explicit Patience(Duration limit) : limit_(limit) {}

  // Something was decided, or a ballot was opened while there was no other one to wait for.
  void begin(Instant now) { since_ = now; }
  // The comparator has slept: nothing that it waits for was waited for longer than from now on.
  void begin_anew(Instant now) { woke_ = now; }

  // Of a ballot that was opened then and is not decided.
  bool is_exhausted(Instant opened, Instant now) const {
    Instant since = std::min(since_, opened);
    if (woke_) since = std::max(since, *woke_);
    return since + limit_ <= now;
  }

 private:
  Duration limit_;
  Instant since_;
  std::optional<Instant> woke_;
};

}  // namespace tally
