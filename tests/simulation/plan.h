// SPDX-License-Identifier: Apache-2.0
// What a seed draws before its run begins: the group, its bounds, its machines, and which faults
// there will be.
//
// This is swarm testing (Groce et al., "Swarm testing", 2012): each seed switches on a random part
// of the faults, at random rates. Many faults hide each other, and so they are also met alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "distributor/membership.h"
#include "protocol/time.h"
#include "replica/state_limits.h"
#include "simulation/random.h"

namespace tally::simulation {

enum class FaultName : std::uint8_t {
  // of the network
  partition,
  one_way_partition,
  clog,
  slow_link,
  lossy_link,
  broken_connection,
  // of the coordinators and the clients
  distributor_crash,
  distributor_power_cut,
  distributor_hang,
  comparator_crash,
  comparator_hang,
  journal_stall,
  journal_failure,
  clock_jump,
  client_crash,
  client_close,
  operator_evict,
  journal_damage,
  everything_crash,
  // of the replicas
  replica_crash,
  replica_hang,
  replica_silent,
  replica_slow,
  dropped_orders,
  wrong_value,
  wrong_digest,
  wrong_state,
  wrong_order,
  stale_vote,
  borrowed_name,
  two_votes,
  early_votes,
  lying_report,
  lying_donor,
  damaged_checkpoint,
  lost_checkpoints,
  full_disk,
  // When a replica is whole again, as many others as may fail do so at that very moment.
  relay,
  odd_vote,
  lying_request,
  every_lie,  // one replica lies as voter, reporter, donor and importer
  // For a while an older copy is in the place of the distributor's journal.
  older_journal,
  last_ = older_journal,
};
std::string_view to_string(FaultName fault);

// Ways to break the product on purpose, to see that the simulation finds it.
enum class Sabotage : std::uint8_t {
  none,
  wrong_answer,    // every replica gives the same wrong answer now and then
  forgotten_sync,  // the journal says that it is synced when it is not
  trusted_name,    // the comparator counts one replica's vote as that of all
};
std::optional<Sabotage> sabotage_from(std::string_view word);

struct NetworkPlan {
  Duration latency_least;
  Duration latency_most;
  double loss = 0;
  double duplication = 0;
  double late = 0;  // how often a copy comes again, seconds to minutes later
  double reordering = 0;
  std::size_t queue_messages = 0;
  Duration connecting_least = milliseconds(1);
  Duration connecting_most = milliseconds(50);
};

struct WorkloadPlan {
  std::uint32_t clients = 0;
  std::uint32_t calls_at_once = 0;
  std::size_t requests_in_flight = 0;
  Duration pause;  // the mean, between an answer and the next call
  Duration patience_least;
  Duration patience_most;
  std::uint32_t names = 0;
  std::uint32_t most_operations = 0;  // of one call
  double reads = 0;
  double keyed = 0;
  double odd = 0;  // how much is malformed, at the edge of overflow, or under a used key
  // How many changes have an expiry, and how many calls depend on what is there.
  double expiring = 0;
  double conditional = 0;
  bool keys_have_room = false;
};

struct Plan {
  std::uint64_t seed = 0;
  bool beyond = false;   // more than f replicas are faulty at a time
  bool hostile = false;  // one of the clients means no good
  Sabotage sabotage = Sabotage::none;

  MembershipConfig membership;
  Duration ack_timeout;
  unsigned ack_misses = 0;
  StateLimits limits;
  std::uint64_t checkpoint_orders = 0;
  std::uint64_t import_orders = 0;
  std::uint64_t journal_slack_orders = 0;
  std::uint64_t journal_segment_orders = 0;
  // Beyond this, a replica that is behind does not pin the journal any more.
  std::uint64_t journal_most_orders = 1'000'000;
  std::size_t early_checkpoint_changes = 0;
  std::size_t chunk_entries = 1'000'000;  // of a state on its way to another replica

  Duration turn_cost;         // of one turn of a daemon
  bool wait_for_sync = true;  // whether the durability is fsync
  Duration sync_least;        // of the journal
  Duration sync_most;
  Duration store_most;  // for one job on checkpoints
  Duration audit_most;

  NetworkPlan network;
  WorkloadPlan workload;

  Duration chaos;        // how long faults are made
  Duration fault_pause;  // the mean, between two faults
  std::vector<FaultName> faults;

  std::uint32_t faulty() const { return (membership.replicas - 1) / 2; }
};

Plan draw_plan(std::uint64_t seed, bool beyond);

// Ordinary use of idempotency keys, for so long: nearly as many keys as the account has room for,
// with both numbers scaled down by a thousand. Now and then a daemon crashes, hangs or lies. No key
// may be refused.
Plan plan_of_keys(std::uint64_t seed, Duration length);

}  // namespace tally::simulation
