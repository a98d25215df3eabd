// SPDX-License-Identifier: Apache-2.0
// The verdicts that the comparator stands by.
//
// A verdict takes effect when its audit record is written (law 16). From then on each report
// repeats it, until a view shows that it was acted upon (law 22), by another recovery of the
// replica or by a lesser role. A promotion from probation is no such sign, because it was made
// before the verdict arrived. A silence also ends when the replica answers in time again.
//
// Invariant: there is at most one verdict per replica. A dissent takes the place of a silence,
// since only dissent leads to quarantine (law 12). Nothing takes the place of a dissent.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <algorithm>
#include <vector>

#include "comparator/quorum.h"
#include "protocol/messages.h"

namespace tally {

class StandingVerdicts {
 public:
  // Whether a verdict for this reason would say anything new.
  bool has_room_for(ReplicaId replica, VerdictReason reason) const {
    return std::none_of(verdicts_.begin(), verdicts_.end(), [&](const Standing& standing) {
      return standing.verdict.replica == replica &&
             (standing.verdict.reason == reason || standing.verdict.reason == VerdictReason::dissent);
    });
  }

  // Those of these replicas that no verdict stands against.
  ReplicaSet unaccused_of(ReplicaSet replicas) const {
    for (const Standing& standing : verdicts_) replicas.erase(standing.verdict.replica);
    return replicas;
  }

  // `record` is the number of its audit record. Precondition: has_room_for() it.
  void add(const Verdict& verdict, MemberRole role, std::uint64_t record) {
    remove_if([&](const Standing& standing) { return standing.verdict.replica == verdict.replica; });
    verdicts_.push_back({verdict, role, record, false});
  }

  // The replica answers in time again. If a silence stands that nobody could act upon (law 13), it
  // stands no longer.
  void withdraw_silence(ReplicaId replica) {
    remove_if([&](const Standing& standing) {
      return standing.verdict.replica == replica && standing.verdict.reason == VerdictReason::silence;
    });
  }

  // Every record up to `record` is written. Returns true if a verdict takes effect by that.
  bool written_through(std::uint64_t record) {
    bool effect = false;
    for (Standing& standing : verdicts_)
      if (!standing.effective && standing.record <= record) effect = standing.effective = true;
    return effect;
  }

  // `member` is what the newest view says.
  void show(const Member& member) {
    remove_if([&](const Standing& standing) {
      const bool demoted =
          member.role == MemberRole::none || (standing.role == MemberRole::voter && member.role != MemberRole::voter);
      return standing.verdict.replica == member.replica && (demoted || standing.verdict.recovery != member.recovery);
    });
  }

  std::vector<Verdict> effective() const {
    std::vector<Verdict> verdicts;
    for (const Standing& standing : verdicts_)
      if (standing.effective) verdicts.push_back(standing.verdict);
    return verdicts;
  }

 private:
  struct Standing {
    Verdict verdict;
    MemberRole role = MemberRole::none;  // the replica's, when the verdict was found
    std::uint64_t record = 0;
    bool effective = false;
  };

  template <class Condition>
  void remove_if(Condition&& condition) {
    verdicts_.erase(std::remove_if(verdicts_.begin(), verdicts_.end(), condition), verdicts_.end());
  }

  std::vector<Standing> verdicts_;
};

}  // namespace tally
