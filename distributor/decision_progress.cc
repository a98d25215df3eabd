// SPDX-License-Identifier: Apache-2.0
#include "distributor/decision_progress.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"

namespace tally {
bool DecisionProgress::decide(Sequence through) {
  if (through <= std::max(decided_, closed_)) return false;
  decided_ = newest_ = through;
  has_decided_ = true;
  undecidable_.reset();
  return std::exchange(stalled_, false);
}

void DecisionProgress::close(Sequence through) {
  closed_ = std::max(closed_, through);
  decided_ = std::max(decided_, through);
}

void DecisionProgress::find_undecidable(Instant now) {
  if (!undecidable_) undecidable_ = Undecidable{now, now};
  undecidable_->told = now;
  disputed_ = now;
}

void DecisionProgress::forget_undecidable() {
  undecidable_.reset();
  disputed_.reset();
}

bool DecisionProgress::is_in_dispute(Instant now) const {
  return disputed_ && now < *disputed_ + limits::ballot_lifetime;
}

void DecisionProgress::forget_old_undecidable(Instant now) {
  if (undecidable_ && undecidable_->told + limits::ballot_lifetime <= now) undecidable_.reset();
}

void DecisionProgress::restart_timers(Instant now) {
  if (undecidable_) undecidable_ = Undecidable{now, now};
}

}  // namespace tally
