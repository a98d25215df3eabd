// SPDX-License-Identifier: Apache-2.0
// What is found against a replica: the verdict, with the evidence for the record and the event for
// people.
//
// Pure functions, any thread.
#pragma once

#include <variant>
#include <vector>

#include "comparator/audit.h"
#include "comparator/watched_replica.h"
#include "protocol/event.h"

namespace tally {

struct Finding {
  Verdict verdict;
  std::variant<DissentEvidence, SilenceEvidence> evidence;
  Event event;
};

// The ballot is decided, and a vote of this replica on it differs from the decision. `members` has
// one for each configured replica, by id.
Finding dissent_of(const WatchedReplica& replica, const Ballot& ballot, const std::vector<Member>& members);

// The replica is silent.
Finding silence_of(const WatchedReplica& replica);

}  // namespace tally
