// SPDX-License-Identifier: Apache-2.0
// The directories of a new group: `tally init` makes them, and the first `tally up` on a directory that holds no group;
// nothing else does, so that nothing is ever made in place of something lost. A replica makes its own, since what it
// holds can be had again.
#pragma once

#include <optional>
#include <string>

#include "cli/effective_config.h"
#include "cli/exit_code.h"
#include "runtime/config.h"

namespace tally::cli {

// The name of what an earlier group left in the data directory; nothing: it may be a new one's.
std::optional<std::string> traces_of_a_group(const Config& config);
std::optional<Failure> make_directories(const Config& config);

struct InitOptions {
  GroupOptions group;
  bool audit_only = false;  // for the comparator's machine, if it has one of its own
};
ExitCode run_init(const InitOptions& options);

}  // namespace tally::cli
