// SPDX-License-Identifier: Apache-2.0
// What a bridge has counted since it was started, for its metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/operations.h"

namespace tally::bridge {

// The connections and requests of one door.
struct DoorCounts {
  std::uint64_t connections = 0;          // accepted
  std::uint64_t connections_refused = 0;  // closed at once, because there were too many
  std::uint64_t requests = 0;             // whatever became of them
};

// The operations that the group has answered to this bridge, by their kind.
using OperationCounts = std::array<std::uint64_t, static_cast<std::size_t>(OperationKind::set_limit) + 1>;

}  // namespace tally::bridge
