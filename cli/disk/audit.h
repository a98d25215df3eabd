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
  std::string file;  // empty: the group's own, and it must have what the group's journal says it had
  std::string head;  // that somebody wrote down, and that it must have; empty: none
  bool json = false;
};
// The newest record that a view in the group's journal names; nothing: it names none. Changes nothing of it. The error
// is why it cannot be read.
tl::expected<std::optional<AuditHead>, std::string> journaled_audit_head(const std::string& journal_directory);

// Unverified: the chain is broken, its end is missing, or an earlier part was put aside as broken.
ExitCode run_audit_verify(const AuditOptions& options);

}  // namespace tally::cli
