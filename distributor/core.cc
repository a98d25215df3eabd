// SPDX-License-Identifier: Apache-2.0
// Clients, orders and their ballots. core_group.cc has the replicas, the comparator and the view, core_repair.cc the
// journal's end and a group without a majority.
#include "distributor/core.h"

#include <algorithm>
#include <type_traits>

#include "protocol/check.h"
#include "protocol/session.h"

namespace tally {
namespace {

constexpr Duration busy_order_period = milliseconds(5);
constexpr Duration lazy_sync_period = seconds(1);

// At most what a ballot takes in a message. A client chooses its routing id, of up to 255 bytes.
std::size_t encoded_bytes(const Ballot& ballot) {
  constexpr std::size_t identity_bytes = 64;
  constexpr std::size_t entry_bytes = 48;
  std::size_t bytes = identity_bytes;
  for (const BallotEntry& entry : ballot.requests) bytes += entry_bytes + entry.client.routing_id.size();
  return bytes;
}

}  // namespace

std::size_t DistributorCore::RequestKeyHash::operator()(const RequestKey& key) const {
  static_assert(std::has_unique_object_representations_v<RequestKey>);
  return table_hash_of({reinterpret_cast<const char*>(&key), sizeof key}, seed);
}

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
      live_requests_(0, RequestKeyHash{config_.hash_seed}),
      decided_(journal.last.sequence),
      closed_(journal.last.sequence),
      stable_(journal.last.sequence),
      membership_(config_.membership, std::move(journal.view), now),
      agreed_(journal.agreed),
      agreed_told_(journal.agreed),
      agreed_journaled_{agreed_told_, 0},
      next_agreed_(now),
      journal_first_(journal.first),
      cut_(journal.first),
      streams_(config_.membership.replicas),
      comparator_heard_(now),
      ballots_resent_(now),
      began_at_(now),
      last_turn_(now),
      planned_turn_(now),
      next_sync_(now),
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
  const RequestKey key{request.session, request.number};
  if (!live_requests_.insert(key).second) return;  // law 21: its first transmission is on its way
  const Sequencer::Admission admission = sequencer_.add(client, request);
  if (admission == Sequencer::Admission::queued) return;
  live_requests_.erase(key);
  refuse(client, request,
         admission == Sequencer::Admission::full ? RefusalReason::overloaded : RefusalReason::malformed);
}

// ---- orders

// One order a sync: what waits during the sync is the next order.
bool DistributorCore::may_make_order(Instant now) const {
  const bool sync_in_progress = config_.wait_for_sync && !syncing_.empty();
  return is_deciding() && journal_.has_room && comparator_present(now) && !sync_in_progress &&
         open_.size() < limits::open_orders;
}

bool DistributorCore::order_is_due(Instant now) const {
  return may_make_order(now) && (takes_requests() || (next_empty_ <= now && !draining_));
}

// While many results are on their way only empty orders are made: a group that stands still goes on by these.
bool DistributorCore::takes_requests() const {
  return !sequencer_.empty() && open_result_bytes_ < limits::open_result_bytes;
}

Duration DistributorCore::empty_order_period() const {
  const bool compared = membership_.anybody_on_probation() && !stalled_ && !undecidable_;
  return compared || hurries_to_seal() ? busy_order_period : config_.ack_timeout;
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
  seal_after(order, now);
  order.id.chain = chain_of(order);
  last_ = order.id;
  orders_made_ += 1;
  requests_ordered_ += order.requests.size();

  const bool changes = order.changes_state();
  append(std::move(order));
  if (changes) last_change_ = appended_;
  if (changes && config_.wait_for_sync) ask_for_sync();
  open.ballot.order = last_;
  open.ballot.synced = changes && config_.wait_for_sync;  // by the time that it is sent
  open.stable_after = last_change_;                       // law 6: an order without a change needs no sync of its own
  open.waits_since = now;
  open_result_bytes_ += open.result_bytes;
  open_.push_back(std::move(open));
}

void DistributorCore::append(JournalRecord record) {
  output_.appends.push_back(std::move(record));
  appended_ += 1;
}

void DistributorCore::ask_for_sync() {
  next_sync_ = last_turn_ + lazy_sync_period;
  syncing_.push_back({appended_, last_.sequence, last_turn_});
  output_.sync_through = appended_;
}

void DistributorCore::synced(std::uint64_t position, Instant now) {
  CHECK(position <= appended_);
  syncs_ += 1;
  const bool view_was_waiting = view_position_ > synced_;
  synced_ = std::max(synced_, position);
  while (!syncing_.empty() && syncing_.front().position <= synced_) {
    stable_ = syncing_.front().last;
    const Duration took = now - syncing_.front().asked;
    sync_was_slow_ = took > limits::slow_sync;
    histograms::observe(journal_sync_, took);
    syncing_.pop_front();
  }
  const bool has_news = agreed_journaled_.position <= synced_ && agreed_told_ != agreed_journaled_.state;
  if (has_news) agreed_told_ = agreed_journaled_.state;
  if (has_news && draining_) tell_view();
  if (!view_was_waiting || view_position_ > synced_) return;
  output_.new_term = new_term_wanted_;
  tell_view();
}

// ---- ballots

