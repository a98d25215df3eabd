// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/state_colour.h"

#include "cli/table.h"

namespace tally::cli {

const char* colour_of(std::string_view state) {
  if (state == "ok" || state == "voting") return green;
  if (state == "degraded" || state == "recovering" || state == "probation" || state == "draining") return yellow;
  if (state == "unavailable" || state == "halted" || state == "evicted" || state == "quarantined" || state == "down")
    return red;
  return "";
}

}  // namespace tally::cli
