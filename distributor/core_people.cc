// SPDX-License-Identifier: Apache-2.0
// The distributor towards people: status, operators' commands, and its deadlines and output.
#include <algorithm>

#include "distributor/core.h"
#include "protocol/secret.h"

namespace tally {

// The newest audit record is named in the journal, so that its loss shows.
void DistributorCore::drain() {
  draining_ = true;
  if (is_deciding()) view_changed();
}

GroupState DistributorCore::group_state(Instant now) const {
  if (membership_.record().rollback.stage == GroupRollback::Stage::halted) return GroupState::halted;
  if (!is_deciding()) return GroupState::unavailable;
  if (!comparator_present(now) || stalled_ || !decided_once_ || !journal_.has_room || progress_.is_slow(now))
    return GroupState::unavailable;
  return membership_.voters() < streams_.size() ? GroupState::degraded : GroupState::ok;
}

// Of the list in docs/operations.md.
std::string_view DistributorCore::trouble(Instant now) const {
  switch (group_state(now)) {
    case GroupState::ok: return "";
    case GroupState::degraded: return "replicas_out";
    case GroupState::halted: return "halted";
    case GroupState::unavailable: break;
  }
  if (!is_deciding()) return "rolling_back";
  if (!comparator_present(now)) return "no_comparator";
  if (!journal_.has_room) return "no_room";
  if (progress_.is_slow(now)) return "journal_slow";
  if (nobody_has_a_state(now)) return "no_state";
  return stalled_ ? "no_majority" : "starting";
}

// The log has what the status says.
void DistributorCore::tell_trouble(Instant now) {
  const std::string_view why = trouble(now);
  if (why == told_trouble_) return;
  told_trouble_ = why;
  const bool is_expected = why.empty() || why == "starting";
  output_.events.push_back(Event("group_state", is_expected ? Severity::info : Severity::warning)
                               .with("state", to_string(group_state(now)))
                               .with("reason", why)
                               .with("advice", advice(why)));
}

// f+1 replicas are there, and all that are want what only another one could give.
bool DistributorCore::nobody_has_a_state(Instant now) const {
  std::uint32_t present = 0;
  for (const ReplicaStream& stream : streams_) {
    if (!stream.is_present(now)) continue;
    if (stream.report().state_wanted.value == 0) return false;
    ++present;
  }
  return present >= membership_.majority();
}

// The first replica that only a person can bring back; zero: none.
ReplicaId DistributorCore::waiting_for_people() const {
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const JournaledMember& member = membership_.member(ReplicaId(id));
    if (member.held || member.state == ReplicaState::quarantined) return ReplicaId(id);
  }
  return {};
}

std::string DistributorCore::advice(std::string_view trouble) const {
  const ReplicaId waiting = waiting_for_people();
  const std::string id = std::to_string(waiting.value);
  if (trouble == "replicas_out")
    return waiting.value != 0 ? "Replica " + id + " waits for `tally replica readmit " + id +
                                    "`; what else is out is repaired by itself."
                              : "Everything is answered; what is out is repaired by itself.";
  if (trouble == "no_majority")
    return waiting.value != 0 ? "`tally replica readmit " + id + "` would bring replica " + id + " back."
                              : "Bring replicas back until " + std::to_string(membership_.majority()) +
                                    " of them are whole; nothing is lost.";
  if (trouble == "no_state")
    return "The journal begins at order " + std::to_string(journal_first_.value) +
           ", and no replica has a state that it leads on from: put the newest copy of a replica's directory back.";
  if (trouble == "no_comparator") return "Start the comparator, or see its log.";
  if (trouble == "journal_slow") return "The journal's disk does not finish its syncs; see that disk.";
  if (trouble == "no_room") return "The journal's disk is full: make room there; nothing has to be started again.";
  if (trouble == "starting") return "Wait: nothing was decided yet since the distributor started.";
  if (trouble == "rolling_back") return "Wait: all replicas execute again from their checkpoints.";
  if (trouble == "halted") return "See the undecided record in the audit log, then `tally group resume`.";
  return "";
}

