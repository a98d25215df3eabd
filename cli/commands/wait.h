// SPDX-License-Identifier: Apache-2.0
// `tally wait`: returns when the group's state is the one that is asked for.
//
// A status may be old news: a replica that has just died counts as a voter until it has been silent for a second. So
// "ok" means here that the distributor has heard of every replica since the command began.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/exit_code.h"
#include "cli/group.h"
#include "client/client.h"

namespace tally::cli {

struct WaitOptions {
  GroupOptions group;
  std::string state;
  std::int64_t timeout_seconds = 60;
};
ExitCode run_wait(const WaitOptions& options);

// Nothing: it is. Else why not, by the end of `patience`.
std::optional<Failure> wait_for_state(Client& client, const std::string& state, Duration patience);

}  // namespace tally::cli
