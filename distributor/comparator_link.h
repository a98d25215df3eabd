// SPDX-License-Identifier: Apache-2.0
// The comparator as the distributor sees it: what it has reported, and whether it is there.
//
// Its reports are cumulative, so the newest one says everything. A comparator of another
// incarnation starts empty and knows nothing of what was open (law 15). Pure; one thread; instants
// never go back.
#pragma once

#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class ComparatorLink {
 public:
  explicit ComparatorLink(Instant now) : heard_(now) {}

  // True: this is the first report of its process.
  bool receive(const ComparatorReport& report, Instant now);

  bool is_known() const { return known_; }  // it has reported in this term
  bool is_present(Instant now) const { return known_ && was_heard_lately(now); }
  // Right after the start that holds of a comparator that has not reported yet, too: the group is
  // given the time to find together.
  bool was_heard_lately(Instant now) const { return now - heard_ <= limits::presence; }
  const ComparatorReport& report() const { return report_; }
  Instant heard() const { return heard_; }
  // What it has counted of this replica; null: nothing.
  const VoterTally* tally_of(ReplicaId replica) const;
  // Nobody is taken for down by what the caller slept through.
  void forgive(Instant now) { heard_ = now; }

 private:
  bool known_ = false;
  Instant heard_;
  ComparatorReport report_;
};

}  // namespace tally
