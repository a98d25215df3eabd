// SPDX-License-Identifier: Apache-2.0
// `tally config check` and `tally config show`. The group does not need to run.
#pragma once

#include <string>

#include "cli/effective_config.h"
#include "cli/exit_code.h"

namespace tally::cli {

struct ConfigCheckOptions {
  std::string file;
  bool json = false;
};
ExitCode run_config_check(const ConfigCheckOptions& options);

struct ConfigShowOptions {
  GroupOptions group;
  bool json = false;
};
ExitCode run_config_show(const ConfigShowOptions& options);

}  // namespace tally::cli
