// SPDX-License-Identifier: Apache-2.0
#include "scenarios/group.h"

#include <stdexcept>

namespace tally::scenarios {

using simulation::DistributorNode;
using simulation::Link;
using simulation::Node;
using simulation::ReplicaNode;

simulation::Plan calm_plan() {
  simulation::Plan plan;
  plan.membership.replicas = 3;
  plan.ack_timeout = milliseconds(250);
  plan.ack_misses = 4;
  plan.checkpoint_orders = 10'000;
  plan.import_orders = 1'000'000;
  plan.journal_slack_orders = 20'000;
  plan.journal_segment_orders = 10'000;
  plan.early_checkpoint_changes = 1'000'000;
  plan.sync_least = plan.sync_most = milliseconds(1);
  plan.store_most = microseconds(100);
  plan.audit_most = microseconds(200);
  plan.network.queue_messages = 1024;
  plan.network.connecting_least = plan.network.connecting_most = Duration{};
  return plan;
}

Group::Group(const simulation::Plan& plan)
    : world(plan, false), narrator(world), distributor(world), comparator(world) {
  world.watcher = &narrator;
  Link& reports = connect(comparator, comparator.distributor_channel, distributor, distributor.comparator_channel);
  comparator.set_distributor(reports);
  distributor.add_comparator(reports);
  for (std::uint64_t id = 1; id <= plan.membership.replicas; ++id) replicas.emplace_back(world, ReplicaId(id));
  for (ReplicaNode& one : replicas) connect(one);
}

Link& Group::connect(Node& connector, std::size_t from, Node& binder, std::size_t to) {
  Link link;
  link.connector = &connector;
  link.binder = &binder;
  link.connector_channel = from;
  link.binder_channel = to;
  return world.network.add(std::move(link));
}

void Group::connect(ReplicaNode& one) {
  Link& orders = connect(one, one.distributor_channel, distributor, DistributorNode::replica_channel(one.id()));
  one.set_distributor(orders);
  distributor.add_replica(orders);
  one.set_comparator(
      connect(one, one.comparator_channel, comparator, simulation::ComparatorNode::replica_channel(one.id())));
  for (ReplicaNode& donor : replicas)
    if (&donor != &one) one.add_donor(donor.id(), connect(one, one.donors_channel, donor, donor.peers_channel));
}

void Group::start() {
  distributor.start();
  comparator.start();
  for (ReplicaNode& one : replicas) one.start();
}

Node& Group::node(const std::string& name) {
  if (name == distributor.name()) return distributor;
  if (name == comparator.name()) return comparator;
  for (ReplicaNode& one : replicas)
    if (one.name() == name) return one;
  for (ScriptedClient& one : clients)
    if (one.name() == name) return one;
  throw std::runtime_error("there is no " + name);
}

ReplicaNode& Group::replica(const std::string& name) {
  for (ReplicaNode& one : replicas)
    if (one.name() == name) return one;
  throw std::runtime_error("there is no " + name);
}

ScriptedClient& Group::client(const std::string& name) {
  for (ScriptedClient& one : clients)
    if (one.name() == name) return one;
  ScriptedClient& made = clients.emplace_back(world, narrator, name, clients.size() + 1);
  Link& requests = connect(made, made.distributor_channel, distributor, distributor.client_channel());
  Link& decisions = connect(made, made.comparator_channel, comparator, comparator.client_channel());
  requests.waits_unconnected = decisions.waits_unconnected = false;
  made.set_distributor(requests);
  made.set_comparator(decisions);
  distributor.add_client(name, requests);
  comparator.add_client(name, decisions);
  made.start();
  return made;
}

}  // namespace tally::scenarios
