// SPDX-License-Identifier: Apache-2.0
#include "simulation/plan.h"

#include <array>

namespace tally::simulation {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(FaultName::last_) + 1> names = {"partition",
                                                                                                "one_way_partition",
                                                                                                "clog",
                                                                                                "slow_link",
                                                                                                "lossy_link",
                                                                                                "broken_connection",
                                                                                                "distributor_crash",
                                                                                                "distributor_power_cut",
                                                                                                "distributor_hang",
                                                                                                "comparator_crash",
                                                                                                "comparator_hang",
                                                                                                "journal_stall",
                                                                                                "journal_failure",
                                                                                                "clock_jump",
                                                                                                "client_crash",
                                                                                                "client_close",
                                                                                                "operator_evict",
                                                                                                "journal_damage",
                                                                                                "everything_crash",
                                                                                                "replica_crash",
                                                                                                "replica_hang",
                                                                                                "replica_silent",
                                                                                                "replica_slow",
                                                                                                "dropped_orders",
                                                                                                "wrong_value",
                                                                                                "wrong_digest",
                                                                                                "wrong_state",
                                                                                                "wrong_order",
                                                                                                "stale_vote",
                                                                                                "borrowed_name",
                                                                                                "two_votes",
                                                                                                "early_votes",
                                                                                                "lying_report",
                                                                                                "lying_donor",
                                                                                                "damaged_checkpoint",
                                                                                                "lost_checkpoints",
                                                                                                "full_disk",
                                                                                                "relay",
                                                                                                "odd_vote",
                                                                                                "lying_request",
                                                                                                "every_lie",
                                                                                                "older_journal"};

StateLimits draw_limits(Random& random) {
  StateLimits limits;
  for (limits::Account* account : {&limits.bridges, &limits.clients}) {
    if (random.chance(0.3)) account->counter_bytes = random.between(2, 12) * (limits::counter_overhead_bytes + 9);
    if (random.chance(0.3)) account->sessions = random.between(1, 6);
    if (random.chance(0.2)) account->result_bytes = random.between(100, 3000);
    if (random.chance(0.3)) account->idempotency_keys = random.between(1, 20);
  }
  if (random.chance(0.2)) limits.session_window = random.between(1, 6);
  if (random.chance(0.2)) limits.session_result_bytes = random.between(100, 3000);
  if (random.chance(0.4)) limits.session_lifetime = random.between(milliseconds(500), seconds(20));
  if (random.chance(0.4)) limits.unused_session_lifetime = random.between(milliseconds(100), seconds(20));
  if (random.chance(0.4)) limits.idempotency_key_lifetime = random.between(milliseconds(500), seconds(20));
  if (random.chance(0.4)) limits.idempotency_least = random.between(milliseconds(500), seconds(20));
  return limits;
}

NetworkPlan draw_network(Random& random) {
  NetworkPlan network;
  const bool far = random.chance(0.3);
  network.latency_least = microseconds(far ? 1000 : 30);
  network.latency_most = far ? random.between(milliseconds(2), milliseconds(30)) : microseconds(400);
  if (random.chance(0.4)) network.loss = 0.1 * random.share() * random.share();
  if (random.chance(0.4)) network.duplication = 0.1 * random.share();
  if (random.chance(0.3)) network.late = 0.01 * random.share();
  if (random.chance(0.4)) network.reordering = 0.2 * random.share();
  network.queue_messages = random.chance(0.3) ? random.between(8, 100) : 1024;
  return network;
}

WorkloadPlan draw_workload(Random& random) {
  WorkloadPlan workload;
  workload.clients = static_cast<std::uint32_t>(random.between(1, 5));
  workload.calls_at_once = static_cast<std::uint32_t>(random.between(1, 5));
  workload.requests_in_flight = random.between(1, 6);
  workload.pause = random.between(milliseconds(5), milliseconds(400));
  workload.patience_least = random.between(milliseconds(50), milliseconds(1000));
  workload.patience_most = random.between(seconds(2), seconds(12));
  workload.names = static_cast<std::uint32_t>(random.between(1, 16));
  workload.most_operations = random.chance(0.3) ? 8 : 2;
  workload.reads = random.share() * 0.8;
  workload.keyed = random.chance(0.6) ? random.share() * 0.6 : 0;
  workload.odd = random.chance(0.5) ? 0.1 : 0;
  return workload;
}

void add_terms(WorkloadPlan& workload, Random& random) {
  if (random.chance(0.7)) workload.expiring = random.share() * 0.8;
  if (random.chance(0.7)) workload.conditional = random.share() * 0.6;
}

// Only the comparator knows what was decided in the last second, and only where a decision means
// that the order is synced. If it crashed, nobody could tell that a journal is older. So it does
// not crash in such a plan.
void add_older_journal(Plan& plan) {
  if (!plan.wait_for_sync || plan.beyond) return;
  std::erase_if(plan.faults, [](FaultName fault) {
    return fault == FaultName::comparator_crash || fault == FaultName::everything_crash;
  });
  plan.faults.push_back(FaultName::older_journal);
  // There are two of them: the first makes the copy, the second puts it in place.
  plan.faults.push_back(FaultName::older_journal);
}

}  // namespace

