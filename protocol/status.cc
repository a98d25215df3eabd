// SPDX-License-Identifier: Apache-2.0
#include "protocol/status.h"

namespace tally {

std::string_view to_string(RoleState state) {
  switch (state) {
    case RoleState::ok: return "ok";
    case RoleState::draining: return "draining";
    case RoleState::down: return "down";
  }
  return "unknown";
}

std::optional<RoleState> role_state_from(std::string_view word) {
  for (const RoleState state : {RoleState::ok, RoleState::draining, RoleState::down})
    if (to_string(state) == word) return state;
  return std::nullopt;
}

}  // namespace tally
