// SPDX-License-Identifier: Apache-2.0
// How often a value was at most each of some bounds, so that a distribution can be watched from
// outside without being kept. The bounds are constants here, so that messages carry the counts
// alone. As Prometheus has them, but for the counts, which are of each step alone and not of all
// steps below it too.
//
// Pure value; counts since whoever counts was started.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/time.h"

namespace tally {

struct Histogram {
  // One for each bound, and one of what is beyond all; empty: nothing was observed.
  std::vector<std::uint64_t> counts;
  std::uint64_t sum = 0;  // of all values
  auto operator<=>(const Histogram&) const = default;

  void observe(std::span<const std::uint64_t> bounds, std::uint64_t value) {
    counts.resize(bounds.size() + 1);
    ++counts[static_cast<std::size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin())];
    sum += value;
  }
};

namespace histograms {

// Microseconds.
inline constexpr std::array<std::uint64_t, 14> duration_bounds = {
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};
// Operations.
inline constexpr std::array<std::uint64_t, 9> size_bounds = {0, 1, 4, 16, 64, 256, 1'024, 4'096, 16'384};

inline constexpr std::size_t most_counts = duration_bounds.size() + 1;

inline void observe(Histogram& durations, Duration duration) {
  durations.observe(duration_bounds,
                    static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.nanoseconds)) / 1000);
}

}  // namespace histograms

}  // namespace tally
