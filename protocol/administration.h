// SPDX-License-Identifier: Apache-2.0
// What an operator can have the distributor do, and the faults that can be injected into a replica.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

enum class FaultKind : std::uint8_t {
  none = 0,  // clears all
  wrong_value = 1,
  wrong_state = 2,
  silent = 3,
  slow = 4,
  crash = 5,
  hang = 6,
  drop_orders = 7,
  corrupt_checkpoint = 8,
  disk_full = 9,
};

struct Fault {
  FaultKind kind = FaultKind::none;
  Duration duration;         // zero: until cleared
  double probability = 1.0;  // of each occasion
  auto operator<=>(const Fault&) const = default;
};

enum class AdminAction : std::uint8_t { evict = 1, readmit = 2, fault = 3, resume = 4 };

struct AdminCommand {
  std::uint64_t number = 0;  // comes back with the answer
  std::string token;
  AdminAction action{};
  ReplicaId replica;
  Fault fault;
  Sequence void_sequence;
  auto operator<=>(const AdminCommand&) const = default;
};

enum class AdminOutcome : std::uint8_t { done = 1, forbidden = 2, refused = 3 };

struct AdminReply {
  std::uint64_t number = 0;
  AdminOutcome outcome{};
  std::string detail;
  auto operator<=>(const AdminReply&) const = default;
};

std::string_view to_string(FaultKind kind);
std::optional<FaultKind> fault_kind_from(std::string_view word);

}  // namespace tally
