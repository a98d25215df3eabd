// SPDX-License-Identifier: Apache-2.0
#include "simulation/chaos.h"

#include <algorithm>
#include <functional>

#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr Duration forgiving_period = milliseconds(100);
constexpr Duration longest_fault = seconds(8);

}  // namespace

Chaos::Chaos(World& world, Group group) : world_(world), group_(group), random_(world.random.fork()) {}

void Chaos::begin() {
  on_ = true;
  make_fault();
  forgive();
}

void Chaos::stop() {
  on_ = false;
  world_.network.heal();
  group_.distributor.put_newest_back();
  group_.distributor.heal();
  group_.comparator.heal();
  for (ReplicaNode& replica : group_.replicas) {
    replica.end_faults();
    replica.heal();
  }
  for (ClientNode& client : group_.clients) client.heal();
}

void Chaos::make_fault() {
  world_.agenda.after(random_.about(world_.plan.fault_pause), [this] {
    if (!on_) return;
    make_fault();
    if (world_.plan.faults.empty()) return;
    const FaultName fault = random_.pick(world_.plan.faults);
    if (fault == FaultName::older_journal)
      put_older_journal();
    else if (fault <= FaultName::broken_connection)
      make_network_fault(fault);
    else if (fault <= FaultName::everything_crash)
      make_coordinator_fault(fault);
    else
      make_replica_fault(fault);
  });
}

// ---- network

void Chaos::make_network_fault(FaultName fault) {
  auto& links = world_.network.links();
  const Duration duration = random_.about(seconds(1));
  if (random_.chance(0.5)) return trouble(links[random_.below(links.size())], fault, duration);
  // The fault hits all links of one node.
  const Node* node = links[random_.below(links.size())].connector;
  if (random_.chance(0.3)) node = links[random_.below(links.size())].binder;
  for (Link& link : links)
    if (link.connector == node || link.binder == node) trouble(link, fault, duration);
}

void Chaos::trouble(Link& link, FaultName fault, Duration duration) {
  const std::string name = link.connector->name() + " - " + link.binder->name();
  world_.trace.line("chaos", std::string(to_string(fault)) + " ", name);
  const bool up = random_.chance(0.5);
  Way& one = up ? link.up : link.down;
  Way& other = up ? link.down : link.up;
  switch (fault) {
    case FaultName::partition:
    case FaultName::one_way_partition:
      one.cut = true;
      if (fault == FaultName::partition) other.cut = true;
      world_.agenda.after(duration, [&link] { link.up.cut = link.down.cut = false; });
      return;
    case FaultName::clog: one.clogged_until = world_.agenda.now() + duration; return;
    case FaultName::slow_link:
      one.slower = random_.between(milliseconds(1), milliseconds(400));
      world_.agenda.after(duration, [&one] { one.slower = {}; });
      return;
    case FaultName::lossy_link:
      one.loss = random_.share();
      world_.agenda.after(duration, [&one] { one.loss = 0; });
      return;
    default: world_.network.reset(link);
  }
}

// ---- coordinators and clients

void Chaos::make_coordinator_fault(FaultName fault) {
  world_.trace.line("chaos", to_string(fault));
  const Duration pause = random_.about(milliseconds(500));
  switch (fault) {
    case FaultName::distributor_crash: return group_.distributor.crash_and_restart(pause);
    case FaultName::distributor_power_cut: return cut_power(pause);
    case FaultName::distributor_hang: return group_.distributor.hang(random_.about(seconds(2)));
    case FaultName::comparator_crash: return group_.comparator.crash_and_restart(pause);
    case FaultName::comparator_hang: return group_.comparator.hang(random_.about(seconds(2)));
    case FaultName::journal_stall: return group_.distributor.stall(random_.about(seconds(1)));
    case FaultName::journal_failure: return group_.distributor.fail_next_sync();
    case FaultName::clock_jump:
      return group_.distributor.jump_wall_clock(static_cast<std::int64_t>(random_.below(20'000'000)) - 10'000'000);
    case FaultName::client_crash: return group_.clients[random_.below(group_.clients.size())].crash_and_restart(pause);
    case FaultName::client_close: return group_.clients[random_.below(group_.clients.size())].close_session();
    case FaultName::operator_evict: return put_out(group_.replicas[random_.below(group_.replicas.size())].id());
    case FaultName::journal_damage: return damage_journal();
    default: break;
  }
  // The power of the whole room fails, and each process comes back at a time of its own.
  if (random_.chance(0.5)) group_.distributor.lose_power();
  group_.distributor.crash_and_restart(random_.about(milliseconds(500)));
  group_.comparator.crash_and_restart(random_.about(milliseconds(500)));
  for (ReplicaNode& replica : group_.replicas) replica.crash_and_restart(random_.about(milliseconds(500)));
}

// Half of the time the disk is slow before, so that there is something to lose. Now and then a
// replica's votes are held up, so that votes on lost orders come late.
void Chaos::cut_power(Duration pause) {
  const bool slow = random_.chance(0.5);
  if (slow) group_.distributor.stall(milliseconds(500));
  if (random_.chance(0.3))
    votes_of(group_.replicas[random_.below(group_.replicas.size())]).up.clogged_until =
        world_.agenda.now() + pause + random_.about(milliseconds(300));
  world_.agenda.after(slow ? random_.between(Duration{}, milliseconds(300)) : Duration{}, [this, pause] {
    if (!on_) return;
    group_.distributor.lose_power();
    group_.distributor.crash_and_restart(pause);
  });
}

