// SPDX-License-Identifier: Apache-2.0
#include "distributor/membership.h"

#include <algorithm>

#include "protocol/check.h"

namespace tally {

Membership::Membership(const MembershipConfig& config, JournaledView record, Instant now)
    : config_(config), record_(std::move(record)), breakers_(config.replicas), now_(now) {
  if (record_.members.empty()) record_.members.resize(config.replicas);
  CHECK(record_.members.size() == config.replicas);
  for (Breaker& breaker : breakers_) breaker.cooldown = config_.cooldown;
  for (std::size_t place = 0; place < record_.members.size(); ++place)
    if (record_.members[place].state == ReplicaState::evicted && !record_.members[place].held)
      breakers_[place].closes = now + config_.cooldown;
}

void Membership::observe(CalendarTime at, Instant now) {
  wall_ = at;
  now_ = now;
  for (JournaledMember& member : record_.members)
    if (member.since.unix_milliseconds == 0) member.since = at;  // the group's first start
}

JournaledMember& Membership::member_of(ReplicaId replica) { return record_.members.at(replica.value - 1); }
const JournaledMember& Membership::member(ReplicaId replica) const { return record_.members.at(replica.value - 1); }
Membership::Breaker& Membership::breaker_of(ReplicaId replica) { return breakers_.at(replica.value - 1); }

std::uint32_t Membership::voters() const {
  return static_cast<std::uint32_t>(std::ranges::count(record_.members, ReplicaState::voting,
                                                       [](const JournaledMember& member) { return member.state; }));
}

bool Membership::anybody_on_probation() const {
  return std::ranges::any_of(record_.members,
                             [](const JournaledMember& member) { return member.state == ReplicaState::probation; });
}

MemberRole Membership::role(ReplicaId replica) const {
  switch (member(replica).state) {
    case ReplicaState::voting: return MemberRole::voter;
    case ReplicaState::probation: return MemberRole::observed;
    default: return MemberRole::none;
  }
}

std::string_view Membership::reason(ReplicaId replica) const {
  const JournaledMember& asked = member(replica);
  if (asked.held) return "operator";
  if (is_reproducing() && takes_part(replica))
    return breakers_.at(replica.value - 1).wrong_proofs > 0 ? to_string(VerdictReason::dissent) : "no_majority";
  if (asked.state == ReplicaState::voting) return "";
  return asked.last_verdict ? to_string(asked.last_verdict->reason) : "operator";
}

bool Membership::takes_part(ReplicaId replica) const {
  const ReplicaState state = member(replica).state;
  return state == ReplicaState::voting || state == ReplicaState::probation || state == ReplicaState::recovering;
}

// Law 13: an eviction never leaves fewer than f+1 voters.
bool Membership::may_lose(ReplicaId replica) const {
  return member(replica).state != ReplicaState::voting || voters() > majority();
}

// Whether this dissent is one too many.
bool Membership::count_dissent(Breaker& breaker) const {
  breaker.dissents.push_back(now_);
  while (breaker.dissents.front() + config_.quarantine_window <= now_) breaker.dissents.pop_front();
  return breaker.dissents.size() >= config_.quarantine_dissents;
}

void Membership::enter(JournaledMember& member, ReplicaState state) {
  member.state = state;
  member.since = wall_;
}

void Membership::open(ReplicaId replica, const Verdict& verdict, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  Breaker& breaker = breaker_of(replica);
  const bool quarantined = verdict.reason == VerdictReason::dissent && count_dissent(breaker);
  enter(member, quarantined ? ReplicaState::quarantined : ReplicaState::evicted);
  member.evictions += 1;
  member.last_verdict = LastVerdict{verdict.reason, verdict.sequence, wall_};
  record_.number = record_.number.next();
  breaker.forgiven = Instant::never();
  breaker.closes = quarantined ? Instant::never() : now_ + breaker.cooldown;
  events.push_back(Event(quarantined ? "replica_quarantined" : "replica_evicted", Severity::warning)
                       .with("replica", replica)
                       .with("reason", to_string(verdict.reason))
                       .with("sequence", verdict.sequence)
                       .with("view", record_.number)
                       .with("cooldown_ms", breaker.cooldown.milliseconds()));
  breaker.cooldown = std::min(breaker.cooldown * 2, config_.cooldown_most);
}

bool Membership::judge(const Verdict& verdict, std::vector<Event>& events) {
  if (verdict.replica.value < 1 || verdict.replica.value > config_.replicas) return false;
  const bool present_life = member(verdict.replica).recovery == verdict.recovery;
  if (!takes_part(verdict.replica) || !present_life || !may_lose(verdict.replica)) return false;
  open(verdict.replica, verdict, events);
  return true;
}

bool Membership::hold(ReplicaId replica, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  if (member.held || !may_lose(replica)) return false;
  member.held = true;
  enter(member, ReplicaState::evicted);
  member.evictions += 1;
  record_.number = record_.number.next();
  breaker_of(replica).closes = Instant::never();
  breaker_of(replica).forgiven = Instant::never();
  events.push_back(Event("replica_evicted", Severity::warning)
                       .with("replica", replica)
                       .with("reason", "operator")
                       .with("view", record_.number));
  return true;
}

void Membership::begin_recovery(ReplicaId replica, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  enter(member, ReplicaState::recovering);
  member.recovery = member.recovery.next();
  record_.number = record_.number.next();
  breaker_of(replica).closes = Instant::never();
  events.push_back(Event("replica_recovering")
                       .with("replica", replica)
                       .with("recovery", member.recovery)
                       .with("view", record_.number));
}

bool Membership::readmit(ReplicaId replica, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  if (member.state != ReplicaState::evicted && member.state != ReplicaState::quarantined) return false;
  member.held = false;
  Breaker& breaker = breaker_of(replica);
  breaker.cooldown = config_.cooldown;
  breaker.forgiven = Instant::never();
  breaker.dissents.clear();
  begin_recovery(replica, events);
  return true;
}

bool Membership::caught_up(ReplicaId replica, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  if (member.state != ReplicaState::recovering) return false;
  enter(member, ReplicaState::probation);
  record_.number = record_.number.next();
  events.push_back(Event("replica_on_probation").with("replica", replica).with("view", record_.number));
  return true;
}

bool Membership::lacks_state(ReplicaId replica, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  Breaker& breaker = breaker_of(replica);
  if (member.state != ReplicaState::voting || !may_lose(replica) || now_ < breaker.next_blameless) return false;
  breaker.next_blameless = now_ + blameless_period;
  enter(member, ReplicaState::recovering);
  record_.number = record_.number.next();
  events.push_back(Event("replica_recovering")
                       .with("replica", replica)
                       .with("reason", "lacks_state")
                       .with("recovery", member.recovery)
                       .with("view", record_.number));
  return true;
}

bool Membership::matched(ReplicaId replica, std::uint64_t votes_in_a_row, std::vector<Event>& events) {
  if (member(replica).state != ReplicaState::probation || votes_in_a_row < config_.probation_votes) return false;
  record_.number = record_.number.next();
  admit(replica);
  events.push_back(
      Event("replica_readmitted").with("replica", replica).with("votes", votes_in_a_row).with("view", record_.number));
  return true;
}

bool Membership::succeed(const Succession& succession, std::vector<Event>& events) {
  std::vector<ReplicaId> newcomers;
  for (const ReplicaId replica : succession.replicas)
    if (replica.value >= 1 && replica.value <= config_.replicas && member(replica).state == ReplicaState::probation)
      newcomers.push_back(replica);
  if (newcomers.empty()) return false;
  record_.number = record_.number.next();
  for (const ReplicaId replica : newcomers) {
    admit(replica);
    events.push_back(Event("replica_succeeded", Severity::warning)
                         .with("replica", replica)
                         .with("sequence", succession.ballot)
                         .with("view", record_.number));
  }
  return true;
}

bool Membership::end_cooldown(ReplicaId replica, std::vector<Event>& events) {
  Breaker& breaker = breaker_of(replica);
  const JournaledMember& member = member_of(replica);
  if (member.state != ReplicaState::evicted || member.held || now_ < breaker.next_cut) return false;
  breaker.next_cut = now_ + cooldown_cut_period;
  begin_recovery(replica, events);
  return true;
}

void Membership::admit(ReplicaId replica) {
  JournaledMember& member = member_of(replica);
  enter(member, ReplicaState::voting);
  member.readmissions += 1;
  breaker_of(replica).forgiven = now_ + config_.cooldown_most;
}

bool Membership::tick(std::vector<Event>& events) {
  bool changed = false;
  for (std::uint64_t id = 1; id <= config_.replicas; ++id) {
    Breaker& breaker = breakers_[id - 1];
    if (breaker.forgiven <= now_) {
      breaker.cooldown = config_.cooldown;
      breaker.forgiven = Instant::never();
    }
    if (breaker.closes > now_) continue;
    begin_recovery(ReplicaId(id), events);
    changed = true;
  }
  return changed;
}

Instant Membership::next_deadline() const {
  Instant next = Instant::never();
  for (const Breaker& breaker : breakers_) next = std::min({next, breaker.closes, breaker.forgiven});
  return next;
}

}  // namespace tally