// Sends ballots, in as many messages as their limits ask for.
void DistributorCore::send_ballots(std::deque<OpenOrder>::iterator first, std::deque<OpenOrder>::iterator last) {
  Ballots ballots{term_, {}};
  std::size_t requests = 0;
  std::size_t bytes = 0;
  const auto send = [&] {
    if (!ballots.ballots.empty()) output_.to_comparator.emplace_back(std::exchange(ballots, {term_, {}}));
    requests = bytes = 0;
  };
  for (; first != last; ++first) {
    const std::size_t more_requests = first->ballot.requests.size();
    const std::size_t more_bytes = encoded_bytes(first->ballot);
    if (ballots.ballots.size() == limits::message_ballots ||
        requests + more_requests > limits::message_ballot_requests || bytes + more_bytes > limits::message_bytes)
      send();
    requests += more_requests;
    bytes += more_bytes;
    if (!std::exchange(first->ballot_sent, true)) first->waits_since = last_turn_;
    ballots.ballots.push_back(first->ballot);
  }
  send();
}

// What became stable goes to the comparator.
void DistributorCore::release_ballots() {
  const auto is_unstable = [this](const OpenOrder& order) {
    return config_.wait_for_sync && order.stable_after > synced_;
  };
  auto last = open_.end();
  while (last != open_.begin() && is_unstable(*std::prev(last))) --last;
  auto first = last;
  while (first != open_.begin() && !std::prev(first)->ballot_sent) --first;
  send_ballots(first, last);
}

// A lost ballot: sent again while nothing moves.
void DistributorCore::resend_ballots(Instant now) {
  constexpr std::ptrdiff_t most = 64;
  if (open_.empty() || open_.front().waits_since + milliseconds(100) > now || ballots_resent_ + milliseconds(100) > now)
    return;
  ballots_resent_ = now;
  const auto end = open_.begin() + std::min<std::ptrdiff_t>(most, std::ssize(open_));
  send_ballots(open_.begin(),
               std::find_if(open_.begin(), end, [](const OpenOrder& order) { return !order.ballot_sent; }));
}

void DistributorCore::close_ballots(Sequence through) {
  while (!open_.empty() && open_.front().ballot.order.sequence <= through) {
    for (const BallotEntry& entry : open_.front().ballot.requests) live_requests_.erase({entry.session, entry.number});
    open_result_bytes_ -= open_.front().result_bytes;
    open_.pop_front();
  }
  decided_ = std::max(decided_, through);
}

// Every voter has voted on a later order: a vote on this one was lost, and will not come any more.
bool DistributorCore::is_passed(const OpenOrder& order) const {
  if (!order.ballot_sent || comparator_.voters.empty() || comparator_.view != membership_.record().number) return false;
  return std::ranges::all_of(comparator_.voters, [&](const VoterTally& tally) {
    const bool votes = is_replica(tally.replica) && membership_.role(tally.replica) == MemberRole::voter;
    return !votes || tally.voted > order.ballot.order.sequence;
  });
}

// A later order was decided, so the group does not wait for this one any more.
bool DistributorCore::is_overtaken(const OpenOrder& order) const {
  const OrderIdentity& agreed = comparator_.agreed.order;
  return order.ballot_sent && agreed.term == term_ && agreed.sequence > order.ballot.order.sequence;
}

Instant DistributorCore::expiry_of(const OpenOrder& order) const {
  const bool passed = is_passed(order);
  const bool overtaken = is_overtaken(order);
  if (passed && overtaken) return order.waits_since + config_.ack_timeout;
  // Time for a succession: those on probation may be late.
  const Duration succession_time = config_.ack_timeout * (config_.ack_misses + 1);
  const bool hopeless = passed || overtaken;
  return order.waits_since + (hopeless ? std::min(succession_time, limits::ballot_lifetime) : limits::ballot_lifetime);
}

// Law 15: ballots are disposable. The clients' repetitions become new orders.
void DistributorCore::expire_ballots(Instant now) {
  Sequence expired;
  for (const OpenOrder& order : open_) {
    if (expiry_of(order) > now) break;
    expired = order.ballot.order.sequence;
  }
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
  for (Stream& stream : streams_) stream.heard = now;
  for (OpenOrder& order : open_) order.waits_since = now;
  if (undecidable_) undecidable_ = Undecidable{now, now};
}

// When an order waits for longer, the group is taken for stalled. Replicas cannot help it that a disk is slow.
Duration DistributorCore::patience_with(const OpenOrder& order) const {
  return order.ballot_sent ? std::min(config_.ack_timeout * 2, limits::ballot_lifetime) : limits::ballot_lifetime;
}

// Never: it has, or nothing is to be decided.
Instant DistributorCore::next_stall() const {
  if (stalled_ || !is_deciding() || open_.empty()) return Instant::never();
  return open_.front().waits_since + patience_with(open_.front());
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
      live_requests_.erase({waiting.request.session, waiting.request.number});
      refuse(waiting.client, waiting.request, refusal_reason());
    }
  if (order_is_due(now)) make_order(now);
  resend_ballots(now);
  if (appended_ > synced_ && syncing_.empty() && next_sync_ <= now) ask_for_sync();
  journal_agreed(now);
  if (next_beat_ <= now) beat(now);
  feed_all(now);
  release_ballots();
  planned_turn_ = next_deadline();
}

}  // namespace tally
