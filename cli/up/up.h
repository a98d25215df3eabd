// SPDX-License-Identifier: Apache-2.0
// `tally up`: a whole group on this machine, in the foreground, until SIGINT or SIGTERM.
#pragma once

#include <map>
#include <string>

#include "cli/exit_code.h"

namespace tally::cli {

struct UpOptions {
  std::string config;  // empty: not given
  // Configuration key → value, of the flags that were given.
  std::map<std::string, std::string> flags;
  std::string ready_file;  // empty: none
};
ExitCode run_up(const UpOptions& options);

}  // namespace tally::cli
