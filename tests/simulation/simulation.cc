// SPDX-License-Identifier: Apache-2.0
#include "simulation/simulation.h"

#include <algorithm>

namespace tally::simulation {
namespace {

constexpr Duration calm_before = milliseconds(500);
// Time after the heal. It covers cool-downs, imports with their pauses, and messages that come
// late.
constexpr Duration time_to_be_whole = seconds(150);
constexpr Duration look_period = milliseconds(250);

}  // namespace

Simulation::Simulation(const Plan& plan, bool prints)
    : world_(plan, prints), workload_(world_.plan.workload), distributor_(world_), comparator_(world_) {
  for (const ReplicaId replica : ReplicaIds(world_.plan.membership.replicas)) replicas_.emplace_back(world_, replica);
  for (std::uint32_t number = 1; number <= world_.plan.workload.clients; ++number)
    clients_.emplace_back(world_, workload_, "client" + std::to_string(number));
  if (plan.hostile) hostile_.emplace(world_);
  connect();
  const Chaos::Group group{distributor_, comparator_, replicas_, clients_};
  chaos_.emplace(world_, group);
  availability_.emplace(world_, group, *chaos_);
}

void Simulation::connect() {
  Network& network = world_.network;
  const auto link = [&](Node& connector, std::size_t from, Node& binder, std::size_t to) -> Link& {
    Link made;
    made.connector = &connector;
    made.binder = &binder;
    made.connector_channel = from;
    made.binder_channel = to;
    return network.add(std::move(made));
  };
  Link& report = link(comparator_, comparator_.distributor_channel, distributor_, distributor_.comparator_channel);
  comparator_.set_distributor(report);
  distributor_.add_comparator(report);
  for (ReplicaNode& replica : replicas_) {
    Link& orders =
        link(replica, replica.distributor_channel, distributor_, DistributorNode::replica_channel(replica.id()));
    replica.set_distributor(orders);
    distributor_.add_replica(orders);
    replica.set_comparator(
        link(replica, replica.comparator_channel, comparator_, ComparatorNode::replica_channel(replica.id())));
    for (ReplicaNode& donor : replicas_)
      if (&donor != &replica)
        replica.add_donor(donor.id(), link(replica, replica.donors_channel, donor, donor.peers_channel));
  }
  const auto connect_client = [&](auto& client) {
    Link& requests = link(client, client.distributor_channel, distributor_, distributor_.client_channel());
    Link& decisions = link(client, client.comparator_channel, comparator_, comparator_.client_channel());
    requests.waits_unconnected = decisions.waits_unconnected = false;
    client.set_distributor(requests);
    client.set_comparator(decisions);
    distributor_.add_client(client.name(), requests);
    comparator_.add_client(client.name(), decisions);
  };
  for (ClientNode& client : clients_) connect_client(client);
  if (hostile_) connect_client(*hostile_);
}

Outcome Simulation::run() {
  Outcome outcome;
  try {
    play();
  } catch (const Violation& violation) {
    outcome.violation = violation.what();
  }
  outcome.trace = world_.trace.digest();
  outcome.simulated_seconds = static_cast<double>(world_.agenda.now().nanoseconds) / 1e9;
  outcome.orders = world_.referee.orders();
  outcome.calls = world_.ledger.calls();
  outcome.answered = world_.ledger.answered();
  return outcome;
}

void Simulation::play() {
  distributor_.start();
  comparator_.start();
  for (ReplicaNode& replica : replicas_) replica.start();
  for (ClientNode& client : clients_) client.start();
  if (hostile_) hostile_->start();
  world_.agenda.run_until(Instant{} + calm_before);
  chaos_->begin();
  if (!world_.plan.beyond) availability_->begin();
  world_.agenda.run_until(world_.agenda.now() + world_.plan.chaos);
  world_.trace.line("chaos", "ends; everything heals");
  chaos_->stop();
  distributor_.give_room();
  await_whole();
  for (ClientNode& client : clients_) client.stop_calling();
  if (hostile_) hostile_->crash();
  world_.agenda.run_until(world_.agenda.now() + world_.plan.workload.patience_most + seconds(2));
  probe_all();
  world_.ledger.finish();
}

// Does what only people do.
void Simulation::operate() {
  const ClusterStatus& status = distributor_.status();
  if (status.state == GroupState::halted) distributor_.resume();
  for (const ReplicaStatus& replica : status.replicas)
    if (replica.state == ReplicaState::quarantined || replica.held) distributor_.readmit(replica.id);
}

bool Simulation::is_whole() {
  const ClusterStatus& status = distributor_.status();
  if (status.state != GroupState::ok) return false;
  for (const ReplicaStatus& replica : status.replicas) {
    if (replica.state != ReplicaState::voting || replica.lag > 64) return false;
  }
  return std::ranges::all_of(replicas_, [](const ReplicaNode& replica) { return replica.is_whole(); });
}

void Simulation::await_whole() {
  const Instant bound = world_.agenda.now() + time_to_be_whole;
  for (;;) {
    distributor_.ask_for_status();
    world_.agenda.run_until(world_.agenda.now() + look_period);
    operate();
    if (is_whole()) return world_.trace.line("simulation", "the group is whole again");
    if (world_.plan.beyond && world_.agenda.now() > bound) return;
    if (world_.agenda.now() <= bound) continue;
    std::string states;
    for (const ReplicaStatus& replica : distributor_.status().replicas)
      states += " " + std::string(to_string(replica.state)) +
                (replicas_[place_of(replica.id)].is_whole() ? "" : "(not whole)");
    world_.fail("the group is not whole again in time: " + std::string(to_string(distributor_.status().state)) + "," +
                states);
  }
}

void Simulation::probe_all() {
  for (ClientNode& client : clients_) {
    if (!client.idle()) world_.fail(client.name() + " has calls that are not completed");
    client.probe();
  }
  world_.agenda.run_until(world_.agenda.now() + seconds(25));
  for (ClientNode& client : clients_)
    if (!client.probe_succeeded() && !world_.plan.beyond)
      world_.fail(client.name() + " got no answer from a group that is whole");
}

}  // namespace tally::simulation
