// SPDX-License-Identifier: Apache-2.0
#include "simulation/distributor_node.h"

#include <utility>

#include "protocol/check.h"
#include "protocol/turn.h"
#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr char admin_token[] = "open sesame";
const ClientId operators{"operator"};

}  // namespace

DistributorNode::DistributorNode(World& world)
    : Node(world, "distributor", world.plan.membership.replicas + 2),
      journal_(GroupId(random_.next()), world.plan.membership.replicas, world.plan.journal_segment_orders) {}

std::size_t DistributorNode::client_channel() const { return world_.plan.membership.replicas + 1; }

CalendarTime DistributorNode::wall_clock() const { return {world_.calendar().unix_milliseconds + wall_offset_ms_}; }

// ---- process

void DistributorNode::begin() {
  if (const auto missing = journal_.missing()) world_.fail(*missing);
  gathering_.emplace(Gathering::Config{world_.plan.membership.replicas, world_.plan.wait_for_sync, life()},
                     journal_.found(), clock());
  comparator_peer_ = 0;
  for (ReplicaLink& replica : replicas_) replica.peer = 0;
  last_appended_ = {};
  sync_wanted_ = synced_ = 0;
  syncing_ = synced_news_ = false;
  questions_.clear();
  status_ = {};
}

void DistributorNode::gather(Instant now) {
  const GatheringOutput output = tally::turn(*gathering_, now, [&](Gathering& core) { receive_messages(core, now); });
  for (const ReplicaId id : output.to_greet) {
    const ReplicaLink& replica = replicas_.at(place_of(id));
    world_.network.send_down(*replica.link, replica.peer, {});
  }
  for (const auto& [client, message] : output.to_clients) send_to_client(client, message);
  tell_all(output.events);
  if (gathering_->term()) begin_term(now);
}

void DistributorNode::begin_term(Instant now) {
  DistributorConfig config;
  config.membership = world_.plan.membership;
  random_.next();  // the seeds in seeds.txt and of the mutants were found with one draw more
  config.pid = life();
  config.hash_seed = random_.next();
  config.key_secret = {random_.next(), random_.next()};
  config.administration.token = admin_token;
  config.wait_for_sync = world_.plan.wait_for_sync;
  config.ack_timeout = world_.plan.ack_timeout;
  config.ack_misses = world_.plan.ack_misses;
  config.journal_slack_orders = world_.plan.journal_slack_orders;
  config.journal_bytes = world_.plan.journal_most_orders;
  const RecoveredJournal recovered = journal_.begin_term(*gathering_->term());
  world_.referee.journal_recovered(recovered.term, recovered.last);
  core_ = std::make_unique<DistributorCore>(config, recovered, wall_clock(), now);
  for (const auto [replica, report] : gathering_->reports())
    if (report) core_->receive(replica, *report, now);
  core_->receive(*gathering_->comparator(), now);
  for (const ClientId& client : gathering_->clients()) core_->client_connected(client, now);
  gathering_.reset();
  scrub_journal();
}

void DistributorNode::end() {
  gathering_.reset();
  core_.reset();
}

void DistributorNode::put_copy(Duration pause) {
  crash();
  newest_ = std::exchange(journal_, *std::exchange(copy_, std::nullopt));
  crash_and_restart(pause);
}

void DistributorNode::put_newest_back() {
  if (!newest_) return;
  crash();
  journal_ = *std::exchange(newest_, std::nullopt);
  crash_and_restart(milliseconds(20));
}

void DistributorNode::lose_power() {
  crash();
  journal_.lose_power(random_);
}

void DistributorNode::lose_power(std::uint64_t orders) {
  crash();
  journal_.lose_orders(orders);
}

Instant DistributorNode::turn() {
  const Instant now = clock();
  if (gathering_) gather(now);
  if (!core_) return Instant::never();
  core_->observe(wall_clock());
  JournalSize size = journal_.size();
  if (has_room_) size.bytes = 0;
  core_->observe_journal(size);
  carry_out(tally::turn(*core_, now, [&](DistributorCore& core) { receive_all(core, now); }));
  return core_ ? core_->next_deadline() : Instant::never();
}

// ---- what comes in

void DistributorNode::receive_all(DistributorCore& core, Instant now) {
  run_completions();
  if (std::exchange(synced_news_, false)) core.synced(synced_, now);
  receive_messages(core, now);
}

template <class Core>
void DistributorNode::receive_messages(Core& core, Instant now) {
  for (const Arrival& arrival : take(comparator_channel)) {
    const auto* report = arrival.message ? std::get_if<ComparatorReport>(&*arrival.message) : nullptr;
    if (!report) continue;
    comparator_peer_ = arrival.peer;
    core.receive(*report, now);
  }
  for (std::uint64_t id = 1; id <= replicas_.size(); ++id) {
    ReplicaLink& replica = replicas_[id - 1];
    for (const Arrival& arrival : take(replica_channel(ReplicaId(id)))) {
      if (!arrival.message && replica.peer == 0) {
        replica.peer = arrival.peer;
        core.replica_connected(ReplicaId(id));
        continue;
      }
      const auto* report = arrival.message ? std::get_if<ReplicaReport>(&*arrival.message) : nullptr;
      if (!report) continue;
      replica.peer = arrival.peer;
      core.receive(ReplicaId(id), *report, now);
    }
  }
  for (const Arrival& arrival : take(client_channel())) receive_from_client(core, arrival, now);
  for (const Message& question : std::exchange(questions_, {})) {
    if (const auto* query = std::get_if<StatusQuery>(&question)) core.receive(operators, *query, now);
    if (const auto* command = std::get_if<AdminCommand>(&question)) core.receive(operators, *command, now);
  }
}

