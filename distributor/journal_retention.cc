// SPDX-License-Identifier: Apache-2.0
#include "distributor/journal_retention.h"

#include <algorithm>

#include "protocol/quorum.h"

namespace tally {

bool JournalRetention::damaged(Sequence sequence) {
  if (sequence < first_) return false;
  first_ = sequence.next();
  return true;
}

// The newest order that f+1 voters say they have a checkpoint of, or beyond.
Sequence JournalRetention::safe(const std::vector<Checkpoint>& checkpoints, Sequence agreed) const {
  std::vector<Sequence> claims;
  for (const Checkpoint& checkpoint : checkpoints)
    if (checkpoint.is_voters) claims.push_back(std::min(checkpoint.newest, agreed));
  return claimed_by(config_.majority, std::move(claims));
}

// The newest order that nobody needs.
Sequence JournalRetention::unneeded(const std::vector<Checkpoint>& checkpoints, bool has_silent,
                                    Sequence agreed) const {
  std::uint64_t oldest = safe(checkpoints, agreed).value;
  if (size_.bytes > config_.bytes) return Sequence(oldest);
  if (has_silent) oldest = 0;
  for (const Checkpoint& checkpoint : checkpoints) oldest = std::min(oldest, checkpoint.newest.value);
  return Sequence(oldest - std::min(oldest, config_.slack_orders));
}

std::optional<Sequence> JournalRetention::cut(const std::vector<Checkpoint>& checkpoints, bool has_silent,
                                              Sequence agreed) {
  const bool is_damaged = cut_ < first_;
  const Sequence first = (is_damaged ? safe(checkpoints, agreed) : unneeded(checkpoints, has_silent, agreed)).next();
  // The journal forgets whole files: a cut of fewer orders would forget nothing, and so would one
  // that was asked for already.
  const bool is_too_small = is_damaged ? first < first_ : first < size_.next_cut || size_.next_cut <= cut_;
  if (is_too_small) return std::nullopt;
  cut_ = first_ = first;
  return first;
}

}  // namespace tally
