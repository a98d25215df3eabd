// SPDX-License-Identifier: Apache-2.0
// The group's status as JSON: what `tally status --json` prints and the bridge's GET /v1/cluster
// answers. Its fields are a contract with scripts; nothing is renamed, and nothing left out.
#pragma once

#include <string>

#include "protocol/messages.h"

namespace tally {

// Process ids are for operators: to others they are null.
enum class Processes { shown, hidden };

// One line without its end.
std::string status_json(const ClusterStatus& status, Processes processes = Processes::shown);

}  // namespace tally
