// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/timeline.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace tally::cli {

void Timeline::add(Instant now, const Answered& answered) {
  if (!begin_) begin_ = now;
  while (now >= end_of_present()) end_slice();
  present_.errors += answered.errors;
  if (answered.operations == 0) return;
  present_.operations += answered.operations;
  present_.gap_ns = std::max(present_.gap_ns, answered.gap.nanoseconds);
  latency_.add(static_cast<std::uint64_t>(answered.latency.nanoseconds), answered.operations);
}

void Timeline::end_slice() {
  if (latency_.count() > 0) {
    present_.p50_ns = latency_.quantile(0.5);
    present_.p99_ns = latency_.quantile(0.99);
    present_.max_ns = latency_.max();
    latency_ = {};
  }
  ended_.push_back(present_);
  present_ = {};
}

std::string Timeline::csv() const {
  std::string text = "at_s,operations,errors,p50_us,p99_us,max_us,gap_us\n";
  for (std::size_t place = 0; place < ended_.size(); ++place) {
    const Slice& slice = ended_[place];
    const Instant begin = *begin_ + slice_ * static_cast<std::int64_t>(place);
    char line[200];
    std::snprintf(line, sizeof line, "%.6f,%" PRIu64 ",%" PRIu64 ",%.1f,%.1f,%.1f,%.1f\n",
                  static_cast<double>(begin.nanoseconds) / 1e9, slice.operations, slice.errors, slice.p50_ns / 1e3,
                  slice.p99_ns / 1e3, static_cast<double>(slice.max_ns) / 1e3, static_cast<double>(slice.gap_ns) / 1e3);
    text += line;
  }
  return text;
}

}  // namespace tally::cli
