// SPDX-License-Identifier: Apache-2.0
// `tally incr`, `get`, `set`, `delete` and `list`: operations that the group is asked for natively,
// without a bridge.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "cli/exit_code.h"
#include "cli/group.h"
#include "protocol/operations.h"

namespace tally::cli {

struct CounterOptions {
  GroupOptions group;
  OwnedOperation operation;
  bool json = false;
};
ExitCode run_counter(const CounterOptions& options);

struct ListOptions {
  GroupOptions group;
  std::string prefix;
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  bool json = false;
};
ExitCode run_list(const ListOptions& options);

}  // namespace tally::cli
