// SPDX-License-Identifier: Apache-2.0
// The tables of the group's state and how full they are, out of the answer to
// OperationKind::list_limits (replica/state_operators.cc): each as "ACCOUNT.TABLE" with its limit,
// and as "ACCOUNT.TABLE.used" with what is used.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/operations.h"

namespace tally {

struct TableFill {
  std::string name;  // "clients.sessions"
  std::int64_t limit = 0;
  std::int64_t used = 0;
};

// By their names.
std::vector<TableFill> tables_in(const std::vector<ListedCounter>& listed);

}  // namespace tally
