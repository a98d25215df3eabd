// SPDX-License-Identifier: Apache-2.0
// `tally journal check` and `journal dump` read and verify the journal's files. Neither changes
// anything or takes a lock, so a distributor may be using them meanwhile.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "cli/exit_code.h"

namespace tally::cli {

struct JournalCheckOptions {
  std::string path;  // of the journal's directory, or of the group's data directory
  bool json = false;
};
// ExitCode::unverified: something is damaged, or a distributor would refuse to start with it.
ExitCode run_journal_check(const JournalCheckOptions& options);

struct JournalDumpOptions {
  std::string path;
  std::int64_t from = 1;                                          // the first order
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();  // of orders
};
// ExitCode::unverified: a place in it is damaged.
ExitCode run_journal_dump(const JournalDumpOptions& options);

}  // namespace tally::cli
