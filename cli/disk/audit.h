// SPDX-License-Identifier: Apache-2.0
// `tally audit verify`: the hash chain of the audit log, and where it must end.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "cli/effective_config.h"
#include "cli/exit_code.h"
#include "comparator/audit.h"

namespace tally::cli {

struct AuditOptions {
  GroupOptions group;
  std::string file;  // empty: the group's own, which must have what the group's journal knows of it
  std::string head;  // that it must have, because somebody wrote it down; empty: none
  bool json = false;
};
// The newest record that a view in the group's journal names; nothing if none is named. The journal
// is only read. The error says why it cannot be.
tl::expected<std::optional<AuditHead>, std::string> journaled_audit_head(const std::string& journal_directory);

// ExitCode::unverified: the chain is broken, its end is missing, or an earlier part of it was put
// aside as broken.
ExitCode run_audit_verify(const AuditOptions& options);

}  // namespace tally::cli
