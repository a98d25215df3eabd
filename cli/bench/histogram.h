// SPDX-License-Identifier: Apache-2.0
// A histogram of nanoseconds whose buckets grow with the value. There are 128 buckets for each
// power of two, so a quantile is off by half a percent at most. This is the layout of HdrHistogram
// (https://hdrhistogram.org). Pure; used by one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tally::cli {

class Histogram {
 public:
  void add(std::uint64_t nanoseconds, std::uint64_t times = 1) {
    buckets_[bucket_of(nanoseconds)] += times;
    count_ += times;
    max_ = std::max(max_, nanoseconds);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  // The value that the share `quantile` of all values does not exceed, as the middle of its bucket;
  // 0 if there are no values.
  double quantile(double quantile) const {
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(quantile * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen >= wanted) return std::min(middle_of(bucket), static_cast<double>(max_));
    }
    return 0;
  }

  // How many values are at least `from` and less than `until`. It is exact at powers of two only.
  std::uint64_t between(std::uint64_t from, std::uint64_t until) const {
    std::uint64_t sum = 0;
    for (std::size_t bucket = bucket_of(from); bucket < bucket_of(until); ++bucket) sum += buckets_[bucket];
    return sum;
  }

 private:
  static constexpr int precision = 7;
  static constexpr std::uint64_t steps = 1u << precision;  // buckets for each power of two

  // Each value below 2 * steps has a bucket of its own. The bucket of a larger value is named by
  // the highest `precision + 1` bits of it.
  static constexpr std::size_t bucket_of(std::uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - precision - 1);
    return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * steps + (value >> shift));
  }

  static constexpr double middle_of(std::size_t bucket) {
    if (bucket < 2 * steps) return static_cast<double>(bucket);
    const auto shift = bucket / steps - 1;
    const double low = static_cast<double>((bucket - shift * steps) << shift);
    return low + static_cast<double>(std::uint64_t{1} << shift) / 2;
  }

  std::array<std::uint64_t, (64 - precision + 1) * steps> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace tally::cli