template <class Core>
void DistributorNode::receive_from_client(Core& core, const Arrival& arrival, Instant now) {
  const ClientId client = client_of(arrival);
  if (!arrival.message || std::holds_alternative<ClientHello>(*arrival.message))
    core.client_connected(client, now);
  else if (const auto* request = std::get_if<ClientRequest>(&*arrival.message))
    core.receive(client, *request, now);
}

void DistributorNode::ask(Message question) {
  if (!up()) return;
  questions_.push_back(std::move(question));
  wake();
}

void DistributorNode::command(AdminAction action, ReplicaId replica) {
  AdminCommand command;
  command.token = admin_token;
  command.action = action;
  command.replica = replica;
  ask(command);
}

// ---- what goes out

void DistributorNode::carry_out(DistributorOutput output) {
  for (const JournalRecord& record : output.appends) append(record);
  if (output.sync_through) sync_wanted_ = *output.sync_through;
  start_sync();
  for (auto& [id, message] : output.to_replicas) {
    ReplicaLink& replica = replicas_.at(place_of(id));
    world_.network.send_down(*replica.link, replica.peer, parcel(std::move(message)));
  }
  for (const auto& delivery : output.deliveries) deliver(delivery);
  for (Message& message : output.to_comparator)
    world_.network.send_down(*comparator_, comparator_peer_, parcel(std::move(message)));
  for (const auto& [client, message] : output.to_clients) send_to_client(client, message);
  if (output.cut_below)
    later(
        milliseconds(5), [this, first = *output.cut_below] { journal_.cut_below(first); }, [] {});
  tell_all(output.events);
  if (output.term_ended) crash_and_restart(milliseconds(20));
}

void DistributorNode::send_to_client(const ClientId& client, const Message& message) {
  if (const auto* status = std::get_if<ClusterStatus>(&message)) status_ = *status;
  const ClientAddress address = address_of(client);
  const auto link = clients_.find(address.name);
  if (link != clients_.end()) world_.network.send_down(*link->second, address.life, parcel(message));
}

void DistributorNode::append(const JournalRecord& record) {
  journal_.append(record);
  if (world_.watcher) world_.watcher->journaled(record);
  const auto* order = std::get_if<Order>(&record);
  if (!order) return;
  last_appended_ = order->id;
  world_.referee.order_made(*order);
}

void DistributorNode::start_sync() {
  if (syncing_ || sync_wanted_ <= synced_) return;
  syncing_ = true;
  const Duration stall = std::exchange(stall_, {});
  const Duration duration = random_.between(world_.plan.sync_least, world_.plan.sync_most) + stall;
  if (stall != Duration{}) stalled_until_ = world_.agenda.now() + duration;
  later(
      duration,
      [this, position = journal_.appended(), last = last_appended_] {
        if (std::exchange(sync_fails_, false)) return crash_and_restart(milliseconds(50));
        if (world_.plan.sabotage != Sabotage::forgotten_sync) journal_.synced(position);
        if (last.sequence.value != 0) world_.referee.stable_through(last.sequence);
        if (world_.watcher) world_.watcher->synced();
      },
      [this, position = journal_.appended(), last = last_appended_] {
        if (last.sequence.value != 0) journal_.mark_stable(last);
        syncing_ = false;
        synced_ = position;
        synced_news_ = true;
        start_sync();
      });
}

void DistributorNode::scrub_journal() {
  later(
      random_.between(milliseconds(100), seconds(3)), [] {},
      [this] {
        for (const Sequence sequence : journal_.damaged()) core_->journal_damaged(sequence);
        scrub_journal();
      });
}

void DistributorNode::deliver(const DistributorOutput::Delivery& delivery) {
  const ReplicaLink& replica = replicas_.at(place_of(delivery.replica));
  for (Sequence sequence = delivery.first; sequence <= delivery.last; sequence = sequence.next()) {
    Parcel order = journal_.read(sequence);
    if (!order && journal_.is_damaged(sequence)) {
      core_->journal_damaged(sequence);
      return core_->delivery_failed(delivery.replica, sequence);
    }
    if (!order) world_.fail("the journal has no order " + std::to_string(sequence.value) + " that is to be delivered");
    if (core_->is_voided(sequence)) world_.fail("an order is voided, and no operator did it");
    if (world_.network.send_down(*replica.link, replica.peer, std::move(order)) != Sent::sent)
      return core_->delivery_failed(delivery.replica, sequence);
  }
}

}  // namespace tally::simulation
