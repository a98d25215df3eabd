// SPDX-License-Identifier: Apache-2.0
// What the load generators here share: their flags, and the figures of a closed loop.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <time.h>

#include "cli/bench/histogram.h"

namespace tally::benchmark {

inline std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// Pairs of a flag and a number. `values` has the flags and their defaults; anything else ends the
// program with code 2.
class Flags {
 public:
  Flags(int argc, char** argv, std::map<std::string, double> values) : values_(std::move(values)) {
    for (int place = 1; place < argc; place += 2) {
      char* end = nullptr;
      const auto flag = values_.find(argv[place]);
      if (flag != values_.end() && place + 1 < argc) flag->second = std::strtod(argv[place + 1], &end);
      if (end == nullptr || *end != '\0') usage(argv[0]);
    }
  }

  double operator[](const std::string& name) const { return values_.at(name); }
  std::size_t count(const std::string& name) const { return static_cast<std::size_t>(values_.at(name)); }

 private:
  [[noreturn]] void usage(const char* program) const {
    std::fprintf(stderr, "usage: %s", program);
    for (const auto& [name, value] : values_) std::fprintf(stderr, " [%s %g]", name.c_str(), value);
    std::fprintf(stderr, "\n");
    std::exit(2);
  }

  std::map<std::string, double> values_;
};

// Counts what is answered between the end of a warm-up and the end of the measured time.
class Measurement {
 public:
  explicit Measurement(double seconds)
      : seconds_(seconds), begin_(now_ns() + warm_up_ns), end_(begin_ + static_cast<std::int64_t>(seconds * 1e9)) {}

  bool over(std::int64_t now) const { return now >= end_; }

  // Notes that so many operations, which were sent together, were answered together.
  void answered(std::int64_t sent, std::int64_t now, std::uint64_t operations) {
    if (now >= begin_ && now < end_) latency_.add(static_cast<std::uint64_t>(now - sent), operations);
  }

  // Prints one JSON object. Returns the program's exit code: it is a failure if nothing was
  // answered.
  int print() const {
    std::printf("{\"operations_per_second\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
                static_cast<double>(latency_.count()) / seconds_, latency_.quantile(0.5) / 1e3,
                latency_.quantile(0.99) / 1e3);
    return latency_.count() > 0 ? 0 : 1;
  }

 private:
  static constexpr std::int64_t warm_up_ns = 500'000'000;

  double seconds_;
  std::int64_t begin_;
  std::int64_t end_;
  cli::Histogram latency_;
};

}  // namespace tally::benchmark