std::string_view to_string(FaultName fault) { return names.at(static_cast<std::size_t>(fault)); }

std::optional<Sabotage> sabotage_from(std::string_view word) {
  constexpr std::array<std::string_view, 4> words = {"none", "wrong_answer", "forgotten_sync", "trusted_name"};
  for (std::size_t place = 0; place < words.size(); ++place)
    if (words[place] == word) return static_cast<Sabotage>(place);
  return std::nullopt;
}

Plan draw_plan(std::uint64_t seed, bool beyond) {
  Random random(seed * 2 + (beyond ? 1 : 0));
  Plan plan;
  plan.seed = seed;
  plan.beyond = beyond;
  plan.hostile = seed % 3 == 1;
  const std::uint64_t size = random.below(10);
  plan.membership.replicas = size < 6 ? 3 : size < 9 ? 5 : 7;
  plan.membership.breaker.cooldown = random.between(milliseconds(50), milliseconds(1000));
  plan.membership.breaker.cooldown_most = random.between(seconds(1), seconds(4));
  plan.membership.probation_votes = random.between(1, 64);
  plan.membership.breaker.quarantine_dissents = static_cast<std::uint32_t>(random.between(2, 10));
  plan.membership.breaker.quarantine_window = random.between(seconds(5), seconds(600));
  plan.ack_timeout = random.between(milliseconds(100), milliseconds(400));
  plan.ack_misses = static_cast<unsigned>(random.between(2, 5));
  plan.limits = draw_limits(random);
  plan.checkpoint_orders = random.between(5, 300);
  plan.import_orders = random.chance(0.5) ? random.between(10, 400) : 1'000'000;
  plan.journal_slack_orders = random.below(100);
  plan.journal_segment_orders = random.chance(0.8) ? random.between(1, 200) : 10'000;
  plan.journal_most_orders = random.chance(0.3) ? random.between(300, 1500) : 1'000'000;
  plan.chunk_entries = random.chance(0.3) ? random.between(10, 100) : 1'000'000;
  plan.early_checkpoint_changes = random.chance(0.3) ? random.between(5, 200) : 1'000'000;
  plan.turn_cost = random.between(microseconds(5), microseconds(200));
  plan.sync_least = microseconds(100);
  plan.sync_most = random.between(microseconds(200), milliseconds(15));
  plan.store_most = random.between(milliseconds(1), milliseconds(300));
  plan.audit_most = random.between(milliseconds(1), milliseconds(30));
  plan.network = draw_network(random);
  plan.workload = draw_workload(random);
  plan.chaos = random.between(seconds(5), seconds(25));
  plan.fault_pause = random.between(milliseconds(200), milliseconds(3000));
  const double share = 0.1 + 0.6 * random.share();
  for (std::size_t fault = 0; fault < names.size() - 1; ++fault)
    if (random.chance(share)) plan.faults.push_back(static_cast<FaultName>(fault));
  if (seed % 8 == 5) add_older_journal(plan);
  // Cool-downs become so long that it shows if nobody ends them early.
  if (seed % 5 == 0) {
    plan.membership.breaker.cooldown = plan.membership.breaker.cooldown * 20;
    plan.membership.breaker.cooldown_most = plan.membership.breaker.cooldown_most * 10;
  }
  if (beyond) {
    plan.fault_pause = plan.fault_pause / 4;
    for (const FaultName fault : {FaultName::wrong_value, FaultName::wrong_digest, FaultName::two_votes,
                                  FaultName::replica_crash, FaultName::stale_vote})
      plan.faults.push_back(fault);
  }
  add_terms(plan.workload, random);
  return plan;
}

Plan plan_of_keys(std::uint64_t seed, Duration length) {
  constexpr std::size_t scale = 1000;
  Plan plan = draw_plan(seed, false);
  plan.hostile = false;
  plan.limits = {};
  plan.limits.bridges.idempotency_keys = plan.limits.clients.idempotency_keys =
      limits::bridges_account.idempotency_keys / scale;
  // Clients repeat some of their calls, so about two calls in three bring a new key. That makes 4.8
  // keys a second in place of 5,000.
  plan.workload = {};
  plan.workload.clients = 5;
  plan.workload.calls_at_once = 1;
  plan.workload.requests_in_flight = 1;
  plan.workload.most_operations = 1;
  plan.workload.names = 16;
  plan.workload.keyed = 1;
  plan.workload.keys_have_room = true;
  plan.workload.pause = milliseconds(650);
  plan.workload.patience_least = seconds(2);
  plan.workload.patience_most = seconds(10);
  plan.chaos = length;
  plan.fault_pause = minutes(10);
  plan.membership.breaker.quarantine_window = seconds(60);
  plan.faults = {FaultName::distributor_crash, FaultName::comparator_crash,   FaultName::client_crash,
                 FaultName::replica_crash,     FaultName::replica_hang,       FaultName::wrong_value,
                 FaultName::wrong_state,       FaultName::damaged_checkpoint, FaultName::lost_checkpoints};
  return plan;
}

}  // namespace tally::simulation
