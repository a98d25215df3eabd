// SPDX-License-Identifier: Apache-2.0
// Demands service: whenever distributor and comparator and f+1 whole replicas reach each other, orders
// are decided, at the latest `ack_timeout` times `ack_misses` and a second after that began (law 13).
//
// A replica counts as whole when its fault is over and its state is right, whether it votes, is on
// probation, recovers, or waits for the end of its cool-down. What an operator holds, and what is
// quarantined, waits for people and does not count; nor does who was put out again within the five
// seconds in which a cool-down is ended early only once. The network must be one that loses and reorders
// nothing, as TCP does not: votes are never repeated, so what is lost costs a ballot's life, and an
// order that is overtaken is asked for again.
#pragma once

#include <optional>

#include "simulation/chaos.h"
#include "simulation/world.h"

namespace tally::simulation {

class Availability {
 public:
  Availability(World& world, const Chaos::Group& group, const Chaos& chaos)
      : world_(world), group_(group), chaos_(chaos) {}

  void begin() {
    const NetworkPlan& network = world_.plan.network;
    if (network.loss == 0 && network.reordering == 0 && network.queue_messages >= 1024) look();
  }

 private:
  void look();
  bool can_serve();
  bool is_untroubled(Node& connector, Node& binder);

  World& world_;
  Chaos::Group group_;
  const Chaos& chaos_;
  std::optional<Instant> able_since_;
  bool was_halted_ = false;
};

}  // namespace tally::simulation
