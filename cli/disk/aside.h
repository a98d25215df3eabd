// SPDX-License-Identifier: Apache-2.0
// `tally aside`: what was put aside because it was damaged or given up. Only an operator removes
// it.
#pragma once

#include <string>

#include "cli/effective_config.h"
#include "cli/exit_code.h"

namespace tally::cli {

struct AsideOptions {
  GroupOptions group;
  bool json = false;
};
ExitCode run_aside_list(const AsideOptions& options);

struct AsideRemoveOptions {
  GroupOptions group;
  std::string name;  // as the list says it
};
ExitCode run_aside_remove(const AsideRemoveOptions& options);

}  // namespace tally::cli
