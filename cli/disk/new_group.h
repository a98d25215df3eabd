// SPDX-License-Identifier: Apache-2.0
// The directories of a new group. `tally init` makes them, and so does the first `tally up` on a
// directory that holds no group. Nothing else does, so that nothing is ever made in place of
// something that was lost. A replica makes its own directory, because what it holds can be had
// again.
#pragma once

#include <optional>
#include <string>

#include "cli/effective_config.h"
#include "cli/exit_code.h"
#include "runtime/config.h"

namespace tally::cli {

// The name of something that an earlier group has left in the data directory; nothing if a new
// group may begin there.
std::optional<std::string> traces_of_a_group(const Config& config);
std::optional<Failure> make_directories(const Config& config);

struct InitOptions {
  GroupOptions group;
  bool audit_only = false;  // for the comparator's machine, if it has one of its own
};
ExitCode run_init(const InitOptions& options);

}  // namespace tally::cli