void Chaos::put_older_journal() {
  if (!group_.distributor.has_copy()) return group_.distributor.copy_journal();
  const bool is_older = world_.referee.has_decided_change_after(group_.distributor.copied_through());
  if (group_.distributor.has_older_journal() || !is_older) return;
  world_.trace.line("chaos", "an older journal");
  group_.distributor.put_copy(random_.about(milliseconds(100)));
  world_.agenda.after(random_.about(seconds(3)), [this] { group_.distributor.put_newest_back(); });
}

// An operator evicts this replica, and readmits it after a while.
void Chaos::put_out(ReplicaId replica) {
  group_.distributor.evict(replica);
  world_.agenda.after(random_.about(seconds(2)), [this, replica] { group_.distributor.readmit(replica); });
}

// Makes one order unreadable. It is one that f+1 right replicas do not need any more.
void Chaos::damage_journal() {
  std::vector<Sequence> checkpoints;
  for (const ReplicaNode& replica : group_.replicas)
    checkpoints.push_back(faulty_.contains(replica.id()) ? Sequence() : replica.stored());
  std::ranges::sort(checkpoints, std::greater<>());
  const Sequence most = checkpoints[world_.plan.faulty()];
  if (most.value > 0) group_.distributor.damage_journal(Sequence(random_.between(1, most.value)));
}

// ---- replicas

Link& Chaos::votes_of(const ReplicaNode& replica) {
  auto& links = world_.network.links();
  return *std::ranges::find_if(
      links, [&](const Link& link) { return link.connector == &replica && link.binder == &group_.comparator; });
}

bool Chaos::is_whole(const ReplicaNode& replica) const {
  if (!replica.is_whole()) return false;
  const Recovery recovery = replica.core()->recovery();
  return !world_.referee.is_guilty(replica.id(), recovery) || !world_.referee.may_count(replica.id(), recovery);
}

void Chaos::forgive() {
  world_.agenda.after(forgiving_period, [this] {
    if (!on_) return;
    group_.distributor.ask_for_status();
    bool forgiven = false;
    for (const ReplicaNode& replica : group_.replicas)
      if (faulty_.contains(replica.id()) && is_whole(replica)) forgiven |= faulty_.erase(replica.id()) > 0;
    const bool relays = std::ranges::count(world_.plan.faults, FaultName::relay) > 0;
    if (forgiven && relays && random_.chance(0.5)) make_relay();
    forgive();
  });
}

ReplicaNode* Chaos::pick_victim() {
  ReplicaNode& replica = group_.replicas[random_.below(group_.replicas.size())];
  const bool one_more = !faulty_.contains(replica.id());
  if (one_more && !world_.plan.beyond && faulty_.size() >= world_.plan.faulty()) return nullptr;
  faulty_.insert(replica.id());
  return &replica;
}

// Some replicas hang and some lie, long enough that the group has to do without them. Those that
// were evicted before may have to take their place.
void Chaos::make_relay() {
  world_.trace.line("chaos", to_string(FaultName::relay));
  const Duration duration = world_.plan.ack_timeout * world_.plan.ack_misses + random_.about(seconds(3));
  for (std::size_t count = 0; count < 2 * group_.replicas.size(); ++count) {
    ReplicaNode& replica = group_.replicas[random_.below(group_.replicas.size())];
    if (faulty_.contains(replica.id()) || faulty_.size() >= world_.plan.faulty()) continue;
    faulty_.insert(replica.id());
    if (random_.chance(0.5))
      replica.hang(duration);
    else
      replica.lie(random_.chance(0.5) ? FaultName::wrong_digest : FaultName::replica_silent, 1.0, duration);
  }
}

void Chaos::make_replica_fault(FaultName fault) {
  if (fault == FaultName::relay) return make_relay();
  // If more than f replicas are faulty, two that say the same wrong thing can be a majority, and
  // nobody can tell. So faults that could make them agree are left out then.
  const bool as_donor = fault == FaultName::lying_donor || fault == FaultName::every_lie;
  const bool may_agree = fault == FaultName::wrong_state || as_donor;
  if (may_agree && world_.plan.beyond) return;
  ReplicaNode* victim = pick_victim();
  if (!victim) return;
  world_.trace.line("chaos", std::string(to_string(fault)) + " ", victim->name());
  const Duration duration = std::min(random_.about(seconds(2)), longest_fault);
  switch (fault) {
    case FaultName::replica_crash: return victim->crash_and_restart(duration);
    case FaultName::replica_hang: return victim->hang(duration);
    case FaultName::wrong_state: return victim->flip_memory();
    case FaultName::damaged_checkpoint: return victim->damage_checkpoint();
    case FaultName::lost_checkpoints: return victim->lose_checkpoints();
    case FaultName::full_disk:
      victim->fill_disk(true);
      world_.agenda.after(duration, [victim] { victim->fill_disk(false); });
      return;
    default: break;
  }
  if (as_donor) {
    // A replica that is evicted for long asks for another one's state, beginning with the next
    // number. So the one before the victim is evicted, to ask the victim.
    const std::uint64_t asking = victim->id().value - 1;
    put_out(ReplicaId(asking == 0 ? group_.replicas.size() : asking));
    return victim->lie(fault, fault == FaultName::lying_donor ? 1.0 : random_.share(), longest_fault);
  }
  victim->lie(fault, random_.chance(0.5) ? 1.0 : random_.share(), duration);
  if (!random_.chance(0.2)) return;
  // Its votes are to arrive after the decisions.
  Way& votes = votes_of(*victim).up;
  votes.slower = random_.between(milliseconds(1), milliseconds(100));
  world_.agenda.after(duration, [&votes] { votes.slower = {}; });
}

}  // namespace tally::simulation
