// SPDX-License-Identifier: Apache-2.0
// One seed: a whole group and its clients. First they are broken in every way that the plan names,
// then they are healed. Then the group must be whole again within a bound, with every call
// completed and every answer right.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "simulation/availability.h"
#include "simulation/chaos.h"
#include "simulation/client_node.h"
#include "simulation/comparator_node.h"
#include "simulation/distributor_node.h"
#include "simulation/hostile_client.h"
#include "simulation/replica_node.h"
#include "simulation/world.h"

namespace tally::simulation {

struct Outcome {
  std::optional<std::string> violation;
  std::uint64_t trace = 0;  // the digest of the trace
  double simulated_seconds = 0;
  std::uint64_t orders = 0;
  std::uint64_t calls = 0;
  std::uint64_t answered = 0;
};

class Simulation {
 public:
  Simulation(const Plan& plan, bool prints);

  Outcome run();

 private:
  void connect();
  void play();
  void heal();
  void await_whole();
  void operate();
  bool is_whole();
  void probe_all();

  World world_;
  Workload workload_;
  DistributorNode distributor_;
  ComparatorNode comparator_;
  std::deque<ReplicaNode> replicas_;
  std::deque<ClientNode> clients_;
  std::optional<HostileClient> hostile_;
  std::optional<Chaos> chaos_;
  std::optional<Availability> availability_;
};

}  // namespace tally::simulation
