// SPDX-License-Identifier: Apache-2.0
// What a bridge has counted since it was started, for its metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/operations.h"

namespace tally::bridge {

// The connections and requests of one door.
struct DoorCounts {
  std::uint64_t connections = 0;          // accepted
  std::uint64_t connections_refused = 0;  // closed at once, because there were too many
  std::uint64_t requests = 0;             // whatever became of them
};

// What an error reply of the Redis door is about.
enum class ErrorReply : std::uint8_t {
  protocol,     // what came is no command, and the connection ends
  auth,         // who asks is not known, or may not
  unavailable,  // nothing was applied, and the client may try again
  unknown,      // nobody knows whether it was applied
  other,        // a mistake in the command, or what Redis refuses too
};
using ErrorReplyCounts = std::array<std::uint64_t, static_cast<std::size_t>(ErrorReply::other) + 1>;

// All that one door says of itself.
struct DoorFigures {
  std::string_view door;  // its name in metrics
  std::size_t open_connections = 0;
  DoorCounts counts = {};
  std::optional<ErrorReplyCounts> error_replies = {};  // of the Redis door only
};

// The operations that the group has answered to this bridge, by their kind.
using OperationCounts = std::array<std::uint64_t, static_cast<std::size_t>(last_operation_kind) + 1>;

}  // namespace tally::bridge
