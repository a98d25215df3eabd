// SPDX-License-Identifier: Apache-2.0
// The only source of chance in a simulation: one seed gives one history, on every machine.
//
// The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014). The distributions are made here, mostly in integers, because those of
// <random> differ between libraries.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/time.h"

namespace tally::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31);
  }

  // A number from 0 to bound - 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  Duration between(Duration least, Duration most) {
    return {least.nanoseconds +
            static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most.nanoseconds - least.nanoseconds) + 1))};
  }
  // A duration that is mostly short, and now and then up to eight times the mean. It is the least
  // of seven draws from that range.
  Duration about(Duration mean) {
    const std::int64_t most = mean.nanoseconds * 8;
    Duration drawn{most};
    for (int draw = 0; draw < 7; ++draw) drawn = std::min(drawn, between(Duration{}, Duration{most}));
    return drawn;
  }
  bool chance(double share) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < share; }
  double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  template <class Value>
  const Value& pick(const std::vector<Value>& values) {
    return values[below(values.size())];
  }

  // A stream of its own, so that what one part draws does not shift what another part draws.
  Random fork() { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace tally::simulation
