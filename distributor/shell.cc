// SPDX-License-Identifier: Apache-2.0
#include "distributor/shell.h"

#include <algorithm>
#include <sched.h>
#include <unistd.h>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/turn.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/own_fault.h"
#include "runtime/service_manager.h"

namespace tally {
namespace {

constexpr Duration drain_time = seconds(2);
constexpr Duration last_words =
    // For the answer to whoever had the term end, and for the replicas at a stop.
    milliseconds(200);

DistributorConfig core_config(const Config& config) {
  DistributorConfig core;
  core.membership.replicas = static_cast<std::uint32_t>(config.replicas);
  core.membership.breaker.cooldown = milliseconds(config.cooldown_ms);
  core.membership.breaker.cooldown_most = milliseconds(config.cooldown_max_ms);
  core.membership.probation_votes = static_cast<std::uint64_t>(config.probation_votes);
  core.membership.breaker.quarantine_dissents = static_cast<std::uint32_t>(config.quarantine_dissents);
  core.membership.breaker.quarantine_window = milliseconds(config.quarantine_window_ms);
  core.pid = static_cast<std::uint64_t>(getpid());
  core.hash_seed = random_number();
  core.key_secret = {random_number(), random_number()};
  core.wait_for_sync = config.durability == "fsync";
  core.administration.fault_injection = config.fault_injection;
  core.administration.token = config.admin_token;
  core.ack_timeout = config.ack_timeout();
  core.ack_misses = static_cast<std::uint32_t>(config.ack_misses);
  core.journal_slack_orders = 2 * static_cast<std::uint64_t>(config.checkpoint_orders);
  core.journal_bytes = static_cast<std::uint64_t>(config.journal_mib) << 20;
  return core;
}

constexpr ChannelLimits client_limits{limits::client_queue_messages, limits::client_message_bytes,
                                      wire::kinds<ClientHello, ClientRequest, StatusQuery, AdminCommand>(),
                                      limits::client_connections, limits::client_unread_messages};
constexpr ChannelLimits replica_limits{limits::peer_queue_messages, limits::report_bytes, wire::kinds<ReplicaReport>()};
constexpr ChannelLimits comparator_limits{limits::peer_queue_messages, limits::report_bytes,
                                          wire::kinds<ComparatorReport>()};

// Its own thread does not preempt the loop that wakes it (sched(7), SCHED_BATCH): an order goes to
// all replicas after one wake-up, not after one for each of them.
zmq::context_t batching_context() {
  zmq::context_t context;
  context.set(zmq::ctxopt::thread_sched_policy, SCHED_BATCH);
  return context;
}

Gathering::Config gathering_config(const Config& config) {
  return {static_cast<std::uint32_t>(config.replicas), config.durability == "fsync",
          static_cast<std::uint64_t>(getpid())};
}

}  // namespace

DistributorShell::DistributorShell(const Config& config, std::unique_ptr<Journal> journal)
    : config_(config),
      journal_(std::move(journal)),
      context_(batching_context()),
      doors_(context_, config.distributor_bridge_endpoint, config.distributor_client_endpoint, client_limits),
      comparator_(Channel::bind(context_, config.distributor_comparator_endpoint, comparator_limits, false)),
      replicas_(static_cast<std::size_t>(config.replicas),
                [&](ReplicaId replica) {
                  return ReplicaLink{
                      Channel::bind(context_, config.endpoint_for_distributor(replica), replica_limits, false), {}};
                }),
      syncer_(*journal_, config.durability == "fsync"),
      upkeep_(*journal_) {
  gathering_.emplace(gathering_config(config), journal_->found(), monotonic_now());
  doors_.watch_by(waiter_);
  waiter_.watch(comparator_);
  for (ReplicaLink& link : replicas_.values()) waiter_.watch(link.channel);
  for (const Background* thread : {&syncer_.thread(), &upkeep_.thread()}) waiter_.watch(thread->completion_fd());
  waiter_.watch(stop_.descriptor());
}

DistributorShell::End DistributorShell::run() {
  tell_manager(now_ready);
  while (!finished()) {
    const Instant now = monotonic_now();
    if (gathering_) gather(now);
    const Instant next = core_ ? lead(now) : gathering_->next_deadline();
    if (term_ended_) {
      for (Door& door : doors_) door.channel.linger(last_words);
      return stop_.asked() ? End::stopped : End::term_ended;
    }
    const Instant deadline = std::min(next, heartbeat_.beat(now));
    syncer_.sync();  // after the heartbeat, so that no two slow syncs come between two of them
    waiter_.wait(syncer_.has_news() ? now : deadline);  // what became stable goes out at once
  }
  return End::stopped;
}

void DistributorShell::run_completions() {
  for (Background* thread : {&syncer_.thread(), &upkeep_.thread()})
    if (waiter_.is_ready(thread->completion_fd())) thread->run_completions();
}

void DistributorShell::gather(Instant now) {
  run_completions();
  if (!gathering_) return;
  GatheringOutput output = turn(*gathering_, now, [&](Gathering& core) { receive_messages(core, now); });
  for (const ReplicaId replica : output.to_greet) {
    ReplicaLink& link = replicas_[replica];
    link.channel.greet(link.peer);
  }
  for (auto& [client, message] : output.to_clients) doors_.send(client, std::move(message));
  for (const Event& event : output.events) log_event(event);
  if (gathering_->term() && !std::exchange(beginning_, true)) begin_term();
}

// It takes several syncs, one behind the other, and a slow disk is no reason to be taken for hung.
void DistributorShell::begin_term() {
  upkeep_.thread().submit([this, least = *gathering_->term()]() -> Background::Completion {
    return [this, journal = journal_->begin_term(least)] { lead_term(journal); };
  });
}

// What was heard until now is the core's to know.
void DistributorShell::lead_term(RecoveredJournal journal) {
  const Instant now = monotonic_now();
  core_ = std::make_unique<DistributorCore>(core_config(config_), std::move(journal), calendar_now(), now);
  for (const auto [replica, report] : gathering_->reports())
    if (report) core_->receive(replica, *report, now);
  core_->receive(*gathering_->comparator(), now);
  for (const ClientId& client : gathering_->clients()) core_->client_connected(client, now);
  gathering_.reset();
}

// A turn of the term. Until when nothing is due.
Instant DistributorShell::lead(Instant now) {
  core_->observe(calendar_now());
  core_->observe_journal(journal_->size());
  carry_out(turn(*core_, now, [&](DistributorCore& core) { receive_all(core, now); }));
  upkeep_.tick(now);
  return std::min({core_->next_deadline(), stop_by_.value_or(Instant::never()), upkeep_.next_deadline()});
}

// After a stop was asked for: refuses what is new, and waits a while for what is open.
bool DistributorShell::finished() {
  if (waiter_.is_ready(stop_.descriptor())) stop_.take();
  if (!stop_.asked()) return false;
  if (!core_) return true;
  const Instant now = monotonic_now();
  if (!stop_by_) {
    log_event(Event("draining"));
    core_->drain();
    stop_by_ = now + drain_time;
  }
  if (!core_->is_drained() && now < *stop_by_) return false;
  for (ReplicaLink& link : replicas_.values()) link.channel.linger(last_words);
  return true;
}

void DistributorShell::receive_all(DistributorCore& core, Instant now) {
  run_completions();
  if (const auto synced = syncer_.take_news()) core.synced(*synced, now);
  if (const auto damaged = upkeep_.take_damaged()) core.journal_damaged(*damaged);
  receive_messages(core, now);
}

template <class Core>
void DistributorShell::receive_messages(Core& core, Instant now) {
  receive_from_comparator(core, now);
  for (const auto [replica, link] : replicas_) receive_from_replica(core, replica, link, now);
  for (Door& door : doors_) receive_from_clients(core, door, now);
}

// Each of these reads at most one socket's share of a turn.
template <class Core>
void DistributorShell::receive_from_clients(Core& core, Door& door, Instant now) {
  Channel::Share share;
  while (auto incoming = door.channel.receive(share)) {
    const ClientId client{std::move(incoming->peer), door.principal};
    if (!incoming->message || std::holds_alternative<ClientHello>(*incoming->message))
      core.client_connected(client, now);
    else if (auto* request = std::get_if<ClientRequest>(&*incoming->message))
      core.receive(client, std::move(*request), now);
    else if (const auto* query = std::get_if<StatusQuery>(&*incoming->message))
      core.receive(client, *query, now);
    else if (const auto* command = std::get_if<AdminCommand>(&*incoming->message))
      core.receive(client, *command, now);
  }
}

template <class Core>
void DistributorShell::receive_from_comparator(Core& core, Instant now) {
  Channel::Share share;
  while (auto incoming = comparator_.receive(share)) {
    const auto* report = incoming->message ? std::get_if<ComparatorReport>(&*incoming->message) : nullptr;
    if (!report) continue;
    comparator_peer_ = std::move(incoming->peer);
    core.receive(*report, now);
  }
}

template <class Core>
void DistributorShell::receive_from_replica(Core& core, ReplicaId replica, ReplicaLink& link, Instant now) {
  Channel::Share share;
  while (auto incoming = link.channel.receive(share)) {
    if (!incoming->message && link.peer.empty()) {
      link.peer = std::move(incoming->peer);
      core.replica_connected(replica);
      continue;
    }
    const auto* report = incoming->message ? std::get_if<ReplicaReport>(&*incoming->message) : nullptr;
    if (!report) continue;
    link.peer = std::move(incoming->peer);
    core.receive(replica, *report, now);
  }
}

void DistributorShell::carry_out(DistributorOutput output) {
  for (JournalRecord& record : output.appends) append(std::move(record));
  term_ended_ = output.term_ended;
  if (output.sync_through) syncer_.want(*output.sync_through);
  // Standings first: from where on to vote on what is delivered.
  for (auto& [replica, message] : output.to_replicas) {
    ReplicaLink& link = replicas_[replica];
    link.channel.send(link.peer, std::move(message));
  }
  for (const auto& delivery : output.deliveries) deliver(delivery);
  for (Message& message : output.to_comparator) comparator_.send(comparator_peer_, std::move(message));
  for (auto& [client, message] : output.to_clients) doors_.send(client, std::move(message));
  if (output.cut_below) upkeep_.cut_below(*output.cut_below);
  for (const Event& event : output.events) log_event(event);
  if (output.own_fault) suffer(*output.own_fault, stop_);
}

void DistributorShell::append(JournalRecord record) {
  if (auto* order = std::get_if<Order>(&record)) return append(std::move(*order));
  syncer_.appended();
  if (const auto* view = std::get_if<JournaledView>(&record)) return journal_->append(*view);
  journal_->append(std::get<OrderState>(record));
}

void DistributorShell::append(Order order) {
  const OrderIdentity id = order.id;
  const ServedTime served = order.served;
  const CalendarTime calendar = order.calendar;
  wire::EncodedMessage encoded = wire::encode(std::move(order));
  journal_->append(id, served, calendar, {encoded.header.data(), encoded.header.size()}, encoded.body);
  syncer_.appended(id);
  recent_.add(id.sequence, std::move(encoded));
}

void DistributorShell::deliver(const DistributorOutput::Delivery& delivery) {
  ReplicaLink& link = replicas_[delivery.replica];
  for (Sequence sequence = delivery.first; sequence <= delivery.last; sequence = sequence.next())
    if (deliver_one(link, sequence) != SendResult::sent) return core_->delivery_failed(delivery.replica, sequence);
}

SendResult DistributorShell::deliver_one(ReplicaLink& link, Sequence sequence) {
  const bool voided = core_->is_voided(sequence);
  if (SharedMessage* recent = voided ? nullptr : recent_.find(sequence)) return link.channel.send(link.peer, *recent);
  const auto encoded = journal_->read(sequence);
  if (!encoded || encoded->size() < wire::header_bytes) {
    core_->journal_damaged(sequence);
    return SendResult::full;
  }
  const std::string_view header = std::string_view(*encoded).substr(0, wire::header_bytes);
  const std::string_view body = std::string_view(*encoded).substr(wire::header_bytes);
  if (voided) {
    auto decoded = wire::decode(header, body);
    Order* order = decoded ? std::get_if<Order>(&*decoded) : nullptr;
    if (!order) return SendResult::full;
    order->voided = true;
    return link.channel.send(link.peer, std::move(*order));
  }
  SharedMessage message(header, body);
  return link.channel.send(link.peer, message);
}

}  // namespace tally
