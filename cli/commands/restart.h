// SPDX-License-Identifier: Apache-2.0
// `tally restart`: tells one daemon after the other to stop, in a group that `tally up` runs on
// this machine, which starts it again. The group is ok before each restart and after it, so nothing
// is lost and little is noticed.
#pragma once

#include <cstdint>
#include <string>

#include "cli/exit_code.h"
#include "cli/group.h"

namespace tally::cli {

struct RestartOptions {
  GroupOptions group;
  std::string role;  // as its files are named, like replica-1; empty: all
  bool all = false;
  std::int64_t timeout_seconds = 60;  // for each
};
ExitCode run_restart(const RestartOptions& options);

}  // namespace tally::cli
