// SPDX-License-Identifier: Apache-2.0
#include "replica/recovering.h"

#include <utility>

namespace tally {

Recovering::Step Recovering::follow(const ReplicaStanding& standing, bool is_new_term, bool is_untouched,
                                    Sequence applied) {
  Step step = Step::carried_out;
  if (!std::exchange(is_fresh_, false)) {
    if (is_asked_for_by(standing)) {
      if (!may_keep_state(standing, is_untouched, applied)) return Step::roll_back;
      step = Step::keep_state;
    } else if (!is_new_term || standing.recovery == carried_out_) {
      return Step::none;
    }
    // Otherwise the distributor restarted, and lost the view that it had not synced: it counts from
    // less again.
  }
  carried_out_ = standing.recovery;
  return step;
}

bool Recovering::may_keep_state(const ReplicaStanding& standing, bool is_untouched, Sequence applied) const {
  const bool was_silent = standing.recovery == carried_out_.next() && standing.reason == OutReason::silence;
  return is_untouched || (was_silent && applied < standing.vote_from);
}

}  // namespace tally
