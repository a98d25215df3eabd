// SPDX-License-Identifier: Apache-2.0
// The log of one daemon, as its supervisor uses it.
#pragma once

#include <string>

#include "runtime/descriptor.h"

namespace tally::cli {

// The file for what a daemon says before it opens its log itself; our own stderr if there can be no
// such file.
Descriptor open_child_log(const std::string& file);

// Why the daemon has refused the last time, as its log says it; the last line of the log, if that
// is not found.
std::string last_refusal(const std::string& file);

}  // namespace tally::cli
