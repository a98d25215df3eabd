// SPDX-License-Identifier: Apache-2.0
// What an operator gives up because nothing else brings a group back: `tally journal rebuild`,
// `tally journal accept-loss` and `tally audit accept-loss`. Each says beforehand what it costs,
// puts aside what was there, and goes on record in the audit log. The group must be stopped.
#pragma once

#include "cli/effective_config.h"
#include "cli/exit_code.h"

namespace tally::cli {

struct LossOptions {
  GroupOptions group;
  bool yes = false;  // without asking anybody
};

// Makes a new journal, which begins after the newest checkpoint that f+1 replicas vouch for.
ExitCode run_journal_rebuild(const LossOptions& options);
// Goes on with the journal that is there, as far as it can be read, though more was known to be
// decided.
ExitCode run_journal_accept_loss(const LossOptions& options);
// Makes a new audit log in place of one that is gone.
ExitCode run_audit_accept_loss(const LossOptions& options);

}  // namespace tally::cli
