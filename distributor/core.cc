// SPDX-License-Identifier: Apache-2.0
#include "distributor/core.h"

#include <algorithm>

#include "distributor/reproduction.h"
#include "protocol/session.h"

namespace tally {
namespace {

using Stage = GroupRollback::Stage;

constexpr Duration busy_order_period = milliseconds(5);
constexpr Duration busy_beat = milliseconds(50);
constexpr Duration idle_beat = milliseconds(250);
constexpr std::uint64_t caught_up_within = limits::replica_window_orders / 4;
// With whoever is there and says nothing, while all others are wrong.
constexpr Duration proof_patience = seconds(300);
constexpr Duration newcomer_patience = seconds(10);  // with whoever is on its way to its vote
// After the start, whoever has not been heard of may be on its way.
constexpr Duration first_word = seconds(2);

}  // namespace

DistributorCore::DistributorCore(DistributorConfig config, RecoveredJournal journal, CalendarTime wall, Instant now)
    : config_(std::move(config)),
      group_(journal.group),
      chain_(journal, config_.key_secret, now),
      open_({journal.term, config_.hash_seed, config_.ack_timeout, config_.ack_misses}, now),
      decisions_(journal.last.sequence),
      progress_(config_.wait_for_sync, journal.last.sequence, now),
      retention_({quorum_of(config_.membership.replicas), config_.journal_slack_orders, config_.journal_bytes},
                 journal.first),
      membership_(config_.membership, std::move(journal.view), {now, wall}),
      agreement_(journal.agreed, now),
      sealing_(membership_.majority()),
      streams_(config_.membership.replicas),
      comparator_(now),
      administration_(config_.administration),
      wall_(wall),
      began_at_(now),
      last_turn_(now),
      planned_turn_(now),
      next_beat_(now),
      next_empty_(now) {
  membership_.forget_voided_below(retention_.first());
  output_.events.push_back(Event("term_began")
                               .with("term", chain_.term())
                               .with("sequence", chain_.last().sequence)
                               .with("view", membership_.record().number)
                               .with("voters", membership_.voters()));
}

// ---- requests

void DistributorCore::client_connected(const ClientId& client, Instant now) {
  begin_turn(now);
  output_.to_clients.emplace_back(client, DistributorWelcome{chain_.term(), state_of(condition_of(parts(), now))});
}

// Right after its start the group is given the time to find together.
bool DistributorCore::is_accepting(Instant now) const {
  return is_deciding() && !decisions_.is_stalled() && retention_.has_room() && comparator_.was_heard_lately(now);
}

void DistributorCore::receive(const ClientId& client, ClientRequest sent, Instant now) {
  begin_turn(now);
  Request& request = sent.request;
  request.session = session_of(sent.secret);  // law 24: nothing behind us sees the secret
  request.principal = client.principal;
  if (is_draining_) return refuse(client, request, RefusalReason::draining);
  if (!is_accepting(now)) return refuse(client, request, refusal_reason());
  const SessionId session = request.session;
  const RequestNumber number = request.number;
  // Law 21: its first transmission is on its way.
  if (!open_.begin_request(session, number)) return;
  const Sequencer::Admission admission = sequencer_.add(client, request);
  if (admission == Sequencer::Admission::queued) return;
  open_.end_request(session, number);
  refuse(client, request,
         admission == Sequencer::Admission::full ? RefusalReason::overloaded : RefusalReason::malformed);
}

void DistributorCore::refuse(const ClientId& client, const Request& request, RefusalReason reason) {
  output_.to_clients.emplace_back(client, Refusal{request.session, request.number, request.attempt, reason});
}

RefusalReason DistributorCore::refusal_reason() const {
  const bool is_halted = membership_.record().rollback.stage == Stage::halted;
  return is_halted ? RefusalReason::undecided : RefusalReason::unavailable;
}

void DistributorCore::refuse_all_waiting() {
  for (const WaitingRequest& waiting : sequencer_.take_all()) {
    open_.end_request(waiting.request.session, waiting.request.number);
    refuse(waiting.client, waiting.request, refusal_reason());
  }
}

// ---- orders

// One order per sync: what waits during the sync is the next order.
bool DistributorCore::may_make_order(Instant now) const {
  const bool sync_in_progress = progress_.waits_for_sync() && progress_.is_syncing();
  return is_deciding() && retention_.has_room() && comparator_.is_present(now) && !sync_in_progress && open_.has_room();
}

// While many results are on their way only empty orders are made: by these a group that stands
// still goes on.
bool DistributorCore::takes_requests() const { return !sequencer_.empty() && open_.has_room_for_results(); }

// Votes on empty orders are what a replica on probation is judged by, and a seal waits for its
// order.
Duration DistributorCore::empty_order_period() const {
  const bool is_compared = membership_.anybody_on_probation() && !decisions_.is_standing_still();
  return is_compared || sealing_.is_worth_waiting_for(last_turn_) ? busy_order_period : config_.ack_timeout;
}

void DistributorCore::make_order(Instant now) {
  OpenOrder open;
  std::vector<Request> requests;
  if (takes_requests())
    for (WaitingRequest& waiting : sequencer_.take_batch()) {
      open.result_bytes += waiting.request.result_limit;
      open.ballot.requests.push_back({waiting.client, waiting.request.session, waiting.request.number});
      requests.push_back(std::move(waiting.request));
    }
  next_empty_ = now + empty_order_period();
  Order order = chain_.extend(std::move(requests), moment(now));
  sealing_.mark(order, now);
  const bool changes = order.changes_state();
  output_.appends.emplace_back(std::move(order));
  progress_.appended_order(chain_.last().sequence, changes);
  if (changes && progress_.waits_for_sync()) ask_for_sync();
  open.ballot.order = chain_.last();
  open.ballot.synced = changes && progress_.waits_for_sync();  // by the time that it is sent
  open.stable_after = progress_.stable_after();
  open.waits_since = now;
  open_.add(std::move(open));
}

template <class Record>
void DistributorCore::append(const Record& record) {
  output_.appends.emplace_back(record);
  progress_.appended_record();
}

void DistributorCore::ask_for_sync() { output_.sync_through = progress_.ask_for_sync(last_turn_); }

void DistributorCore::synced(std::uint64_t position, Instant now) {
  const bool view_was_waiting = !progress_.is_synced(view_position_);
  progress_.synced(position, now);
  if (agreement_.tell(progress_) && is_draining_) tell_view();
  if (!view_was_waiting || !progress_.is_synced(view_position_)) return;
  output_.term_ended = is_ending_term_;
  tell_view();
}

bool DistributorCore::is_voided(Sequence sequence) const {
  const std::vector<Sequence>& voided = membership_.record().voided;
  return !voided.empty() && std::ranges::binary_search(voided, sequence);
}

// The newest audit record is named in the journal, so that its loss shows.
void DistributorCore::drain() {
  is_draining_ = true;
  if (is_deciding()) view_changed();
}

// ---- ballots

void DistributorCore::close_ballots(Sequence through) {
  open_.close(through);
  decisions_.close(through);
}

OpenOrders::Votes DistributorCore::votes() const {
  const ComparatorReport& report = comparator_.report();
  OpenOrders::Votes votes;
  if (report.agreed.order.term == chain_.term()) votes.decided = report.agreed.order.sequence;
  if (report.voters.empty() || report.view != membership_.record().number) return votes;
  votes.everybody = chain_.last().sequence;
  for (const VoterTally& tally : report.voters)
    if (streams_.contains(tally.replica) && membership_.role(tally.replica) == MemberRole::voter)
      votes.everybody = std::min(votes.everybody, tally.voted);
  return votes;
}

// Law 15: ballots are disposable. The clients' repetitions become new orders.
void DistributorCore::expire_ballots(Instant now) {
  if (open_.empty()) return;
  const Sequence expired = open_.expired(votes(), now);
  if (expired.value == 0) return;
  close_ballots(expired);
  send_view();
  output_.events.push_back(Event("ballots_expired", Severity::warning).with("sequence", expired));
}

// Returns never() when the group has stalled already, or when there is nothing to decide.
Instant DistributorCore::next_stall() const {
  return decisions_.is_stalled() || !is_deciding() ? Instant::never() : open_.stalls_at();
}

// ---- replicas

void DistributorCore::receive(ReplicaId replica, const ReplicaReport& report, Instant now) {
  begin_turn(now);
  if (report.group.value != 0 && report.group != group_) {
    send_standing(replica);  // it will see, and stop
    return;
  }
  const Sequence last = chain_.last().sequence;
  ReplicaStream& stream = streams_[replica];
  const ReplicaStream::Beginning begins = stream.receive(report, last, decisions_.decided().next(), now);
  if (begins.of_process)
    output_.events.push_back(Event("replica_connected")
                                 .with("replica", replica)
                                 .with("pid", report.pid)
                                 .with("applied", report.applied.sequence)
                                 .with("recovery", report.recovery));
  if (begins.of_stream) send_standing(replica);
  if (!is_deciding()) return;  // law 14: whoever proves itself votes
  const bool newly_lacks = stream.begins_to_lack_state(retention_.first());
  const bool of_this_life = report.recovery == membership_.member(replica).recovery;
  if (newly_lacks && of_this_life && note(membership_.lacks_state(replica, moment(now)))) view_changed();
  const bool is_close_behind = report.applied.sequence.value + caught_up_within >= last.value;
  // Who lives on an unproven import, or has no state yet, gives no vote that could be compared.
  const bool gives_votes = flows(replica) && !report.imported && report.state_wanted.value == 0;
  if (!gives_votes || !is_close_behind || !note(membership_.caught_up(replica, moment(now)))) return;
  next_empty_ = std::min(next_empty_, now + empty_order_period());  // to be judged by
  view_changed();
}

// Orders may be sent to it: it takes part, and has carried out the recovery that it was told of.
bool DistributorCore::flows(ReplicaId replica) const {
  return membership_.takes_part(replica) &&
         streams_[replica].has_carried_out(membership_.member(replica).recovery, chain_.last().sequence);
}

// Rather than execute for minutes what it wants to import, it waits for the seconds that a seal
// takes. Not if its vote may be waited for.
bool DistributorCore::awaits_seal(ReplicaId replica) const {
  if (membership_.member(replica).state != ReplicaState::recovering || decisions_.is_standing_still()) return false;
  return streams_[replica].report().state_wanted.value != 0 && sealing_.is_worth_waiting_for(last_turn_);
}

// The newest order that the replica's window and the journal allow to be sent to it.
Sequence DistributorCore::feed_end(ReplicaId replica) const {
  const ReplicaStream& stream = streams_[replica];
  const bool may_flow = flows(replica) && stream.sent().next() >= retention_.first() && !awaits_seal(replica);
  return may_flow ? stream.room(chain_.last().sequence) : stream.sent();
}

void DistributorCore::feed(ReplicaId replica, Instant now) {
  ReplicaStream& stream = streams_[replica];
  if (stream.may_send_from() > now) return;
  const Sequence end = feed_end(replica);
  if (end <= stream.sent()) return;
  output_.deliveries.push_back({replica, stream.sent().next(), end});
  stream.delivered(end);
}

void DistributorCore::delivery_failed(ReplicaId replica, Sequence sequence) {
  streams_[replica].delivery_failed(sequence, last_turn_);
}

void DistributorCore::send_standing(ReplicaId replica) {
  if (!is_view_told()) return;  // tell_view() comes
  output_.to_replicas.emplace_back(replica, standing_of(replica, parts()));
}

void DistributorCore::consider_seal(Instant now) {
  const bool is_wanted = std::ranges::any_of(streams_.values(), [&](const ReplicaStream& stream) {
    return stream.report().state_wanted.value != 0 && stream.is_present(now);
  });
  if (!is_wanted) return sealing_.rest();
  std::vector<Sealing::Replica> replicas;
  for (const auto [replica, stream] : streams_) {
    const ReplicaReport& report = stream.report();
    replicas.push_back({stream.is_present(now), membership_.role(replica) == MemberRole::voter, report.state_wanted,
                        report.imported, report.seal_ready, report.seal});
  }
  const Sealing::Step step = sealing_.consider(replicas, chain_.last().sequence, now, output_.events);
  if (step.make_order) next_empty_ = now;
  if (step.tell) tell_view();
}

void DistributorCore::journal_damaged(Sequence sequence) {
  if (!retention_.damaged(sequence)) return;
  output_.events.push_back(Event("journal_damaged", Severity::error).with("sequence", sequence));
  tell_view();
}

void DistributorCore::consider_cut() {
  std::vector<JournalRetention::Checkpoint> checkpoints;
  for (const auto [replica, stream] : streams_)
    if (stream.is_known())
      checkpoints.push_back({stream.report().checkpoint, membership_.role(replica) == MemberRole::voter});
  const bool has_silent = checkpoints.size() < streams_.size();
  const std::optional<Sequence> first = retention_.cut(checkpoints, has_silent, agreement_.told().order.sequence);
  if (!first) return;
  output_.cut_below = *first;
  output_.events.push_back(Event("journal_cut").with("first", *first));
  membership_.forget_voided_below(*first);
}

// ---- the comparator

void DistributorCore::receive(const ComparatorReport& report, Instant now) {
  begin_turn(now);
  if (report.group.value != 0 && report.group != group_) return;
  if (comparator_.receive(report, now)) {
    // Law 15: it starts empty, so what was open is closed; its clients will send again.
    decisions_.forget_undecidable();
    close_ballots(chain_.last().sequence);
    output_.events.push_back(Event("comparator_connected").with("pid", report.pid).with("closed", decisions_.closed()));
    // A group that stalled with the old one finds out at once that it decides again.
    next_empty_ = now;
    send_view();
    return;
  }
  if (report.term != chain_.term()) return send_view();
  const Sequence decided = std::min(report.decided, chain_.last().sequence);
  open_.close(decided);
  if (decisions_.decide(decided)) output_.events.push_back(Event("group_deciding").with("sequence", decided));
  if (!report.audit_head.empty()) membership_.remember_audit_head(report.audit_head);
  if (is_deciding()) agreement_.learn(report.agreed, chain_.last());
  if (!take_no_majority(report, now)) take_verdicts(report, now);
}

void DistributorCore::take_verdicts(const ComparatorReport& report, Instant now) {
  if (!is_deciding()) return;
  const Moment at = moment(now);
  bool changed = false;
  // Dissents first: at the floor (law 13) a silent replica stays rather than a lying one.
  for (const VerdictReason reason : {VerdictReason::dissent, VerdictReason::silence})
    for (const Verdict& verdict : report.verdicts)
      if (verdict.reason == reason && note(membership_.evict(verdict, at))) {
        changed = true;
        if (reason == VerdictReason::dissent) decisions_.settle_dispute();
      }
  if (report.view == membership_.record().number)
    for (const VoterTally& tally : report.voters)
      if (streams_.contains(tally.replica)) changed |= note(membership_.matched(tally.replica, tally.matches, at));
  if (report.view == membership_.record().number && report.succession.ballot > decisions_.closed())
    changed |= note(membership_.succeed(report.succession, at));
  if (changed) view_changed();
}

// Law 14. True: it is on record now. The comparator has named everybody that votes or is on
// probation whose vote may still help. Whoever else is there may make f+1 equal votes possible too,
// and to wait for that is better than a roll-back of everybody, since a second one halts the group.
bool DistributorCore::take_no_majority(const ComparatorReport& report, Instant now) {
  decisions_.forget_old_undecidable(now);
  const Sequence closed = decisions_.closed();
  const bool is_current = report.view == membership_.record().number && report.undecidable > closed;
  if (!is_current || !is_deciding()) return false;
  decisions_.find_undecidable(now);
  if (report.succession.ballot > closed || is_waiting_for_votes(report.undecidable, now)) return false;
  if (!note(membership_.no_majority(report.undecidable, moment(now)))) return false;
  end_term();
  return true;
}

// Somebody may still join in this ballot: it may be on its way to probation, or has not voted on
// the ballot there.
bool DistributorCore::is_waiting_for_votes(Sequence ballot, Instant now) const {
  const Duration waited = decisions_.undecidable_for(now);
  if (waited >= (membership_.would_halt(wall_) ? proof_patience : newcomer_patience)) return false;
  for (const auto [replica, stream] : streams_) {
    if (waited >= first_word && !stream.is_present(now)) continue;
    const JournaledMember& member = membership_.member(replica);
    const VoterTally* tally = comparator_.tally_of(replica);
    if (member.state == ReplicaState::recovering || (member.state == ReplicaState::evicted && !member.held) ||
        (member.state == ReplicaState::probation && !(tally && tally->voted >= ballot)))
      return true;
  }
  return false;
}

// Law 13. The group stands still, so whoever may help is not kept waiting for the end of its
// cool-down.
void DistributorCore::let_in(Instant now) {
  const bool is_reproducing = membership_.record().rollback.stage == Stage::reproducing;
  if (is_ending_term_ || !(decisions_.is_standing_still() || is_reproducing)) return;
  bool changed = false;
  for (const auto [replica, stream] : streams_)
    if (stream.is_present(now)) changed |= note(membership_.end_cooldown(replica, moment(now)));
  if (changed) view_changed();
}

// Law 14, in the new term: whoever votes is waited for, and so is whoever is there.
void DistributorCore::consider_proofs(Instant now) {
  const GroupRollback& rollback = membership_.record().rollback;
  if (rollback.stage != Stage::reproducing || is_ending_term_) return;
  const OrderState& agreed = agreement_.newest();
  const bool is_patient = wall_.unix_milliseconds - rollback.at.unix_milliseconds < proof_patience.milliseconds();
  std::vector<Reproducer> reproducers;
  for (const auto [replica, stream] : streams_) {
    const JournaledMember& member = membership_.member(replica);
    const bool is_present = stream.is_present(now) || now < began_at_ + first_word;
    const bool votes = member.state == ReplicaState::voting;
    if (member.held || member.state == ReplicaState::quarantined || !(votes || is_present)) continue;
    const OrderState& proof = stream.report().proof;
    const bool has_proof = flows(replica) && proof.order.sequence >= agreed.order.sequence;
    reproducers.push_back({replica, has_proof ? std::optional(proof) : std::nullopt, is_patient && is_present});
  }
  const std::size_t majority = membership_.majority();
  Reproduction found = find_reproduction(reproducers, agreed, majority, true);
  bool changed = false;
  if (found.finding == Reproduction::Finding::wrong) {
    for (const ReplicaId replica : found.replicas) changed |= note(membership_.reproduce_again(replica));
    if (!changed) found = find_reproduction(reproducers, agreed, majority, false);
  }
  if (found.finding == Reproduction::Finding::reproduced)
    changed |= note(membership_.reproduced(found.replicas, moment(now)));
  if (found.finding == Reproduction::Finding::hopeless)
    changed |= note(membership_.halt("the decided state was not reproduced"));
  if (changed) view_changed();
}

// An import may wait for the agreed state while the group stands still or a checkpoint is to be
// sealed, and at the end all replicas are to write the same checkpoint.
void DistributorCore::journal_agreed(Instant now) {
  const Sequence newest = agreement_.newest().order.sequence;
  const bool is_to_be_sealed = sealing_.awaits_agreement_after(agreement_.journaled().order.sequence, newest);
  if (!agreement_.is_due(now, decisions_.is_stalled() || is_to_be_sealed || is_draining_)) return;
  append(agreement_.newest());
  agreement_.journaled(progress_.appended(), now);
  if (is_to_be_sealed || is_draining_) ask_for_sync();
}

// ---- the view

bool DistributorCore::is_deciding() const {
  return membership_.record().rollback.stage == Stage::none && !is_ending_term_;
}

// What the membership did becomes known. True: the view changed.
bool DistributorCore::note(ViewChange change) {
  std::ranges::move(change, std::back_inserter(output_.events));
  return !change.empty();
}

// A changed view is journaled first; when it is synced, everybody hears of it.
void DistributorCore::view_changed() {
  append(membership_.record());
  view_position_ = progress_.appended();
  ask_for_sync();
}

// Once the view is synced. What is decided is journaled with it: that is what has to be reproduced.
void DistributorCore::end_term() {
  append(agreement_.newest());
  view_changed();
  is_ending_term_ = membership_.record().rollback.stage != Stage::halted;
}

void DistributorCore::tell_view() {
  for (const auto [replica, stream] : streams_)
    if (stream.is_known()) send_standing(replica);
  send_view();
}

void DistributorCore::send_view() {
  if (!comparator_.is_known() || !is_view_told()) return;
  output_.to_comparator.emplace_back(view_of(parts()));
}

// ---- people

DistributorParts DistributorCore::parts() const {
  return {group_,      is_ending_term_, chain_,   decisions_, progress_,  retention_,
          membership_, agreement_,      sealing_, streams_,   comparator_};
}

void DistributorCore::tell_trouble(Instant now) {
  const GroupCondition present = condition_of(parts(), now);
  const GroupTrouble trouble = trouble_of(present);
  if (trouble == std::exchange(told_trouble_, trouble)) return;
  output_.events.push_back(group_state_event(state_of(present), trouble, advice_on(trouble, present)));
}

void DistributorCore::receive(const ClientId& client, const StatusQuery& query, Instant now) {
  begin_turn(now);
  ClusterStatus status = status_of(parts(), moment(now));
  status.number = query.number;
  status.distributor_pid = config_.pid;
  status.distributor_state = is_draining_ ? RoleState::draining : RoleState::ok;
  output_.to_clients.emplace_back(client, std::move(status));
}

void DistributorCore::receive(const ClientId& client, const AdminCommand& command, Instant now) {
  begin_turn(now);
  VoidableOrders orders;
  orders.first = retention_.first();
  orders.last = chain_.last().sequence;
  orders.began = chain_.began();
  orders.comparator_has_joined = comparator_.report().term == chain_.term();
  orders.agreed = std::max(agreement_.newest().order.sequence, comparator_.report().agreed.order.sequence);
  for (const ReplicaStream& stream : streams_.values())
    if (stream.is_known()) orders.executed = std::max(orders.executed, stream.report().applied.sequence);
  orders.decides = decisions_.has_decided() && !decisions_.is_stalled();

  Administration::Outcome outcome =
      administration_.carry_out(command, orders, hears(command), membership_, moment(now));
  if (outcome.injected) inject(command, *outcome.injected);
  if (note(std::move(outcome.change))) outcome.ends_term ? end_term() : view_changed();
  output_.to_clients.emplace_back(client, std::move(outcome.reply));
}

// A message to somebody who has not connected in this term is dropped.
bool DistributorCore::hears(const AdminCommand& command) const {
  switch (command.target) {
    case AdminTarget::replica: break;
    case AdminTarget::comparator: return comparator_.is_known() && !is_ending_term_;
    case AdminTarget::distributor: return true;
  }
  return streams_.contains(command.replica) && streams_[command.replica].is_known() && !is_ending_term_;
}

void DistributorCore::inject(const AdminCommand& command, const Fault& fault) {
  Event event("fault_injected", Severity::warning);
  switch (command.target) {
    case AdminTarget::replica:
      output_.to_replicas.emplace_back(command.replica, fault);
      event.with("replica", command.replica);
      break;
    case AdminTarget::comparator: output_.to_comparator.emplace_back(fault); break;
    case AdminTarget::distributor: output_.own_fault = fault; break;
  }
  if (command.target != AdminTarget::replica) event.with("role", to_string(command.target));
  event.with("kind", to_string(fault.kind));
  output_.events.push_back(std::move(event));
}

// ---- the clock

// Whatever comes first in a turn begins it. Whoever wakes up late judges nobody by what it slept
// through.
void DistributorCore::begin_turn(Instant now) {
  const bool has_overslept = now - std::max(last_turn_, planned_turn_) > config_.ack_timeout / 2;
  last_turn_ = now;
  if (!has_overslept) return;
  comparator_.forgive(now);
  for (ReplicaStream& stream : streams_.values()) stream.forgive(now);
  open_.restart_timers(now);
  decisions_.restart_timers(now);
}

void DistributorCore::tick(Instant now) {
  begin_turn(now);
  if (note(membership_.tick(moment(now)))) view_changed();
  consider_proofs(now);
  consider_seal(now);
  if (next_stall() <= now) {
    decisions_.stall();
    output_.events.push_back(Event("group_stalled", Severity::error).with("sequence", decisions_.decided().next()));
  }
  let_in(now);
  expire_ballots(now);
  if (!is_accepting(now)) refuse_all_waiting();
  if (may_make_order(now) && (takes_requests() || (next_empty_ <= now && !is_draining_))) make_order(now);
  open_.resend(now, output_.to_comparator);
  if (progress_.lazy_sync_is_due(now)) ask_for_sync();
  journal_agreed(now);
  if (next_beat_ <= now) {
    next_beat_ = now + (open_.empty() ? idle_beat : busy_beat);
    consider_cut();
    tell_view();
    tell_trouble(now);
  }
  for (const ReplicaId replica : streams_.ids()) feed(replica, now);
  open_.release(progress_, last_turn_, output_.to_comparator);
  planned_turn_ = next_deadline();
}

Instant DistributorCore::next_deadline() const {
  Instant next = std::min({next_beat_, membership_.next_deadline(), next_stall()});
  if (may_make_order(last_turn_)) next = std::min(next, takes_requests() ? last_turn_ : next_empty_);
  if (!open_.empty()) next = std::min(next, open_.expires_at(votes()));
  for (const auto [replica, stream] : streams_)
    if (feed_end(replica) > stream.sent()) next = std::min(next, std::max(stream.may_send_from(), last_turn_));
  return next;
}

DistributorOutput DistributorCore::take_output() { return std::exchange(output_, {}); }

}  // namespace tally
