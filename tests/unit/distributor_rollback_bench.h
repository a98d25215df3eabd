// SPDX-License-Identifier: Apache-2.0
// What the tests of law 14 at the distributor share: a group that finds no majority on order 4, and its next lives.
#pragma once

#include "distributor_bench.h"

namespace tally {

inline constexpr Sequence split_at(4);  // the order that no majority is found on

// Orders 1 to 3 are decided, and the state after the third is agreed on.
inline void reach_the_split(DistributorBench& bench) {
  bench.start();
  for (std::uint64_t number = 1; number <= 3; ++number) {
    bench.agree();
    bench.give_change(number);
  }
  BOOST_REQUIRE(bench.last_sequence() == split_at);
  bench.forget();
}

inline ComparatorReport no_majority(DistributorBench& bench, Sequence sequence) {
  ComparatorReport report = bench.report(bench.decided());
  report.undecidable = sequence;
  return report;
}

inline void split(DistributorBench& bench) { bench.give(no_majority(bench, bench.last_sequence())); }

// The journal of a group that found no majority on order 4.
inline RecoveredJournal split_journal() {
  DistributorBench bench;
  reach_the_split(bench);
  split(bench);
  BOOST_REQUIRE(bench.new_term);
  return bench.reopened();
}

inline Recovery recovery_of(const DistributorBench& bench, std::uint64_t replica) {
  const auto views = bench.journaled_views();
  return (views.empty() ? bench.recovered.view : views.back()).members.at(replica - 1).recovery;
}

// A replica that has carried out the recovery it was told of says what its state is.
inline void prove(DistributorBench& bench, std::uint64_t replica, const OrderState& proof) {
  ReplicaReport report = bench.replica_report(proof.order.sequence, recovery_of(bench, replica));
  report.proof = proof;
  bench.give(replica, report);
}
inline void prove_right(DistributorBench& bench, std::uint64_t replica) {
  prove(bench, replica, bench.recovered.agreed);
}
inline void prove_wrong(DistributorBench& bench, std::uint64_t replica) {
  OrderState proof = bench.recovered.agreed;
  proof.state.low += replica;
  prove(bench, replica, proof);
}

inline GroupRollback::Stage stage_of(const DistributorBench& bench) {
  const auto views = bench.journaled_views();
  return (views.empty() ? bench.recovered.view : views.back()).rollback.stage;
}

// The next life, whose comparator is there. Whoever has not been heard of by now is not there.
struct Reproducing : DistributorBench {
  explicit Reproducing(const RecoveredJournal& found = split_journal(), Duration age = milliseconds(2'100))
      : DistributorBench(usual_config(), found) {
    comparator_is_alive();
    pass(age, milliseconds(50), [&] { comparator_is_alive(); });
    forget();
  }
};

// Nobody reproduced the agreed state.
inline RecoveredJournal halted_journal() {
  Reproducing bench;
  for (std::uint64_t id = 1; id <= 2; ++id) prove_wrong(bench, id);
  return bench.reopened();
}

inline RefusalReason answer_to_a_change(DistributorBench& bench) {
  bench.give_change(100);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  return bench.refusals()[0].reason;
}

}  // namespace tally
