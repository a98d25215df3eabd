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
  if (asked.state == ReplicaState::voting) {
    if (!is_reproducing()) return "";
    return breakers_.at(replica.value - 1).wrong_proofs > 0 ? to_string(VerdictReason::dissent) : "no_majority";
  }
  return asked.last_verdict ? to_string(asked.last_verdict->reason) : "operator";
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
  const JournaledMember& accused = member(verdict.replica);
  const bool active = accused.state == ReplicaState::voting || accused.state == ReplicaState::probation ||
                      accused.state == ReplicaState::recovering;
  if (!active || accused.recovery != verdict.recovery || !may_lose(verdict.replica)) return false;
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

bool Membership::imported(ReplicaId replica, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  if (member.state != ReplicaState::voting || !may_lose(replica)) return false;
  enter(member, ReplicaState::recovering);
  record_.number = record_.number.next();
  events.push_back(Event("replica_recovering")
                       .with("replica", replica)
                       .with("reason", "imported")
                       .with("recovery", member.recovery)
                       .with("view", record_.number));
  return true;
}

bool Membership::matched(ReplicaId replica, std::uint64_t votes_in_a_row, std::vector<Event>& events) {
  if (member(replica).state != ReplicaState::probation || votes_in_a_row < config_.probation_votes) return false;
  record_.number = record_.number.next();
  admit(replica, votes_in_a_row, events);
  return true;
}

bool Membership::replace(const Verdict& silent, const VoterTally& matched, std::vector<Event>& events) {
  if (member(silent.replica).state != ReplicaState::voting) return false;
  if (member(matched.replica).state != ReplicaState::probation) return false;
  open(silent.replica, silent, events);
  admit(matched.replica, matched.matches, events);
  return true;
}

void Membership::admit(ReplicaId replica, std::uint64_t votes_in_a_row, std::vector<Event>& events) {
  JournaledMember& member = member_of(replica);
  enter(member, ReplicaState::voting);
  member.readmissions += 1;
  breaker_of(replica).forgiven = now_ + config_.cooldown_most;
  events.push_back(
      Event("replica_readmitted").with("replica", replica).with("votes", votes_in_a_row).with("view", record_.number));
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
