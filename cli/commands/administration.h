// SPDX-License-Identifier: Apache-2.0
// What an operator does by hand: `tally replica`, `tally fault` and `tally group`. All of it needs
// the admin token.
#pragma once

#include "cli/exit_code.h"
#include "cli/group.h"
#include "protocol/messages.h"

namespace tally::cli {

struct AdministrationOptions {
  GroupOptions group;
  AdminCommand command;  // without its token
  bool json = false;
};
ExitCode run_administration(const AdministrationOptions& options);

}  // namespace tally::cli
