// SPDX-License-Identifier: Apache-2.0
// Whether a drill has passed, of what was seen while it ran. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/drill/check.h"
#include "cli/drill/steps.h"
#include "protocol/time.h"

namespace tally::cli {

struct Findings {
  std::vector<Increment> history;
  std::optional<std::vector<std::int64_t>> final_values;  // nothing: they could not be read
  Instant began;                                          // the load
  std::optional<Instant> struck;                          // the first fault; nothing: none came
  std::optional<Instant> healed;                          // all replicas vote; nothing: not in time
  Instant ended;                                          // the load
  std::uint64_t refused = 0;                              // how often a client was told "not applied"
  std::optional<Duration> detected_after;
  std::optional<Duration> evicted_after;
  std::optional<Duration> voting_again_after;
  std::vector<std::string> failures;  // expectations that were not met, and whatever else went wrong
};

struct DrillResult {
  std::string name;
  std::uint64_t seed = 0;
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;
  std::uint64_t lost = 0;
  std::uint64_t twice = 0;
  std::uint64_t order_violations = 0;
  Duration longest_gap;  // from the first fault until all vote again
  std::optional<Duration> detected_after;
  std::optional<Duration> evicted_after;
  std::optional<Duration> voting_again_after;
  Duration took;
  std::vector<std::string> failures;  // sentences without a full stop; none: it has passed

  bool passed() const { return failures.empty(); }
};

DrillResult verdict(const Drill& drill, std::uint64_t seed, const Findings& findings);

}  // namespace tally::cli
