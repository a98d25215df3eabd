// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint.h"

#include <algorithm>
#include <cstring>

namespace tally {

Digest entry_digest(std::string_view key, std::string_view value) {
  const auto size = static_cast<std::uint32_t>(key.size());
  char prefix[sizeof size];
  std::memcpy(prefix, &size, sizeof size);
  return digest_of_parts({{prefix, sizeof prefix}, key, value});
}

std::string_view to_string(CommitFailure failure) {
  switch (failure) {
    case CommitFailure::not_written: return "not_written";
    case CommitFailure::digest_mismatch: return "digest_mismatch";
    case CommitFailure::lacks_base: return "lacks_base";
  }
  return "unknown";
}

std::vector<const EntryChange*> newest_changes(const DeltaList& deltas) {
  std::size_t count = 0;
  for (const CheckpointDelta* delta : deltas) count += delta->changes.size();
  std::vector<const EntryChange*> changes;
  changes.reserve(count);
  for (const CheckpointDelta* delta : deltas)
    for (const EntryChange& change : delta->changes) changes.push_back(&change);
  const auto key = [](const EntryChange* change) -> std::string_view { return change->key; };
  if (!std::ranges::is_sorted(changes, {}, key)) std::ranges::stable_sort(changes, {}, key);
  std::size_t kept = 0;
  for (const EntryChange* change : changes) {
    if (kept > 0 && changes[kept - 1]->key == change->key) --kept;
    changes[kept++] = change;
  }
  changes.resize(kept);
  return changes;
}

}  // namespace tally
