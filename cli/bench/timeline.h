// SPDX-License-Identifier: Apache-2.0
// What a load saw over time, in slices of equal length, as CSV. It keeps one histogram and a few
// words for each slice. Pure; used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/histogram.h"
#include "protocol/time.h"

namespace tally::cli {

class Timeline {
 public:
  explicit Timeline(Duration slice) : slice_(slice) {}

  // What one logical client got at a moment.
  struct Answered {
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    Duration latency;
    Duration gap;  // since this client's previous good answer
  };
  // Called in the order of time; the first call begins the first slice.
  void add(Instant now, const Answered& answered);

  // A line for each slice that has ended: its begin on the monotonic clock, its answers, their
  // latency, and the longest gap that ended in it. A slice without a good answer has zeros.
  std::string csv() const;

 private:
  struct Slice {
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    double p50_ns = 0;
    double p99_ns = 0;
    std::uint64_t max_ns = 0;
    std::int64_t gap_ns = 0;
  };
  Instant end_of_present() const { return *begin_ + slice_ * static_cast<std::int64_t>(ended_.size() + 1); }
  void end_slice();

  Duration slice_;
  std::optional<Instant> begin_;
  Histogram latency_;  // of the present slice
  Slice present_;
  std::vector<Slice> ended_;
};

}  // namespace tally::cli
