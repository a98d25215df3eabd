// SPDX-License-Identifier: Apache-2.0
// `tally audit verify`: the hash chain of the audit log.
#pragma once

#include <string>

#include "cli/effective_config.h"
#include "cli/exit_code.h"

namespace tally::cli {

struct AuditOptions {
  GroupOptions group;
  std::string file;  // empty: the group's own, DATA/audit/audit.jsonl
  bool json = false;
};
ExitCode run_audit_verify(const AuditOptions& options);

}  // namespace tally::cli
