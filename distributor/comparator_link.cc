// SPDX-License-Identifier: Apache-2.0
#include "distributor/comparator_link.h"

#include <algorithm>

namespace tally {

bool ComparatorLink::receive(const ComparatorReport& report, Instant now) {
  const bool is_new = !known_ || report_.incarnation != report.incarnation;
  known_ = true;
  heard_ = now;
  report_ = report;
  return is_new;
}

const VoterTally* ComparatorLink::tally_of(ReplicaId replica) const {
  const auto found = std::ranges::find(report_.voters, replica, &VoterTally::replica);
  return found == report_.voters.end() ? nullptr : &*found;
}

}  // namespace tally