CalendarTime DistributorCore::wall_time_of(Instant instant, Instant now) const {
  return {wall_.unix_milliseconds + (instant - now).milliseconds()};
}

ReplicaStatus DistributorCore::replica_status(ReplicaId replica, Instant now) const {
  const ReplicaStream& stream = stream_of(replica);
  const JournaledMember& member = membership_.member(replica);
  ReplicaStatus status;
  status.id = replica;
  const bool put_out = member.state == ReplicaState::evicted || member.state == ReplicaState::quarantined;
  status.state = put_out || stream.is_present(now) ? member.state : ReplicaState::down;
  status.applied = stream.report().applied.sequence;
  // Who was heard of just now can know of no later order.
  const Sequence last = stream.reportable(last_.sequence, now);
  status.lag = last.value - std::min(last.value, status.applied.value);
  if (stream.is_known()) status.heard_ms = static_cast<std::uint64_t>((now - stream.heard()).milliseconds());
  status.pid = stream.report().pid;
  status.store = stream.report().store;
  status.evictions = member.evictions;
  status.readmissions = member.readmissions;
  status.last_verdict = member.last_verdict;
  status.held = member.held;
  status.checkpoint = stream.report().checkpoint;
  status.reason = membership_.reason(replica);
  status.since = member.since;
  if (status.state == ReplicaState::down)
    status.since = stream.is_known() ? wall_time_of(stream.heard(), now) : CalendarTime();
  if (const Instant next = membership_.next_try(replica); put_out && next != Instant::never())
    status.next_try = wall_time_of(std::max(next, now), now);
  for (const VoterTally& tally : comparator_.voters) {
    if (tally.replica != replica) continue;
    status.votes = tally.votes;
    status.dissents = tally.dissents;
    status.dissent_verdicts = tally.dissent_verdicts;
    status.silences = tally.silences;
  }
  return status;
}

void DistributorCore::receive(const ClientId& client, const StatusQuery& query, Instant now) {
  wake(now);
  ClusterStatus status;
  status.number = query.number;
  status.term = term_;
  status.view = membership_.record().number;
  status.sequence = last_.sequence;
  status.decided = decided_;
  status.stable = progress_.stable();
  status.state = group_state(now);
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    status.replicas.push_back(replica_status(ReplicaId(id), now));
    status.votes_received += status.replicas.back().votes;
  }
  status.distributor_pid = config_.pid;
  status.distributor_state = draining_ ? "draining" : "ok";
  status.comparator_pid = comparator_.pid;
  status.comparator_state = comparator_present(now) ? "ok" : "down";
  if (comparator_known_)
    status.comparator_heard_ms = static_cast<std::uint64_t>((now - comparator_heard_).milliseconds());
  status.orders = orders_made_;
  status.requests = requests_ordered_;
  status.journal_appends = progress_.appended();
  status.journal_syncs = progress_.syncs();
  status.orders_sent = orders_sent_;
  status.journal_first = journal_first_;
  if (!is_deciding()) status.undecided = membership_.record().rollback.undecided;
  status.reason = trouble(now);
  status.advice = advice(status.reason);
  status.decision = comparator_.decision;
  status.order_operations = comparator_.order_operations;
  status.journal_sync = progress_.durations();
  output_.to_clients.emplace_back(client, std::move(status));
}

void DistributorCore::receive(const ClientId& client, const AdminCommand& command, Instant now) {
  wake(now);
  output_.to_clients.emplace_back(client, carry_out(command));
}

