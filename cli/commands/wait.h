// SPDX-License-Identifier: Apache-2.0
// `tally wait`: returns when the group's state is the one that is asked for.
//
// A status may be old news, because a replica that has just died counts as a voter until it has
// been silent for a second. So "ok" means here that the distributor has heard of the comparator and
// of every replica since the command began.
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

// Returns nothing as soon as the group is in the state, or, at the end of `patience`, why it is
// not.
std::optional<Failure> wait_for_state(Client& client, const std::string& state, Duration patience);

}  // namespace tally::cli
