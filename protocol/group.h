// SPDX-License-Identifier: Apache-2.0
// In which states a group and each of its replicas can be, and why a replica is out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tally {

enum class GroupState : std::uint8_t { ok = 1, degraded = 2, unavailable = 3, halted = 4 };

enum class ReplicaState : std::uint8_t {
  voting = 1,
  evicted = 2,      // circuit breaker open: nothing is sent until the cool-down ends
  recovering = 3,   // rolls back, imports, executes the orders it missed
  probation = 4,    // half-open: votes are compared and not counted
  quarantined = 5,  // dissented too often: waits for an operator
  down = 6,         // shown when there is no connection to it
};

enum class VerdictReason : std::uint8_t { dissent = 1, silence = 2 };

// Why a replica does not vote, or has to recover.
enum class OutReason : std::uint8_t {
  none = 0,  // it votes
  dissent = 1,
  silence = 2,
  held = 3,         // an operator holds it; "operator" in words
  no_majority = 4,  // everybody rolls back (law 14)
};

// The words of the HTTP interface and the logs: "voting", "silence", ...; none is the empty word.
std::string_view to_string(GroupState state);
std::string_view to_string(ReplicaState state);
std::string_view to_string(VerdictReason reason);
std::string_view to_string(OutReason reason);
std::optional<OutReason> out_reason_from(std::string_view word);

constexpr OutReason out_reason(VerdictReason reason) {
  return reason == VerdictReason::dissent ? OutReason::dissent : OutReason::silence;
}

}  // namespace tally
