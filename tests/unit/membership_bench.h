// SPDX-License-Identifier: Apache-2.0
// What the tests of the membership share: its clock, and what happens to one replica.
#pragma once

#include <utility>

#include "distributor/membership.h"

namespace tally {

// What changes the view returns true.
struct MembershipBench {
  Instant now = Instant{} + seconds(10);
  CalendarTime wall{1'000'000};
  Membership membership;

  explicit MembershipBench(const MembershipConfig& config, JournaledView record = {})
      : membership(config, std::move(record), at()) {}

  Moment at() const { return {now, wall}; }
  static bool did(const ViewChange& change) { return !change.empty(); }
  bool evict(const Verdict& verdict) { return did(membership.evict(verdict, at())); }
  bool accuse(std::uint64_t replica, VerdictReason reason) {
    const ReplicaId id(replica);
    return evict({id, membership.member(id).recovery, reason, Sequence(7)});
  }
  bool silence(std::uint64_t replica) { return accuse(replica, VerdictReason::silence); }
  bool dissent(std::uint64_t replica) { return accuse(replica, VerdictReason::dissent); }
  bool hold(std::uint64_t replica) { return did(membership.evict_by_operator(ReplicaId(replica), at())); }
  bool readmit(std::uint64_t replica) { return did(membership.readmit_by_operator(ReplicaId(replica), at())); }
  bool caught_up(std::uint64_t replica) { return did(membership.caught_up(ReplicaId(replica), at())); }
  bool matched(std::uint64_t replica, std::uint64_t votes) {
    return did(membership.matched(ReplicaId(replica), votes, at()));
  }
  bool pass(Duration duration) {
    now = now + duration;
    wall.unix_milliseconds += duration.milliseconds();
    return did(membership.tick(at()));
  }
};

}  // namespace tally
