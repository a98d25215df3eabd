// SPDX-License-Identifier: Apache-2.0
// Law 14: a group without a majority. Everybody who takes part rolls back to its checkpoint and executes again in a new
// term; the group goes on when f+1 of them, voters before or not, reproduce the last decided state, and halts when they
// cannot, or when it happens again.
#include <algorithm>

#include "distributor/membership.h"
#include "protocol/limits.h"

namespace tally {

using Stage = GroupRollback::Stage;

bool Membership::no_majority(Sequence undecided, std::vector<Event>& events) {
  if (record_.rollback.stage != Stage::none) return false;
  const bool again = would_halt();
  record_.rollback = {Stage::reproducing, undecided, wall_};
  if (again) return halt("no majority again", events);
  roll_back_all();
  events.push_back(Event("no_majority", Severity::error).with("sequence", undecided).with("view", record_.number));
  return true;
}

bool Membership::would_halt() const {
  const std::int64_t again_until = record_.rollback.at.unix_milliseconds + config_.quarantine_window.milliseconds();
  return record_.rollback.undecided.value != 0 && wall_.unix_milliseconds < again_until;
}

// With each of its two checkpoints, then with each donor's, between which an older one may be loaded again.
bool Membership::reproduce_again(ReplicaId replica, std::vector<Event>& events) {
  Breaker& breaker = breaker_of(replica);
  if (breaker.wrong_proofs >= 2 * config_.replicas) return false;
  ++breaker.wrong_proofs;
  JournaledMember& member = member_of(replica);
  member.recovery = member.recovery.next();
  record_.number = record_.number.next();
  events.push_back(Event("proof_wrong", Severity::error)
                       .with("replica", replica)
                       .with("attempt", breaker.wrong_proofs)
                       .with("recovery", member.recovery)
                       .with("view", record_.number));
  return true;
}

bool Membership::reproduced(const std::vector<ReplicaId>& right, std::vector<Event>& events) {
  if (!is_reproducing()) return false;
  record_.rollback.stage = Stage::none;
  record_.number = record_.number.next();
  for (const ReplicaId replica : right)
    if (member(replica).state != ReplicaState::voting) admit(replica);
  events.push_back(Event("state_reproduced").with("view", record_.number));
  return true;
}

bool Membership::halt(std::string_view reason, std::vector<Event>& events) {
  record_.rollback.stage = Stage::halted;
  record_.number = record_.number.next();
  events.push_back(Event("group_halted", Severity::error)
                       .with("reason", reason)
                       .with("sequence", record_.rollback.undecided)
                       .with("view", record_.number)
                       .with("then", "tally group resume"));
  return true;
}

bool Membership::resume(Sequence voided, std::vector<Event>& events) {
  if (voided.value != 0) {
    if (record_.voided.size() >= limits::voided_orders) return false;
    record_.voided.insert(std::ranges::lower_bound(record_.voided, voided), voided);
  } else if (record_.rollback.stage == Stage::none) {
    return false;
  }
  record_.rollback.stage = Stage::none;
  record_.rollback.at = wall_;
  roll_back_all();
  Event resumed("group_resumed", Severity::warning);
  if (voided.value != 0) resumed.with("voided", voided);
  events.push_back(resumed.with("view", record_.number));
  return true;
}

void Membership::forget_voided_below(Sequence first) {
  std::erase_if(record_.voided, [first](Sequence voided) { return voided < first; });
}

void Membership::roll_back_all() {
  for (std::uint64_t id = 1; id <= config_.replicas; ++id)
    if (takes_part(ReplicaId(id))) {
      JournaledMember& member = member_of(ReplicaId(id));
      member.recovery = member.recovery.next();
    }
  record_.number = record_.number.next();
}

}  // namespace tally
