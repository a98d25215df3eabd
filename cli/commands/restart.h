// SPDX-License-Identifier: Apache-2.0
// `tally restart`: one daemon after the other of a group that `tally up` runs on this machine is told to stop, and is
// started again by it. The group is ok before each and afterwards, so that nothing is lost and little is noticed.
#pragma once

#include <cstdint>
#include <string>

#include "cli/exit_code.h"
#include "cli/group.h"

namespace tally::cli {

struct RestartOptions {
  GroupOptions group;
  std::string role;  // as its files are named: replica-1; empty: all
  bool all = false;
  std::int64_t timeout_seconds = 60;  // for each
};
ExitCode run_restart(const RestartOptions& options);

}  // namespace tally::cli
