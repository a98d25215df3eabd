// SPDX-License-Identifier: Apache-2.0
#include "protocol/observation.h"

namespace tally {

std::string_view to_string(VoteOutcome outcome) {
  switch (outcome) {
    case VoteOutcome::pending: return "pending";
    case VoteOutcome::agrees: return "agrees";
    case VoteOutcome::differs: return "differs";
  }
  return "unknown";
}

}  // namespace tally
