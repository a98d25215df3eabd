// SPDX-License-Identifier: Apache-2.0
// Demands service. Whenever the distributor, the comparator and f+1 whole replicas reach each
// other, orders must be decided, at the latest `ack_timeout` times `ack_misses` and one second
// after that began (law 13).
//
// A replica counts as whole when its fault is over and its state is right. It need not vote: it may
// be on probation, recover, or wait for the end of its cool-down. Two kinds do not count. One waits
// for people: whoever is held by an operator or quarantined. The other was evicted again less than
// five seconds after its last recovery began, since a cool-down is ended early only once in that
// time.
//
// Nothing is demanded where the network loses or reorders messages, which TCP does not do. Votes
// are never repeated, so a lost vote costs the life of a ballot; and an order that was overtaken
// has to be asked for again.
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
