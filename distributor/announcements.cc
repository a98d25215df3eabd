// SPDX-License-Identifier: Apache-2.0
#include "distributor/announcements.h"

#include <algorithm>

namespace tally {
namespace {

using Stage = GroupRollback::Stage;

std::uint64_t milliseconds_since(Instant heard, Instant now) {
  return static_cast<std::uint64_t>((now - heard).milliseconds());
}

CalendarTime wall_time_of(Instant instant, const Moment& at) {
  return {at.wall.unix_milliseconds + (instant - at.now).milliseconds()};
}

ReplicaStatus replica_status_of(ReplicaId replica, const DistributorParts& parts, const Moment& at) {
  const ReplicaStream& stream = parts.streams[replica];
  const JournaledMember& member = parts.membership.member(replica);
  ReplicaStatus status;
  status.id = replica;
  const bool is_put_out = member.state == ReplicaState::evicted || member.state == ReplicaState::quarantined;
  status.state = is_put_out || stream.is_present(at.now) ? member.state : ReplicaState::down;
  status.applied = stream.report().applied.sequence;
  // Who was heard of just now can know of no later order.
  const Sequence last = stream.reportable(parts.chain.last().sequence, at.now);
  status.lag = last.value - std::min(last.value, status.applied.value);
  if (stream.is_known()) status.heard_ms = milliseconds_since(stream.heard(), at.now);
  status.pid = stream.report().pid;
  status.store = stream.report().store;
  status.evictions = member.evictions;
  status.readmissions = member.readmissions;
  status.last_verdict = member.last_verdict;
  status.held = member.held;
  status.checkpoint = stream.report().checkpoint;
  status.reason = parts.membership.reason(replica);
  status.since = member.since;
  if (status.state == ReplicaState::down)
    status.since = stream.is_known() ? wall_time_of(stream.heard(), at) : CalendarTime();
  const Instant recovers_at = parts.membership.recovers_at(replica);
  if (is_put_out && recovers_at != Instant::never()) status.next_try = wall_time_of(std::max(recovers_at, at.now), at);
  if (const VoterTally* tally = parts.comparator.tally_of(replica)) {
    status.votes = tally->votes;
    status.dissents = tally->dissents;
    status.dissent_verdicts = tally->dissent_verdicts;
    status.silences = tally->silences;
  }
  return status;
}

}  // namespace

ReplicaStanding standing_of(ReplicaId replica, const DistributorParts& parts) {
  const JournaledMember& member = parts.membership.member(replica);
  const bool is_reproducing = parts.membership.record().rollback.stage == Stage::reproducing;
  ReplicaStanding standing;
  standing.term = parts.chain.term();
  standing.group = parts.group;
  standing.view = parts.membership.record().number;
  standing.state = member.state;
  standing.recovery = member.recovery;
  standing.last = parts.chain.last();
  standing.stable = parts.progress.stable();
  standing.vote_from = parts.streams[replica].vote_from(member.recovery, parts.decisions.decided().next());
  standing.journal_first = parts.retention.first();
  standing.agreed = parts.agreement.told();
  if (is_reproducing) standing.prove = parts.agreement.newest().order.sequence;
  standing.seal_wanted = parts.sealing.asks_to_get_ready();
  standing.seal = parts.sealing.seal();
  standing.donors = parts.sealing.donors();
  standing.reason = parts.membership.reason(replica);
  return standing;
}

View view_of(const DistributorParts& parts) {
  View view;
  view.term = parts.chain.term();
  view.group = parts.group;
  view.number = parts.membership.record().number;
  for (const ReplicaId replica : parts.membership.replicas()) {
    const JournaledMember& member = parts.membership.member(replica);
    view.members.push_back({replica, parts.membership.role(replica), member.recovery, member.state});
  }
  view.comparator = parts.comparator.report().incarnation;
  view.closed = parts.decisions.closed();
  view.last = parts.chain.last().sequence;
  view.stable = parts.progress.stable();
  view.audit_head = parts.membership.record().audit_head;
  return view;
}

GroupCondition condition_of(const DistributorParts& parts, Instant now) {
  GroupCondition condition;
  condition.rollback = parts.membership.record().rollback.stage;
  condition.is_ending_term = parts.is_ending_term;
  condition.has_comparator = parts.comparator.is_present(now);
  condition.has_room = parts.retention.has_room();
  condition.is_journal_slow = parts.progress.is_slow(now);
  condition.is_stalled = parts.decisions.is_stalled() || parts.decisions.is_in_dispute(now);
  condition.has_decided = parts.decisions.has_decided();
  condition.replicas = static_cast<std::uint32_t>(parts.streams.size());
  condition.voters = parts.membership.voters();
  condition.majority = parts.membership.majority();
  condition.journal_first = parts.retention.first();
  std::uint32_t present = 0;
  std::uint32_t lacking = 0;
  for (const auto [replica, stream] : parts.streams) {
    const JournaledMember& member = parts.membership.member(replica);
    const bool waits = member.held || member.state == ReplicaState::quarantined;
    if (waits && condition.waiting.value == 0) condition.waiting = replica;
    if (!stream.is_present(now)) continue;
    ++present;
    if (stream.report().state_wanted.value != 0) ++lacking;
  }
  condition.has_anybody_state = lacking < present || present < condition.majority;
  return condition;
}

ClusterStatus status_of(const DistributorParts& parts, const Moment& at) {
  const GroupCondition condition = condition_of(parts, at.now);
  const GroupTrouble trouble = trouble_of(condition);
  const ComparatorReport& comparator = parts.comparator.report();
  ClusterStatus status;
  status.term = parts.chain.term();
  status.view = parts.membership.record().number;
  status.sequence = parts.chain.last().sequence;
  status.decided = parts.decisions.newest_decision();
  status.stable = parts.progress.stable();
  status.state = state_of(condition);
  for (const auto [replica, stream] : parts.streams) {
    status.replicas.push_back(replica_status_of(replica, parts, at));
    status.votes_received += status.replicas.back().votes;
    status.orders_sent += stream.orders_sent();
  }
  status.comparator_pid = comparator.pid;
  status.comparator_state = parts.comparator.is_present(at.now) ? RoleState::ok : RoleState::down;
  if (parts.comparator.is_known()) status.comparator_heard_ms = milliseconds_since(parts.comparator.heard(), at.now);
  status.orders = parts.chain.orders();
  status.requests = parts.chain.requests();
  status.journal_appends = parts.progress.appended();
  status.journal_syncs = parts.progress.syncs();
  status.journal_first = parts.retention.first();
  if (!condition.is_deciding()) status.undecided = parts.membership.record().rollback.undecided;
  status.reason = to_string(trouble);
  status.advice = advice_on(trouble, condition);
  status.decision = comparator.decision;
  status.order_operations = comparator.order_operations;
  status.journal_sync = parts.progress.durations();
  return status;
}

}  // namespace tally
