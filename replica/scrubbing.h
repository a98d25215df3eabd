// SPDX-License-Identifier: Apache-2.0
// The pace of the scrub of a replica's memory (law 10): the digest is recomputed from the data, a
// small share at a time, so that orders hardly wait for it, and the processor is left to them.
//
// Pure, one thread, driven by the core; instants never go back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally {

class Scrubbing {
 public:
  // Entries: a step takes a fraction of a millisecond.
  static constexpr std::size_t work_per_step = 1'000;
  // A pass over a million entries takes a minute.
  static constexpr Duration time_per_work = seconds(60) / 1'000'000;
  static constexpr Duration shortest_pause = milliseconds(20);
  static constexpr Duration shortest_pass = seconds(1);

  // There is another state.
  void begin(Instant now) { next_ = pass_began_ = now + shortest_pass; }

  Instant next() const { return next_; }
  // A step was made.
  void done(std::size_t work, bool pass_ends, Instant now) {
    next_ = now + std::max(time_per_work * static_cast<std::int64_t>(work), shortest_pause);
    if (!pass_ends) return;
    next_ = std::max(next_, pass_began_ + shortest_pass);
    pass_began_ = next_;
  }

 private:
  Instant next_;
  Instant pass_began_;
};

}  // namespace tally
