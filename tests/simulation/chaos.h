// SPDX-License-Identifier: Apache-2.0
// Makes the faults that the plan names, and keeps to the fault model: unless the plan goes beyond
// it, never more than f replicas are faulty at a time.
//
// A replica stays faulty until it is whole: its fault is over, its state and its checkpoints are
// right, and no ballot may still count a lie of it. It need not vote to be whole, because a replica
// that is not in the view is as good as one that is. The journal is damaged only where f+1 right
// replicas have checkpoints beyond the damage.
#pragma once

#include <deque>
#include <set>

#include "simulation/client_node.h"
#include "simulation/comparator_node.h"
#include "simulation/distributor_node.h"
#include "simulation/replica_node.h"

namespace tally::simulation {

class Chaos {
 public:
  struct Group {
    DistributorNode& distributor;
    ComparatorNode& comparator;
    std::deque<ReplicaNode>& replicas;
    std::deque<ClientNode>& clients;
  };
  Chaos(World& world, Group group);

  void begin();
  // Makes no new faults, and ends all that are there.
  void stop();
  bool is_whole(const ReplicaNode& replica) const;

 private:
  void make_fault();
  void forgive();
  void make_network_fault(FaultName fault);
  void make_coordinator_fault(FaultName fault);
  void make_replica_fault(FaultName fault);
  void make_relay();
  void cut_power(Duration pause);
  void put_out(ReplicaId replica);
  void put_older_journal();
  void damage_journal();
  void trouble(Link& link, FaultName fault, Duration duration);
  ReplicaNode* pick_victim();
  Link& votes_of(const ReplicaNode& replica);

  World& world_;
  Group group_;
  Random random_;
  bool on_ = false;
  std::set<ReplicaId> faulty_;
};

}  // namespace tally::simulation
