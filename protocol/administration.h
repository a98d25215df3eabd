// SPDX-License-Identifier: Apache-2.0
// What an operator can have the distributor do, and the faults that can be injected: all of them
// into a replica, and crash and hang into the distributor and the comparator too.
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

// Whom a command is about.
enum class AdminTarget : std::uint8_t {
  replica = 0,
  distributor = 1,  // fault only, as comparator
  comparator = 2,
};

struct AdminCommand {
  std::uint64_t number = 0;  // comes back with the answer
  std::string token;
  AdminAction action{};
  ReplicaId replica;
  Fault fault;
  Sequence void_sequence;
  AdminTarget target = AdminTarget::replica;  // `replica` says which
  auto operator<=>(const AdminCommand&) const = default;
};

enum class AdminOutcome : std::uint8_t { done = 1, forbidden = 2, refused = 3 };

struct AdminReply {
  std::uint64_t number = 0;
  AdminOutcome outcome{};
  std::string detail;
  auto operator<=>(const AdminReply&) const = default;
};

// Whether such a fault can be had, or ended, in a role that there is one of.
constexpr bool is_of_roles(FaultKind kind) {
  return kind == FaultKind::none || kind == FaultKind::crash || kind == FaultKind::hang;
}

std::string_view to_string(FaultKind kind);
std::string_view to_string(AdminTarget target);
std::optional<FaultKind> fault_kind_from(std::string_view word);

}  // namespace tally
