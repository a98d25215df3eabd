// SPDX-License-Identifier: Apache-2.0
// `tally session list`, `session close`, `limits` and `limits set`: the tables of the replicated
// state. Each of these is an operation of the group, which f+1 replicas answer alike, and which is
// durable if it changes something.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "cli/exit_code.h"
#include "cli/group.h"

namespace tally {
class Client;
}

namespace tally::cli {

struct SessionListOptions {
  GroupOptions group;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  bool json = false;
};
ExitCode run_session_list(const SessionListOptions& options);

struct SessionCloseOptions {
  GroupOptions group;
  std::string session;
  bool json = false;
};
ExitCode run_session_close(const SessionCloseOptions& options);

struct LimitsOptions {
  GroupOptions group;
  bool json = false;
};
ExitCode run_limits(const LimitsOptions& options);

struct LimitsSetOptions {
  GroupOptions group;
  std::string name;
  std::int64_t value = 0;
  bool json = false;
};
ExitCode run_limits_set(const LimitsSetOptions& options);

// A line for each table that is at least half full; none, if the group does not answer.
std::string fullness(Client& client, std::chrono::nanoseconds timeout);

}  // namespace tally::cli
