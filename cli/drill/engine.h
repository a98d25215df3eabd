// SPDX-License-Identifier: Apache-2.0
// Runs one drill: begins a group and its load, carries out the steps, waits until all is whole
// again, and judges.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "cli/drill/patience.h"
#include "cli/drill/steps.h"
#include "cli/drill/verdict.h"
#include "cli/exit_code.h"

namespace tally::cli {

struct DrillRun {
  std::uint64_t seed = 0;                            // of what is drawn: which replica a letter stands for, and when
  bool keep = false;                                 // the group's directory
  std::function<void(const std::string&)> progress;  // is told what is going on
  std::function<void(const std::string&)> tell;      // is told what is worth a line in any case
};

// A failure: the group could not be started, so nothing was drilled.
tl::expected<DrillResult, Failure> run_one(const Drill& drill, const DrillRun& run, const Patience& patience);

}  // namespace tally::cli
