// SPDX-License-Identifier: Apache-2.0
// What `tally status --watch` shows on a terminal: the group at a glance, in 80 columns.
//
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally::cli {

struct Glance {
  std::optional<ClusterStatus> status;  // nothing: no answer yet
  std::optional<Duration> silent;       // how long the distributor has not answered; nothing: it does
  std::optional<double> operations_per_second;
  CalendarTime now;
};

// Lines without their ends, each of at most so many columns.
std::vector<std::string> status_screen(const Glance& glance, std::size_t columns, bool colour);

}  // namespace tally::cli
