// SPDX-License-Identifier: Apache-2.0
#include "protocol/administration.h"

#include <array>

namespace tally {
namespace {

constexpr std::array<std::string_view, 10> fault_words = {
    "none", "wrong-value", "wrong-state",        "silent",   "slow", "crash",
    "hang", "drop-orders", "corrupt-checkpoint", "disk-full"};

}  // namespace

std::string_view to_string(FaultKind kind) {
  const auto place = static_cast<std::size_t>(kind);
  return place < fault_words.size() ? fault_words[place] : "unknown";
}

std::string_view to_string(AdminTarget target) {
  switch (target) {
    case AdminTarget::replica: return "replica";
    case AdminTarget::distributor: return "distributor";
    case AdminTarget::comparator: return "comparator";
  }
  return "unknown";
}

std::optional<FaultKind> fault_kind_from(std::string_view word) {
  for (std::size_t place = 1; place < fault_words.size(); ++place)
    if (fault_words[place] == word) return static_cast<FaultKind>(place);
  return std::nullopt;
}

}  // namespace tally
