// SPDX-License-Identifier: Apache-2.0
#include "protocol/group.h"

#include <array>

namespace tally {
namespace {

constexpr std::array<std::string_view, 5> out_words = {"", "dissent", "silence", "operator", "no_majority"};

}  // namespace

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::ok: return "ok";
    case GroupState::degraded: return "degraded";
    case GroupState::unavailable: return "unavailable";
    case GroupState::halted: return "halted";
  }
  return "unknown";
}

std::string_view to_string(ReplicaState state) {
  switch (state) {
    case ReplicaState::voting: return "voting";
    case ReplicaState::evicted: return "evicted";
    case ReplicaState::recovering: return "recovering";
    case ReplicaState::probation: return "probation";
    case ReplicaState::quarantined: return "quarantined";
    case ReplicaState::down: return "down";
  }
  return "unknown";
}

std::string_view to_string(VerdictReason reason) {
  switch (reason) {
    case VerdictReason::dissent: return "dissent";
    case VerdictReason::silence: return "silence";
  }
  return "unknown";
}

std::string_view to_string(OutReason reason) {
  const auto place = static_cast<std::size_t>(reason);
  return place < out_words.size() ? out_words[place] : "unknown";
}

std::optional<OutReason> out_reason_from(std::string_view word) {
  for (std::size_t place = 0; place < out_words.size(); ++place)
    if (out_words[place] == word) return static_cast<OutReason>(place);
  return std::nullopt;
}

}  // namespace tally
