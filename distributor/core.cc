// SPDX-License-Identifier: Apache-2.0
// Clients, orders and their ballots. core_group.cc has the replicas, the comparator and the view, core_repair.cc the
// journal's end and a group without a majority.
#include "distributor/core.h"

#include <algorithm>

#include "protocol/check.h"
#include "protocol/session.h"

namespace tally {
namespace {

constexpr Duration busy_order_period = milliseconds(5);

}  // namespace

DistributorCore::DistributorCore(DistributorConfig config, RecoveredJournal journal, CalendarTime calendar, Instant now)
    : config_(std::move(config)),
      group_(journal.group),
      term_(journal.term),
      began_(journal.last.sequence),
      last_(journal.last),
      served_(journal.served),
      calendar_(journal.calendar),
      wall_(calendar),
      last_made_(now),
      open_({journal.term, config_.hash_seed, config_.ack_timeout, config_.ack_misses}, now),
      decided_(journal.last.sequence),
      closed_(journal.last.sequence),
      progress_(config_.wait_for_sync, journal.last.sequence, now),
      membership_(config_.membership, std::move(journal.view), now),
      agreed_(journal.agreed),
      agreed_told_(journal.agreed),
      agreed_journaled_{agreed_told_, 0},
      next_agreed_(now),
      sealing_(membership_.majority()),
      journal_first_(journal.first),
      cut_(journal.first),
      streams_(config_.membership.replicas),
      comparator_heard_(now),
      began_at_(now),
      last_turn_(now),
      planned_turn_(now),
      next_beat_(now),
      next_empty_(now) {
  membership_.forget_voided_below(journal_first_);
  output_.events.push_back(Event("term_began")
                               .with("term", term_)
                               .with("sequence", last_.sequence)
                               .with("view", membership_.record().number)
                               .with("voters", membership_.voters()));
}

// ---- clients

void DistributorCore::client_connected(const ClientId& client, Instant now) {
  wake(now);
  output_.to_clients.emplace_back(client, DistributorWelcome{term_, group_state(now)});
}

void DistributorCore::refuse(const ClientId& client, const Request& request, RefusalReason reason) {
  output_.to_clients.emplace_back(client, Refusal{request.session, request.number, request.attempt, reason});
}

RefusalReason DistributorCore::refusal_reason() const {
  const bool halted = membership_.record().rollback.stage == GroupRollback::Stage::halted;
  return halted ? RefusalReason::undecided : RefusalReason::unavailable;
}

void DistributorCore::receive(const ClientId& client, ClientRequest sent, Instant now) {
  wake(now);
  Request& request = sent.request;
  request.session = session_of(sent.secret);  // law 24: nothing behind us sees the secret
  request.principal = client.principal;
  if (draining_) return refuse(client, request, RefusalReason::draining);
  if (!accepting(now)) return refuse(client, request, refusal_reason());
  const SessionId session = request.session;
  const RequestNumber number = request.number;
  if (!open_.begin_request(session, number)) return;  // law 21: its first transmission is on its way
  const Sequencer::Admission admission = sequencer_.add(client, request);
  if (admission == Sequencer::Admission::queued) return;
  open_.end_request(session, number);
  refuse(client, request,
         admission == Sequencer::Admission::full ? RefusalReason::overloaded : RefusalReason::malformed);
}

// ---- orders

// One order a sync: what waits during the sync is the next order.
bool DistributorCore::may_make_order(Instant now) const {
  const bool sync_in_progress = progress_.waits_for_sync() && progress_.is_syncing();
  return is_deciding() && journal_.has_room && comparator_present(now) && !sync_in_progress && open_.has_room();
}

bool DistributorCore::order_is_due(Instant now) const {
  return may_make_order(now) && (takes_requests() || (next_empty_ <= now && !draining_));
}

// While many results are on their way only empty orders are made: a group that stands still goes on by these.
bool DistributorCore::takes_requests() const { return !sequencer_.empty() && open_.has_room_for_results(); }

Duration DistributorCore::empty_order_period() const {
  const bool compared = membership_.anybody_on_probation() && !stalled_ && !undecidable_;
  return compared || sealing_.is_worth_waiting_for(last_turn_) ? busy_order_period : config_.ack_timeout;
}

void DistributorCore::make_order(Instant now) {
  OpenOrder open;
  Order order;
  std::vector<WaitingRequest> batch;
  if (takes_requests()) batch = sequencer_.take_batch();
  for (WaitingRequest& waiting : batch) {
    open.result_bytes += waiting.request.result_limit;
    open.ballot.requests.push_back({waiting.client, waiting.request.session, waiting.request.number});
    order.requests.push_back(std::move(waiting.request));
  }
  served_ = served_ + std::min(now - last_made_, limits::served_time_step);  // law 5
  calendar_ = std::max(calendar_, wall_);
  last_made_ = now;
  next_empty_ = now + empty_order_period();

  order.previous = last_.chain;
  order.served = served_;
  order.calendar = calendar_;
  order.semantics = limits::semantics_version;
  if (last_.sequence.value == 0) order.key_secret = config_.key_secret;
  order.id = {term_, last_.sequence.next(), {}};
  sealing_.mark(order, now);
  order.id.chain = chain_of(order);
  last_ = order.id;
  orders_made_ += 1;
  requests_ordered_ += order.requests.size();

  const bool changes = order.changes_state();
  output_.appends.emplace_back(std::move(order));
  progress_.appended_order(last_.sequence, changes);
  if (changes && progress_.waits_for_sync()) ask_for_sync();
  open.ballot.order = last_;
  open.ballot.synced = changes && progress_.waits_for_sync();  // by the time that it is sent
  open.stable_after = progress_.stable_after();
  open.waits_since = now;
  open_.add(std::move(open));
}

void DistributorCore::append(JournalRecord record) {
  output_.appends.push_back(std::move(record));
  progress_.appended_record();
}

void DistributorCore::ask_for_sync() { output_.sync_through = progress_.ask_for_sync(last_turn_); }

void DistributorCore::synced(std::uint64_t position, Instant now) {
  const bool view_was_waiting = !progress_.is_synced(view_position_);
  progress_.synced(position, now);
  const bool has_news = progress_.is_synced(agreed_journaled_.position) && agreed_told_ != agreed_journaled_.state;
  if (has_news) agreed_told_ = agreed_journaled_.state;
  if (has_news && draining_) tell_view();
  if (!view_was_waiting || !progress_.is_synced(view_position_)) return;
  output_.new_term = new_term_wanted_;
  tell_view();
}

// ---- ballots

void DistributorCore::close_ballots(Sequence through) {
  open_.close(through);
  decided_ = std::max(decided_, through);
}

OpenOrders::Votes DistributorCore::votes() const {
  OpenOrders::Votes votes;
  if (comparator_.agreed.order.term == term_) votes.decided = comparator_.agreed.order.sequence;
  if (comparator_.voters.empty() || comparator_.view != membership_.record().number) return votes;
  votes.everybody = last_.sequence;
  for (const VoterTally& tally : comparator_.voters)
    if (is_replica(tally.replica) && membership_.role(tally.replica) == MemberRole::voter)
      votes.everybody = std::min(votes.everybody, tally.voted);
  return votes;
}

// Law 15: ballots are disposable. The clients' repetitions become new orders.
void DistributorCore::expire_ballots(Instant now) {
  const Sequence expired = open_.expired(votes(), now);
  if (expired.value == 0) return;
  closed_ = expired;
  close_ballots(expired);
  send_view();
  output_.events.push_back(Event("ballots_expired", Severity::warning).with("sequence", expired));
}

// ---- the clock

// Begins a turn, with whatever comes first. Whoever wakes up late judges nobody by what it slept through.
void DistributorCore::wake(Instant now) {
  membership_.observe(wall_, now);
  const bool overslept = now - std::max(last_turn_, planned_turn_) > config_.ack_timeout / 2;
  last_turn_ = now;
  if (!overslept) return;
  comparator_heard_ = now;
  for (ReplicaStream& stream : streams_) stream.forgive(now);
  open_.restart_timers(now);
  if (undecidable_) undecidable_ = Undecidable{now, now};
}

// Returns never() when it has stalled already, or when there is nothing to decide.
Instant DistributorCore::next_stall() const {
  return stalled_ || !is_deciding() ? Instant::never() : open_.stalls_at();
}

void DistributorCore::tick(Instant now) {
  wake(now);
  if (membership_.tick(output_.events)) view_changed();
  consider_proofs(now);
  consider_seal(now);
  if (next_stall() <= now) {
    stalled_ = true;
    output_.events.push_back(Event("group_stalled", Severity::error).with("sequence", decided_.next()));
  }
  let_in(now);
  expire_ballots(now);
  if (!accepting(now))
    for (const WaitingRequest& waiting : sequencer_.take_all()) {
      open_.end_request(waiting.request.session, waiting.request.number);
      refuse(waiting.client, waiting.request, refusal_reason());
    }
  if (order_is_due(now)) make_order(now);
  open_.resend(now, output_.to_comparator);
  if (progress_.lazy_sync_is_due(now)) ask_for_sync();
  journal_agreed(now);
  if (next_beat_ <= now) beat(now);
  feed_all(now);
  open_.release(progress_, last_turn_, output_.to_comparator);
  planned_turn_ = next_deadline();
}

}  // namespace tally
