// SPDX-License-Identifier: Apache-2.0
// A whole group and its clients in one place, on a network that loses nothing and takes no time, and with disks that
// always take as long: what the scenarios play with.
#pragma once

#include <deque>
#include <string>

#include "scenarios/narrator.h"
#include "scenarios/scripted_client.h"
#include "simulation/comparator_node.h"
#include "simulation/distributor_node.h"
#include "simulation/replica_node.h"
#include "simulation/world.h"

namespace tally::scenarios {

// The defaults of tally.toml, of limits.h, and of an unhurried disk.
simulation::Plan calm_plan();

class Group {
 public:
  explicit Group(const simulation::Plan& plan);

  // By the name in the simulation: "distributor", "replica3", a client's.
  simulation::Node& node(const std::string& name);
  ScriptedClient& client(const std::string& name);  // makes it
  simulation::ReplicaNode& replica(const std::string& name);

  void start();

  simulation::World world;
  Narrator narrator;
  simulation::DistributorNode distributor;
  simulation::ComparatorNode comparator;
  std::deque<simulation::ReplicaNode> replicas;
  std::deque<ScriptedClient> clients;

 private:
  simulation::Link& connect(simulation::Node& connector, std::size_t from, simulation::Node& binder, std::size_t to);
  void connect(simulation::ReplicaNode& replica);
};

}  // namespace tally::scenarios
