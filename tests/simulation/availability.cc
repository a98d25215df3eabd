// SPDX-License-Identifier: Apache-2.0
#include "simulation/availability.h"

#include <algorithm>

#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr Duration look_period = milliseconds(20);
constexpr Duration beyond_the_wait = seconds(1);
// What is known of the distributor is at most this old.
constexpr Duration status_age = milliseconds(200);

}  // namespace

void Availability::look() {
  const Instant now = world_.agenda.now();
  const bool halted = group_.distributor.status().state == GroupState::halted;
  if (!can_serve())
    able_since_.reset();
  else if (!able_since_)
    able_since_ = now;
  if (able_since_ && halted && !was_halted_ && now - *able_since_ > status_age)
    world_.fail("f+1 whole replicas reach each other, and the group halted");
  // Neither a distributor that has just started nor one on an older journal knows that the group is
  // halted.
  const GroupState state = group_.distributor.status().state;
  was_halted_ = halted || (was_halted_ && state == GroupState::unavailable);
  // The group had a good reason to halt, so it now waits for people.
  if (halted) able_since_.reset();
  if (able_since_) {
    const Instant since = std::max(*able_since_, world_.referee.progressed());
    const Duration bound = world_.plan.ack_timeout * world_.plan.ack_misses + beyond_the_wait;
    if (now - since > bound) world_.fail("f+1 whole replicas reach each other, and nothing is decided");
  }
  world_.agenda.after(look_period, [this] { look(); });
}

bool Availability::can_serve() {
  const ClusterStatus& status = group_.distributor.status();
  const bool coordinated = group_.distributor.up() && !group_.distributor.hung() && !group_.distributor.stalled() &&
                           !group_.distributor.has_older_journal() && group_.comparator.up() &&
                           !group_.comparator.hung() && is_untroubled(group_.comparator, group_.distributor);
  if (!coordinated || status.replicas.empty()) return false;
  const auto is_there = [&](ReplicaNode& replica) {
    const ReplicaStatus& known = status.replicas.at(place_of(replica.id()));
    const auto let_in = world_.referee.let_in(replica.id());
    const bool out = known.state == ReplicaState::evicted && let_in &&
                     world_.agenda.now() - *let_in < ReplicaBreaker::leniency_period;
    return chaos_.is_whole(replica) && !known.held && known.state != ReplicaState::quarantined && !out &&
           is_untroubled(replica, group_.distributor) && is_untroubled(replica, group_.comparator);
  };
  return static_cast<std::uint32_t>(std::ranges::count_if(group_.replicas, is_there)) > world_.plan.faulty();
}

bool Availability::is_untroubled(Node& connector, Node& binder) {
  const Instant now = world_.agenda.now();
  const auto passes = [now](const Way& way) {
    return !way.cut && way.clogged_until <= now && way.slower == Duration{} && way.loss == 0;
  };
  return std::ranges::all_of(world_.network.links(), [&](const Link& link) {
    if (link.connector != &connector || link.binder != &binder) return true;
    return link.connected && passes(link.up) && passes(link.down);
  });
}

}  // namespace tally::simulation
