// SPDX-License-Identifier: Apache-2.0
#include "distributor/membership.h"

#include <algorithm>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

using Stage = GroupRollback::Stage;

void enter(JournaledMember& member, ReplicaState state, const Moment& at) {
  member.state = state;
  member.since = at.wall;
}

Event replica_event(std::string_view name, ReplicaId replica, Severity severity = Severity::info) {
  return Event(name, severity).with("replica", replica);
}

}  // namespace

Membership::Membership(const MembershipConfig& config, JournaledView record, const Moment& at)
    : config_(config),
      record_(std::move(record)),
      breakers_(config.replicas, [&](ReplicaId) { return ReplicaBreaker(config.breaker); }),
      wrong_proofs_(config.replicas) {
  if (record_.members.empty()) record_.members.resize(config.replicas);
  CHECK(record_.members.size() == config.replicas);
  for (const auto [replica, breaker] : breakers_) {
    JournaledMember& present = member_of(replica);
    if (present.since == CalendarTime()) present.since = at.wall;  // the group's first start
    if (present.state == ReplicaState::evicted && !present.held) breaker.resume(at.now);
  }
}

// ---- what is known

std::uint32_t Membership::voters() const {
  return static_cast<std::uint32_t>(std::ranges::count(record_.members, ReplicaState::voting, &JournaledMember::state));
}

bool Membership::anybody_on_probation() const {
  return std::ranges::count(record_.members, ReplicaState::probation, &JournaledMember::state) != 0;
}

MemberRole Membership::role(ReplicaId replica) const {
  switch (member(replica).state) {
    case ReplicaState::voting: return MemberRole::voter;
    case ReplicaState::probation: return MemberRole::observed;
    default: return MemberRole::none;
  }
}

OutReason Membership::reason(ReplicaId replica) const {
  const JournaledMember& asked = member(replica);
  if (asked.held) return OutReason::held;
  if (is_reproducing() && takes_part(replica))
    return wrong_proofs_[replica] > 0 ? OutReason::dissent : OutReason::no_majority;
  if (asked.state == ReplicaState::voting) return OutReason::none;
  return asked.last_verdict ? out_reason(asked.last_verdict->reason) : OutReason::held;
}

bool Membership::takes_part(ReplicaId replica) const {
  const ReplicaState state = member(replica).state;
  return state == ReplicaState::voting || state == ReplicaState::probation || state == ReplicaState::recovering;
}

// Law 13: an eviction never leaves fewer than f+1 voters.
bool Membership::may_lose(ReplicaId replica) const {
  return member(replica).state != ReplicaState::voting || voters() > majority();
}

// ---- one replica

ViewChange Membership::evict(const Verdict& verdict, const Moment& at) {
  const ReplicaId replica = verdict.replica;
  if (!replicas().contains(replica) || member(replica).recovery != verdict.recovery) return {};
  if (!takes_part(replica) || !may_lose(replica)) return {};
  JournaledMember& evicted = member_of(replica);
  ReplicaBreaker& breaker = breakers_[replica];
  const bool quarantined = verdict.reason == VerdictReason::dissent && breaker.dissent(at.now);
  enter(evicted, quarantined ? ReplicaState::quarantined : ReplicaState::evicted, at);
  evicted.evictions += 1;
  evicted.last_verdict = LastVerdict{verdict.reason, verdict.sequence, at.wall};
  const Duration cooldown = quarantined ? breaker.open_for_good() : breaker.open(at.now);
  return {replica_event(quarantined ? "replica_quarantined" : "replica_evicted", replica, Severity::warning)
              .with("reason", to_string(verdict.reason))
              .with("sequence", verdict.sequence)
              .with("view", next_view())
              .with("cooldown_ms", cooldown.milliseconds())};
}

ViewChange Membership::evict_by_operator(ReplicaId replica, const Moment& at) {
  JournaledMember& evicted = member_of(replica);
  if (evicted.held || !may_lose(replica)) return {};
  evicted.held = true;
  enter(evicted, ReplicaState::evicted, at);
  evicted.evictions += 1;
  breakers_[replica].open_for_good();
  return {replica_event("replica_evicted", replica, Severity::warning)
              .with("reason", to_string(OutReason::held))
              .with("view", next_view())};
}

Event Membership::begin_recovery(ReplicaId replica, const Moment& at) {
  JournaledMember& recovering = member_of(replica);
  enter(recovering, ReplicaState::recovering, at);
  recovering.recovery = recovering.recovery.next();
  breakers_[replica].half_open();
  return replica_event("replica_recovering", replica).with("recovery", recovering.recovery).with("view", next_view());
}

ViewChange Membership::readmit_by_operator(ReplicaId replica, const Moment& at) {
  JournaledMember& readmitted = member_of(replica);
  if (readmitted.state != ReplicaState::evicted && readmitted.state != ReplicaState::quarantined) return {};
  readmitted.held = false;
  breakers_[replica].reset();
  return {begin_recovery(replica, at)};
}

ViewChange Membership::caught_up(ReplicaId replica, const Moment& at) {
  JournaledMember& member = member_of(replica);
  if (member.state != ReplicaState::recovering) return {};
  enter(member, ReplicaState::probation, at);
  return {replica_event("replica_on_probation", replica).with("view", next_view())};
}