AdminReply DistributorCore::carry_out(const AdminCommand& command) {
  const auto refused = [&](const char* why) { return AdminReply{command.number, AdminOutcome::refused, why}; };
  if (!is_secret(command.token, config_.admin_token))
    return {command.number, AdminOutcome::forbidden, "the admin token is missing or wrong"};
  if (command.action == AdminAction::resume) return carry_out_resume(command);
  if (!is_replica(command.replica)) return refused("there is no such replica");
  bool changed = false;
  switch (command.action) {
    case AdminAction::evict:
      changed = membership_.hold(command.replica, output_.events);
      if (!changed) return refused("it is held already, or too few replicas vote to go without it");
      break;
    case AdminAction::readmit:
      changed = membership_.readmit(command.replica, output_.events);
      if (!changed) return refused("it is neither evicted nor quarantined");
      break;
    case AdminAction::fault: return carry_out_fault(command);
    case AdminAction::resume: break;
  }
  view_changed();
  return {command.number, AdminOutcome::done, ""};
}

// Law 14: after a halt; or with an order to void, which may be what keeps the replicas from answering at all.
AdminReply DistributorCore::carry_out_resume(const AdminCommand& command) {
  const auto refused = [&](const char* why) { return AdminReply{command.number, AdminOutcome::refused, why}; };
  const Sequence voided = command.void_sequence;
  if (const char* why = voided.value == 0 ? nullptr : refusal_to_void(voided)) return refused(why);
  if (!membership_.resume(voided, output_.events))
    return refused(voided.value == 0 ? "the group is not halted" : "too many orders are voided already");
  begin_new_term();
  return {command.number, AdminOutcome::done, ""};
}

// What was answered must not be undone (laws 8 and 17). Nothing: the order may be voided.
const char* DistributorCore::refusal_to_void(Sequence sequence) const {
  if (sequence < journal_first_ || sequence > last_.sequence) return "there is no such order";
  if (is_voided(sequence)) return "that order is voided already";
  if (sequence <= std::max(agreed_.order.sequence, comparator_.agreed.order.sequence))
    return "that order is decided already";
  const GroupRollback& rollback = membership_.record().rollback;
  const bool undecided = rollback.stage != GroupRollback::Stage::none;
  if (undecided && sequence < rollback.undecided) return "that order may be decided already";
  if (undecided && sequence == rollback.undecided) return nullptr;
  // Ballots of an earlier term are closed, once the comparator is in this one.
  if (sequence > began_ || comparator_.term != term_)
    return "that order may still be decided; restart the distributor first";
  if (undecided) return nullptr;
  if (decided_once_ && !stalled_) return "the group decides: no order keeps it from that";
  const bool executed = std::ranges::any_of(streams_, [&](const ReplicaStream& stream) {
    return stream.is_known() && stream.report().applied.sequence >= sequence;
  });
  return executed ? "a replica has executed that order, so it may be decided already" : nullptr;
}

AdminReply DistributorCore::carry_out_fault(const AdminCommand& command) {
  if (!config_.fault_injection)
    return {command.number, AdminOutcome::refused, "fault injection is off: start with --fault-injection"};
  output_.to_replicas.emplace_back(command.replica, command.fault);
  output_.events.push_back(Event("fault_injected", Severity::warning)
                               .with("replica", command.replica)
                               .with("kind", to_string(command.fault.kind)));
  // Whoever clears a fault vouches for the replica: no need to wait for the rest of its cool-down.
  const JournaledMember& member = membership_.member(command.replica);
  const bool cooling_down = member.state == ReplicaState::evicted && !member.held;
  if (command.fault.kind == FaultKind::none && cooling_down) {
    membership_.readmit(command.replica, output_.events);
    view_changed();
  }
  return {command.number, AdminOutcome::done, ""};
}

Instant DistributorCore::next_deadline() const {
  Instant next = std::min(next_beat_, membership_.next_deadline());
  if (may_make_order(last_turn_)) next = std::min(next, takes_requests() ? last_turn_ : next_empty_);
  next = std::min({next, open_.expires_at(votes()), next_stall()});
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const ReplicaStream& stream = stream_of(ReplicaId(id));
    if (feed_end(ReplicaId(id)) > stream.sent()) next = std::min(next, std::max(stream.may_send_from(), last_turn_));
  }
  return next;
}

DistributorOutput DistributorCore::take_output() { return std::exchange(output_, {}); }

}  // namespace tally
