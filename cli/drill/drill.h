// SPDX-License-Identifier: Apache-2.0
// `tally drill`: breaks a group on purpose, under load, and says whether it kept its promises.
// docs/drills.md describes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"

namespace tally::cli {

// What to run: exactly one of the first four.
struct DrillOptions {
  std::vector<std::string> names;
  bool all = false;
  bool list = false;
  std::string file;  // empty: none
  bool json = false;
  std::string junit;                  // file; empty: none
  std::optional<std::uint64_t> seed;  // nothing: any
  bool keep = false;
};

// ExitCode::unverified: a drill failed. ExitCode::failed: a group could not be started.
ExitCode run_drill(const DrillOptions& options);

}  // namespace tally::cli
