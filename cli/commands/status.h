// SPDX-License-Identifier: Apache-2.0
// `tally status`: what the distributor says of the group, as JSON or as a table, once or every
// second.
#pragma once

#include <string>

#include "cli/exit_code.h"
#include "cli/group.h"
#include "protocol/messages.h"

namespace tally::cli {

struct StatusOptions {
  GroupOptions group;
  bool json = false;
  bool watch = false;
};
ExitCode run_status(const StatusOptions& options);

// The status as people read it. Pure.
std::string status_table(const ClusterStatus& status, bool colour);

}  // namespace tally::cli
