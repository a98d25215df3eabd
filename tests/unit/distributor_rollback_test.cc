// SPDX-License-Identifier: Apache-2.0
// Law 14 at the distributor: no majority, and a new term in which the agreed state is reproduced. Halt and resume:
// distributor_halt_test.cc.
#include "distributor_rollback_bench.h"

using namespace tally;
using Bench = DistributorBench;
using Stage = GroupRollback::Stage;

namespace {

// How long it took, 20 s at most. `meanwhile`: what is reported all the time.
template <class Meanwhile>
Duration until_a_new_term(Bench& bench, const Meanwhile& meanwhile) {
  const Instant began = bench.now;
  while (!bench.new_term && bench.now < began + seconds(20)) bench.pass(milliseconds(50), milliseconds(50), meanwhile);
  return bench.now - began;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distributor_rollback)

// ---- no majority: the end of a term

BOOST_AUTO_TEST_CASE(when_no_majority_is_found_every_voter_is_to_roll_back_by_one_new_view) {
  Bench bench;
  reach_the_split(bench);
  const ViewNumber before = bench.view();
  split(bench);
  BOOST_REQUIRE(bench.journaled_views().size() == 1u);
  const JournaledView view = bench.journaled_views()[0];
  BOOST_TEST((view.number == before.next()));
  BOOST_TEST((view.rollback == GroupRollback{Stage::reproducing, split_at, bench.wall}));
  for (const JournaledMember& member : view.members) {
    BOOST_TEST((member.state == ReplicaState::voting));
    BOOST_TEST(member.recovery.value == 2u);
  }
  BOOST_TEST(bench.happened("no_majority"));
}

BOOST_AUTO_TEST_CASE(whoever_is_held_is_neither_waited_for_nor_told_to_roll_back) {
  Bench bench;
  reach_the_split(bench);
  bench.command(AdminAction::evict, 3);
  split(bench);
  BOOST_TEST(bench.new_term);
  const JournaledView view = bench.journaled_views().back();
  BOOST_TEST(view.members[1].recovery.value == 2u);
  BOOST_TEST(view.members[2].recovery.value == 1u);
  BOOST_TEST((view.members[2].state == ReplicaState::evicted));
}

// Whoever is there may make f+1 equal votes possible yet.
BOOST_AUTO_TEST_CASE(before_all_roll_back_whoever_is_there_and_evicted_is_let_in_and_waited_for) {
  Bench bench;
  reach_the_split(bench);
  bench.accuse(3, VerdictReason::dissent);
  split(bench);
  BOOST_TEST((bench.journaled_views().back().members[2].state == ReplicaState::recovering));
  const Duration waited = until_a_new_term(bench, [&] {
    bench.apply(3, Sequence(2), Recovery(1));
    split(bench);
  });
  BOOST_TEST(bench.new_term, "and not for ever");
  BOOST_TEST((waited >= seconds(10)));
}

// The comparator named the ballot before the vote came that was waited for.
BOOST_AUTO_TEST_CASE(and_a_succession_goes_before_a_roll_back) {
  Bench bench;
  reach_the_split(bench);
  bench.accuse(3, VerdictReason::dissent);
  split(bench);
  bench.apply(3, Sequence(3), Recovery(2));
  ComparatorReport report = no_majority(bench, bench.last_sequence());
  report.voters[2].voted = report.undecidable;
  report.succession = {report.undecidable, {ReplicaId(1), ReplicaId(3)}};
  bench.give(report);
  BOOST_TEST(!bench.new_term);
  BOOST_TEST((bench.journaled_views().back().members[2].state == ReplicaState::voting));
}

BOOST_AUTO_TEST_CASE(and_whoever_was_not_heard_of_yet_is_given_two_seconds) {
  Bench bench;
  reach_the_split(bench);
  bench.accuse(3, VerdictReason::silence);
  bench.pass(milliseconds(1'200), milliseconds(50), [&] { bench.agree(); });
  const Duration waited = until_a_new_term(bench, [&] { split(bench); });
  BOOST_TEST(bench.new_term);
  BOOST_TEST((waited >= seconds(2)));
  BOOST_TEST((waited < seconds(3)));
}

BOOST_AUTO_TEST_CASE(and_whoever_is_on_probation_until_it_has_voted_on_that_order_and_rolls_back_too) {
  Bench bench;
  reach_the_split(bench);
  bench.accuse(3, VerdictReason::dissent);
  split(bench);
  bench.apply(3, Sequence(3), Recovery(2));
  BOOST_REQUIRE((bench.journaled_views().back().members[2].state == ReplicaState::probation));
  ComparatorReport report = no_majority(bench, bench.last_sequence());
  bench.give(report);
  BOOST_TEST(!bench.new_term);
  report.voters[2].voted = report.undecidable;
  bench.give(report);
  BOOST_TEST(bench.new_term);
  BOOST_TEST(bench.journaled_views().back().members[2].recovery.value == 3u);
}

// Two that contradict each other may still agree on orders without requests.
BOOST_AUTO_TEST_CASE(a_group_whose_votes_contradict_each_other_is_unavailable_though_something_is_decided) {
  Bench bench;
  reach_the_split(bench);
  bench.accuse(3, VerdictReason::silence);
  BOOST_TEST((bench.status().state == GroupState::degraded));
  split(bench);
  BOOST_REQUIRE(!bench.new_term);
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  BOOST_TEST(bench.status().reason == "no_majority");
  bench.decide();
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  bench.pass(limits::ballot_lifetime, milliseconds(50), [&] { bench.decide(); });
  BOOST_TEST((bench.status().state == GroupState::degraded));
}

BOOST_AUTO_TEST_CASE(what_was_agreed_is_journaled_with_that_view_in_one_sync) {
  Bench bench;
  reach_the_split(bench);
  bench.sync_at_once = false;
  BOOST_TEST((bench.journaled_agreements().back() != bench.state_after(Sequence(3))), "it waits for its second");
  ComparatorReport report = no_majority(bench, split_at);
  report.agreed = bench.state_after(Sequence(3));
  bench.give(report);
  const auto* agreed = std::get_if<OrderState>(&bench.journal.at(bench.journal.size() - 2));
  BOOST_REQUIRE(agreed != nullptr);
  BOOST_TEST((*agreed == bench.state_after(Sequence(3))));
  BOOST_TEST(std::holds_alternative<JournaledView>(bench.journal.back()));
  BOOST_TEST(bench.sync_wanted == bench.journal.size());
}

BOOST_AUTO_TEST_CASE(a_new_term_is_asked_for_once_that_view_is_synced_and_not_before) {
  for (const DistributorConfig& config : {Bench::usual_config(), os_config()}) {
    Bench bench(config);
    reach_the_split(bench);
    bench.sync_at_once = false;
    split(bench);
    bench.pass(seconds(1), milliseconds(50), [&] { split(bench); });
    BOOST_TEST(bench.sync_is_asked_for());
    BOOST_TEST(!bench.new_term);
    bench.sync();
    BOOST_TEST(bench.new_term);
  }
}

BOOST_AUTO_TEST_CASE(before_that_view_is_synced_nobody_hears_anything) {
  Bench bench;
  reach_the_split(bench);
  bench.sync_at_once = false;
  split(bench);
  bench.pass(seconds(1), milliseconds(50), [&] { split(bench); });
  bench.core.replica_connected(ReplicaId(1));
  bench.turn();
  BOOST_TEST(bench.standings.empty());
  BOOST_TEST(bench.views.empty());
}

// The turn in which the sync is reported may have other things to say.
BOOST_AUTO_TEST_CASE(the_old_term_never_tells_the_recoveries_of_the_new_one) {
  Bench bench;
  reach_the_split(bench);
  bench.sync_at_once = false;
  split(bench);
  bench.now = bench.now + milliseconds(300);  // a beat is due
  bench.report_synced();
  ReplicaReport restarted = bench.replica_report(Sequence(0));
  restarted.incarnation = Incarnation(9);
  bench.core.receive(ReplicaId(1), restarted, bench.now);
  bench.turn();
  BOOST_TEST(bench.new_term);
  BOOST_TEST(bench.standings.empty());
  BOOST_TEST(bench.views.empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_ordered_while_the_term_ends_and_what_waits_is_refused) {
  Bench bench;
  reach_the_split(bench);
  bench.sync_at_once = false;
  bench.give_change(4);
  bench.give_change(5);  // waits for its place
  split(bench);
  const Sequence last = bench.last_sequence();
  bench.give_change(6);
  bench.pass(seconds(1), milliseconds(50), [&] { split(bench); });
  BOOST_TEST((bench.last_sequence() == last));
  const auto refusals = bench.refusals();
  BOOST_REQUIRE(refusals.size() == 2u);
  for (std::size_t place = 0; place < 2; ++place) {
    BOOST_TEST(refusals[place].number.value == place + 5);
    BOOST_TEST((refusals[place].reason == RefusalReason::unavailable));
  }
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  BOOST_TEST((bench.status().undecided == split_at.next()));
}

BOOST_AUTO_TEST_CASE(it_is_on_record_once_however_often_it_is_reported) {
  Bench bench;
  reach_the_split(bench);
  bench.sync_at_once = false;
  for (int count = 0; count < 5; ++count) split(bench);
  BOOST_TEST(bench.journaled_views().size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_majority_in_another_view_or_term_or_on_a_closed_ballot_changes_nothing) {
  Bench bench;
  reach_the_split(bench);
  ComparatorReport other_view = no_majority(bench, split_at);
  other_view.view = other_view.view.next();
  bench.give(other_view);
  ComparatorReport other_term = no_majority(bench, split_at);
  other_term.term = Term(0);
  bench.give(other_term);
  bench.comparator = Incarnation(78);  // closes what is open
  bench.comparator_is_alive();
  bench.give(no_majority(bench, split_at));
  BOOST_TEST(bench.journaled_views().empty());
  BOOST_TEST(!bench.new_term);
}

BOOST_AUTO_TEST_CASE(a_verdict_that_stands_in_the_same_report_waits) {
  Bench bench;
  reach_the_split(bench);
  ComparatorReport report = no_majority(bench, split_at);
  report.verdicts.push_back({ReplicaId(3), Recovery(1), VerdictReason::dissent, Sequence(3)});
  bench.give(report);
  BOOST_REQUIRE(bench.journaled_views().size() == 1u);
  BOOST_TEST((bench.journaled_views()[0].members[2].state == ReplicaState::voting));
}

// ---- the new term: reproducing what was agreed

BOOST_AUTO_TEST_CASE(a_voter_is_asked_to_prove_its_state_after_the_agreed_order) {
  Reproducing bench;
  bench.apply(1, Sequence(0), Recovery(1));
  BOOST_REQUIRE(!bench.standings[1].empty());
  const ReplicaStanding standing = bench.standings[1].back();
  BOOST_TEST((standing.prove == bench.recovered.agreed.order.sequence));
  BOOST_TEST((standing.state == ReplicaState::voting));
  BOOST_TEST(standing.recovery.value == 2u);
  BOOST_TEST((standing.reason == OutReason::no_majority));
  BOOST_TEST((bench.status().replicas[0].reason == OutReason::no_majority));
  bench.apply(1, Sequence(0), Recovery(2));
  BOOST_TEST((bench.delivered(1) == std::pair(1ul, split_at.value)));
}

BOOST_AUTO_TEST_CASE(meanwhile_nothing_is_ordered_and_the_group_is_unavailable) {
  Reproducing bench;
  prove_right(bench, 1);
  bench.pass(seconds(3), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST((answer_to_a_change(bench) == RefusalReason::unavailable));
  BOOST_TEST(bench.orders().empty());
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  BOOST_TEST((bench.status().undecided == split_at));
  bench.core.client_connected(ClientId{"c"}, bench.now);
  bench.turn();
  BOOST_TEST((std::get<DistributorWelcome>(bench.to_clients.back().second).state == GroupState::unavailable));
}

BOOST_AUTO_TEST_CASE(when_a_majority_has_proven_the_agreed_state_the_group_goes_on) {
  Reproducing bench;
  const ViewNumber before = bench.view();
  prove_right(bench, 1);
  BOOST_TEST((stage_of(bench) == Stage::reproducing));
  prove_right(bench, 3);
  BOOST_TEST((stage_of(bench) == Stage::none));
  BOOST_TEST((bench.view() == before.next()));
  BOOST_TEST(bench.happened("state_reproduced"));
  BOOST_TEST(!bench.new_term);
  BOOST_TEST((bench.last_sequence() > split_at));
  bench.give_change(1);
  BOOST_TEST(bench.refusals().empty());
  bench.agree();
  BOOST_TEST((bench.status().state == GroupState::ok));
  BOOST_TEST(bench.status().undecided.value == 0u);
  BOOST_TEST(bench.standings[1].back().prove.value == 0u);
  BOOST_TEST((bench.standings[1].back().reason == OutReason::none));
}

BOOST_AUTO_TEST_CASE(one_wrong_proof_of_three_does_not_stop_it) {
  Reproducing bench;
  prove_wrong(bench, 2);
  prove_right(bench, 1);
  BOOST_TEST((stage_of(bench) == Stage::reproducing));
  prove_right(bench, 3);
  BOOST_TEST((stage_of(bench) == Stage::none));
}

BOOST_AUTO_TEST_CASE(where_one_is_right_a_wrong_one_tries_again_with_what_it_has_else) {
  Reproducing bench;
  prove_wrong(bench, 2);
  prove_right(bench, 1);
  BOOST_TEST(bench.happened("proof_wrong"));
  BOOST_TEST((recovery_of(bench, 2) == Recovery(3)));
  BOOST_TEST((recovery_of(bench, 1) == Recovery(2)));
  BOOST_TEST((bench.standings[2].back().reason == OutReason::dissent));
  BOOST_TEST((bench.standings[2].back().state == ReplicaState::voting));
  BOOST_TEST((bench.status().replicas[1].reason == OutReason::dissent));
  BOOST_TEST((bench.status().replicas[0].reason == OutReason::no_majority));
  prove_right(bench, 2);
  BOOST_TEST((stage_of(bench) == Stage::none));
  BOOST_TEST((bench.standings[2].back().reason == OutReason::none));
}

// Two checkpoints of its own, and those of two donors, after each of which an older one may come once more.
BOOST_AUTO_TEST_CASE(two_that_stay_wrong_halt_it) {
  Reproducing bench;
  prove_right(bench, 1);
  for (int attempt = 1; attempt <= 6; ++attempt)
    for (const std::uint64_t replica : {2, 3}) prove_wrong(bench, replica);
  prove_wrong(bench, 2);
  BOOST_TEST((stage_of(bench) == Stage::reproducing));
  prove_wrong(bench, 3);
  BOOST_TEST((stage_of(bench) == Stage::halted));
  BOOST_TEST(bench.happened("group_halted"));
  BOOST_TEST(!bench.new_term);
  BOOST_TEST((recovery_of(bench, 3) == Recovery(8)));
}

BOOST_AUTO_TEST_CASE(when_none_was_right_yet_it_waits_for_whoever_is_there) {
  Reproducing bench;
  bench.apply(1, Sequence(0), recovery_of(bench, 1));
  prove_wrong(bench, 2);
  prove_wrong(bench, 3);
  BOOST_TEST((stage_of(bench) == Stage::reproducing));
  prove_right(bench, 1);
  for (const std::uint64_t replica : {2, 3}) BOOST_TEST((recovery_of(bench, replica) == Recovery(3)));
  prove_right(bench, 3);
  BOOST_TEST((stage_of(bench) == Stage::none));
}

BOOST_AUTO_TEST_CASE(and_not_for_ever) {
  Reproducing bench;
  const auto silent = [&] {
    bench.comparator_is_alive();
    bench.apply(1, Sequence(0), recovery_of(bench, 1));
  };
  silent();
  prove_wrong(bench, 2);
  prove_wrong(bench, 3);
  bench.set_wall({bench.wall.unix_milliseconds + 299'000});
  bench.pass(milliseconds(100), milliseconds(50), silent);
  BOOST_TEST((stage_of(bench) == Stage::reproducing));
  bench.set_wall({bench.wall.unix_milliseconds + 1'000});
  bench.pass(milliseconds(100), milliseconds(50), silent);
  BOOST_TEST((stage_of(bench) == Stage::halted));
}

BOOST_AUTO_TEST_CASE(and_not_for_one_that_is_gone) {
  Reproducing bench;
  bench.apply(1, Sequence(0), recovery_of(bench, 1));
  prove_wrong(bench, 2);
  prove_wrong(bench, 3);
  bench.pass(seconds(5), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST((stage_of(bench) == Stage::halted));
}

// A liar may be the first to report.
BOOST_AUTO_TEST_CASE(nobody_is_given_up_before_it_had_the_time_to_report) {
  for (const Duration age : {milliseconds(100), milliseconds(2'100)}) {
    Reproducing bench(split_journal(), age);
    prove_wrong(bench, 1);
    prove_wrong(bench, 2);
    BOOST_TEST((stage_of(bench) == (age < seconds(1) ? Stage::reproducing : Stage::halted)));
  }
}

BOOST_AUTO_TEST_CASE(two_equal_proofs_of_another_state_prove_nothing) {
  Reproducing bench;
  OrderState other = bench.recovered.agreed;
  other.state.high += 1;
  prove(bench, 1, other);
  prove(bench, 2, other);
  BOOST_TEST((stage_of(bench) == Stage::halted));
}

BOOST_AUTO_TEST_CASE(a_state_after_an_order_of_the_same_number_on_another_chain_proves_nothing) {
  Reproducing bench;
  OrderState other = bench.recovered.agreed;
  other.order.chain.low += 1;
  prove(bench, 1, other);
  prove(bench, 2, other);
  BOOST_TEST((stage_of(bench) == Stage::halted));
}

// A checkpoint beyond the agreed order cannot show what was before it.
BOOST_AUTO_TEST_CASE(a_proof_after_a_later_order_is_a_wrong_one_and_after_an_earlier_order_is_none) {
  for (const std::uint64_t sequence : {split_at.value, std::uint64_t{1}}) {
    Reproducing bench;
    OrderState other = bench.recovered.agreed;
    other.order.sequence = Sequence(sequence);
    prove(bench, 1, other);
    prove(bench, 2, other);
    BOOST_TEST((stage_of(bench) == (sequence == 1 ? Stage::reproducing : Stage::halted)));
  }
}

// It gives no vote before it is on probation, or a second has passed.
BOOST_AUTO_TEST_CASE(a_voter_that_imported_meanwhile_is_put_on_probation_afterwards) {
  Reproducing bench;
  const auto imported = [&] {
    ReplicaReport report = bench.replica_report(bench.recovered.agreed.order.sequence, recovery_of(bench, 3));
    report.proof = bench.recovered.agreed;
    report.imported = true;
    bench.give(3, report);
  };
  imported();
  prove_right(bench, 1);
  BOOST_TEST((stage_of(bench) == Stage::none));
  BOOST_TEST((bench.journaled_views().back().members[2].state == ReplicaState::voting));
  imported();
  BOOST_TEST((bench.journaled_views().back().members[2].state != ReplicaState::voting));
}

BOOST_AUTO_TEST_CASE(proofs_of_an_earlier_recovery_do_not_count) {
  for (const bool right : {true, false}) {
    Reproducing bench;
    for (std::uint64_t id = 1; id <= 3; ++id) {
      ReplicaReport report = bench.replica_report(split_at, Recovery(1));
      report.proof = bench.recovered.agreed;
      report.proof.state.low += right ? 0 : 1;
      bench.give(id, report);
    }
    BOOST_TEST((stage_of(bench) == Stage::reproducing));
  }
}

// The journal of a group that found no majority while replica 3 was not a voter.
RecoveredJournal split_journal_with_replica_3(ReplicaState state, bool held = false) {
  RecoveredJournal found = split_journal();
  found.view.members[2].state = state;
  found.view.members[2].held = held;
  return found;
}

BOOST_AUTO_TEST_CASE(whoever_was_on_probation_or_recovering_proves_as_well_and_becomes_a_voter_by_it) {
  for (const ReplicaState state : {ReplicaState::probation, ReplicaState::recovering}) {
    Reproducing bench(split_journal_with_replica_3(state));
    prove_right(bench, 1);
    BOOST_TEST((stage_of(bench) == Stage::reproducing));
    prove_right(bench, 3);
    BOOST_TEST((stage_of(bench) == Stage::none));
    BOOST_TEST((bench.journaled_views().back().members[2].state == ReplicaState::voting));
  }
}

BOOST_AUTO_TEST_CASE(and_whoever_was_evicted_is_let_in_at_once) {
  Reproducing bench(split_journal_with_replica_3(ReplicaState::evicted));
  prove_right(bench, 3);  // it is there
  BOOST_TEST((bench.journaled_views().back().members[2].state == ReplicaState::recovering));
  prove_right(bench, 3);
  prove_right(bench, 1);
  BOOST_TEST((stage_of(bench) == Stage::none));
}

BOOST_AUTO_TEST_CASE(proofs_of_replicas_that_wait_for_an_operator_do_not_count) {
  for (const bool held : {true, false}) {
    Reproducing bench(split_journal_with_replica_3(held ? ReplicaState::evicted : ReplicaState::quarantined, held));
    prove_right(bench, 1);
    prove_right(bench, 3);
    BOOST_TEST((stage_of(bench) == Stage::reproducing));
    prove_wrong(bench, 2);
    for (int count = 0; count < 6; ++count) prove_wrong(bench, 2);
    BOOST_TEST((stage_of(bench) == Stage::halted));
  }
}

BOOST_AUTO_TEST_CASE(a_proof_that_was_given_before_the_distributor_restarted_counts_when_it_is_repeated) {
  Reproducing first;
  prove_right(first, 1);
  Reproducing bench(first.reopened());
  prove_right(bench, 2);
  BOOST_TEST((stage_of(bench) == Stage::reproducing), "nobody spoke for replica 1");
  prove_right(bench, 1);
  BOOST_TEST((stage_of(bench) == Stage::none));
}

BOOST_AUTO_TEST_CASE(a_group_that_never_agreed_on_anything_goes_on_at_once) {
  RecoveredJournal found = split_journal();
  found.agreed = {};
  Bench bench(Bench::usual_config(), found);
  bench.turn();
  BOOST_TEST((stage_of(bench) == Stage::none));
  bench.comparator_is_alive();
  BOOST_TEST((bench.last_sequence() > split_at));
}

BOOST_AUTO_TEST_CASE(what_is_to_be_reproduced_does_not_move_meanwhile) {
  Reproducing bench;
  ComparatorReport report = bench.report(split_at);
  report.agreed = {bench.recovered.last, {1, 1}};
  bench.give(report);
  bench.apply(1, Sequence(0), Recovery(1));
  BOOST_TEST((bench.standings[1].back().prove == bench.recovered.agreed.order.sequence));
}

BOOST_AUTO_TEST_SUITE_END()