ViewChange Membership::lacks_state(ReplicaId replica, const Moment& at) {
  JournaledMember& voter = member_of(replica);
  if (voter.state != ReplicaState::voting || !may_lose(replica) || !breakers_[replica].excuse(at.now)) return {};
  enter(voter, ReplicaState::recovering, at);
  return {replica_event("replica_recovering", replica)
              .with("reason", "lacks_state")
              .with("recovery", voter.recovery)
              .with("view", next_view())};
}

ViewChange Membership::matched(ReplicaId replica, std::uint64_t votes_in_a_row, const Moment& at) {
  if (member(replica).state != ReplicaState::probation || votes_in_a_row < config_.probation_votes) return {};
  admit(replica, at);
  return {replica_event("replica_readmitted", replica).with("votes", votes_in_a_row).with("view", next_view())};
}

ViewChange Membership::end_cooldown(ReplicaId replica, const Moment& at) {
  const JournaledMember& evicted = member(replica);
  if (evicted.state != ReplicaState::evicted || evicted.held || !breakers_[replica].cut_cooldown(at.now)) return {};
  return {begin_recovery(replica, at)};
}

void Membership::admit(ReplicaId replica, const Moment& at) {
  JournaledMember& admitted = member_of(replica);
  enter(admitted, ReplicaState::voting, at);
  admitted.readmissions += 1;
  breakers_[replica].close(at.now);
}

// ---- all of them

ViewChange Membership::succeed(const Succession& succession, const Moment& at) {
  std::vector<ReplicaId> newcomers;
  for (const ReplicaId replica : succession.replicas)
    if (replicas().contains(replica) && member(replica).state == ReplicaState::probation) newcomers.push_back(replica);
  if (newcomers.empty()) return {};
  const ViewNumber view = next_view();
  ViewChange change;
  for (const ReplicaId replica : newcomers) {
    admit(replica, at);
    change.push_back(replica_event("replica_succeeded", replica, Severity::warning)
                         .with("sequence", succession.ballot)
                         .with("view", view));
  }
  return change;
}

ViewChange Membership::no_majority(Sequence undecided, const Moment& at) {
  if (record_.rollback.stage != Stage::none) return {};
  const bool again = would_halt(at.wall);
  record_.rollback = {Stage::reproducing, undecided, at.wall};
  if (again) return halt("no majority again");
  roll_back_all();
  return {Event("no_majority", Severity::error).with("sequence", undecided).with("view", next_view())};
}

bool Membership::would_halt(CalendarTime wall) const {
  const std::int64_t again_until =
      record_.rollback.at.unix_milliseconds + config_.breaker.quarantine_window.milliseconds();
  return record_.rollback.undecided.value != 0 && wall.unix_milliseconds < again_until;
}

// It tries each of its two checkpoints, then each donor's, and between donors an older one may be
// loaded again.
ViewChange Membership::reproduce_again(ReplicaId replica) {
  std::uint32_t& wrong = wrong_proofs_[replica];
  if (wrong >= 2 * config_.replicas) return {};
  ++wrong;
  JournaledMember& member = member_of(replica);
  member.recovery = member.recovery.next();
  return {replica_event("proof_wrong", replica, Severity::error)
              .with("attempt", wrong)
              .with("recovery", member.recovery)
              .with("view", next_view())};
}

ViewChange Membership::reproduced(const std::vector<ReplicaId>& right, const Moment& at) {
  if (!is_reproducing()) return {};
  record_.rollback.stage = Stage::none;
  for (const ReplicaId replica : right)
    if (member(replica).state != ReplicaState::voting) admit(replica, at);
  return {Event("state_reproduced").with("view", next_view())};
}

ViewChange Membership::halt(std::string_view reason) {
  record_.rollback.stage = Stage::halted;
  return {Event("group_halted", Severity::error)
              .with("reason", reason)
              .with("sequence", record_.rollback.undecided)
              .with("view", next_view())
              .with("then", "tally group resume")};
}

ViewChange Membership::resume(Sequence voided, const Moment& at) {
  Event resumed("group_resumed", Severity::warning);
  if (voided.value != 0) {
    if (record_.voided.size() >= limits::voided_orders) return {};
    record_.voided.insert(std::ranges::lower_bound(record_.voided, voided), voided);
    resumed.with("voided", voided);
  } else if (record_.rollback.stage == Stage::none) {
    return {};
  }
  record_.rollback.stage = Stage::none;
  record_.rollback.at = at.wall;
  roll_back_all();
  return {resumed.with("view", next_view())};
}

void Membership::roll_back_all() {
  for (const ReplicaId replica : replicas())
    if (takes_part(replica)) member_of(replica).recovery = member(replica).recovery.next();
}

void Membership::forget_voided_below(Sequence first) {
  std::erase_if(record_.voided, [first](Sequence voided) { return voided < first; });
}

// ---- the clock

ViewChange Membership::tick(const Moment& at) {
  ViewChange change;
  for (const auto [replica, breaker] : breakers_)
    if (breaker.tick(at.now)) change.push_back(begin_recovery(replica, at));
  return change;
}

Instant Membership::next_deadline() const {
  Instant next = Instant::never();
  for (const ReplicaBreaker& breaker : breakers_.values()) next = std::min(next, breaker.next_deadline());
  return next;
}

}  // namespace tally
