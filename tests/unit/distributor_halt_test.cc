// SPDX-License-Identifier: Apache-2.0
// Law 14 at the distributor: a group that halts, and the operator who resumes it. What comes before:
// distributor_rollback_test.cc.
#include "distributor_rollback_bench.h"

using namespace tally;
using Bench = DistributorBench;
using Stage = GroupRollback::Stage;

namespace {

constexpr Duration window = seconds(600);  // quarantine_window

// A group that rolled back at `wall`, reproduced what was agreed, and was open again until no majority was found anew.
void split_again(Bench& bench, CalendarTime at) {
  for (std::uint64_t id = 1; id <= 2; ++id) prove_right(bench, id);
  BOOST_REQUIRE(stage_of(bench) == Stage::none);
  bench.agree();
  bench.give_change(200);
  bench.forget();
  bench.set_wall(at);
  split(bench);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distributor_halt)

// ---- halt

BOOST_AUTO_TEST_CASE(no_majority_again_within_the_window_halts_the_group) {
  Reproducing bench;
  const CalendarTime first = bench.wall;
  split_again(bench, {first.unix_milliseconds + window.milliseconds() - 1});
  const JournaledView view = bench.journaled_views().back();
  BOOST_TEST((view.rollback == GroupRollback{Stage::halted, bench.last_sequence(), bench.wall}));
  BOOST_TEST(view.members[0].recovery.value == 2u);
  BOOST_TEST(!bench.new_term);
  BOOST_REQUIRE(!bench.views.empty());
  BOOST_TEST((bench.views.back().number == view.number));
}

BOOST_AUTO_TEST_CASE(no_majority_again_after_the_window_rolls_back_once_more) {
  Reproducing bench;
  const CalendarTime first = bench.wall;
  split_again(bench, {first.unix_milliseconds + window.milliseconds()});
  const JournaledView view = bench.journaled_views().back();
  BOOST_TEST((view.rollback == GroupRollback{Stage::reproducing, bench.last_sequence(), bench.wall}));
  BOOST_TEST(view.members[0].recovery.value == 3u);
  BOOST_TEST(bench.new_term);
}

BOOST_AUTO_TEST_CASE(a_halted_group_refuses_as_undecided_and_says_so) {
  Reproducing bench;
  for (std::uint64_t id = 1; id <= 2; ++id) prove_wrong(bench, id);
  bench.forget();
  BOOST_TEST((answer_to_a_change(bench) == RefusalReason::undecided));
  BOOST_TEST(bench.orders().empty());
  BOOST_TEST((bench.status().state == GroupState::halted));
  BOOST_TEST((bench.status().undecided == split_at));
  bench.core.client_connected(ClientId{"c"}, bench.now);
  bench.turn();
  BOOST_TEST((std::get<DistributorWelcome>(bench.to_clients.back().second).state == GroupState::halted));
}

BOOST_AUTO_TEST_CASE(what_waits_when_a_group_halts_is_refused_as_undecided) {
  Reproducing bench;
  for (std::uint64_t id = 1; id <= 2; ++id) prove_right(bench, id);
  bench.agree();
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.give_change(2);  // waits for its place
  split(bench);
  BOOST_TEST((stage_of(bench) == Stage::halted));
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST(bench.refusals()[0].number.value == 2u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::undecided));
}

BOOST_AUTO_TEST_CASE(a_halt_survives_a_restart_and_no_proof_ends_it) {
  Reproducing bench(halted_journal());
  for (std::uint64_t id = 1; id <= 3; ++id) prove_right(bench, id);
  BOOST_TEST((answer_to_a_change(bench) == RefusalReason::undecided));
  BOOST_TEST((bench.status().state == GroupState::halted));
  BOOST_TEST(bench.orders().empty());
  BOOST_TEST(bench.journaled_views().empty());
}

BOOST_AUTO_TEST_CASE(a_halted_group_comes_to_rest) {
  Reproducing bench(halted_journal());
  bench.turns = 0;
  bench.pass(seconds(10), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.turns <= 10u * (20 * 2 + 20));
}

// ---- resume

BOOST_AUTO_TEST_CASE(an_operator_resumes_a_halted_group_by_a_new_term) {
  Reproducing bench(halted_journal());
  bench.sync_at_once = false;
  BOOST_TEST((bench.resume().outcome == AdminOutcome::done));
  BOOST_REQUIRE(bench.journaled_views().size() == 1u);
  BOOST_TEST((stage_of(bench) == Stage::none));
  for (std::uint64_t id = 1; id <= 3; ++id) BOOST_TEST(recovery_of(bench, id).value == 3u);
  BOOST_TEST(!bench.new_term);
  bench.sync();
  BOOST_TEST(bench.new_term);
  BOOST_TEST(bench.happened("group_resumed"));

  Bench next(Bench::usual_config(), bench.reopened());
  next.start();
  next.give_change(1);
  BOOST_TEST(next.refusals().empty());
  BOOST_TEST((next.last_sequence() > next.recovered.last.sequence));
  BOOST_TEST((next.status().state == GroupState::ok));
}

// There is nothing to reproduce: the operator has seen that it cannot be.
BOOST_AUTO_TEST_CASE(after_a_resume_nobody_has_to_prove_anything) {
  Reproducing bench(halted_journal());
  bench.resume();
  Bench next(Bench::usual_config(), bench.reopened());
  next.apply(1, Sequence(0), Recovery(2));
  BOOST_TEST(next.standings[1].back().recovery.value == 3u);
  BOOST_TEST(next.standings[1].back().prove.value == 0u);
}

// Whatever was ordered then would be lost on whoever sent it: the term ends.
BOOST_AUTO_TEST_CASE(after_a_resume_nothing_is_ordered_in_the_old_term) {
  Reproducing bench(halted_journal());
  bench.sync_at_once = false;
  bench.resume();
  BOOST_TEST((answer_to_a_change(bench) == RefusalReason::unavailable));
  bench.pass(seconds(1), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.orders().empty());
}

BOOST_AUTO_TEST_CASE(no_majority_soon_after_a_resume_halts_again) {
  Reproducing bench(halted_journal());
  bench.set_wall({bench.wall.unix_milliseconds + hours(24).milliseconds()});
  bench.resume();
  Bench next(Bench::usual_config(), bench.reopened());
  next.set_wall(bench.wall);
  next.start();
  next.give_change(1);
  split(next);
  BOOST_TEST((stage_of(next) == Stage::halted));
}

BOOST_AUTO_TEST_CASE(a_resume_needs_the_admin_token) {
  Reproducing bench(halted_journal());
  for (const char* token : {"", "Secret"}) {
    const AdminReply reply = bench.command(AdminAction::resume, 0, token);
    BOOST_TEST((reply.outcome == AdminOutcome::forbidden));
  }
  BOOST_TEST(bench.journaled_views().empty());
}

// One proof is right, one is wrong, and who could give the third is gone for good: an operator may go on without.
BOOST_AUTO_TEST_CASE(a_group_that_waits_for_proofs_is_resumed_without_them) {
  Reproducing bench;
  BOOST_TEST((bench.resume().outcome == AdminOutcome::done));
  BOOST_TEST((stage_of(bench) == Stage::none));
  BOOST_TEST(bench.new_term);
}

BOOST_AUTO_TEST_CASE(a_group_that_decides_is_not_resumed) {
  Started bench;
  BOOST_TEST((bench.resume().outcome == AdminOutcome::refused));
  BOOST_TEST(bench.journaled_views().empty());
}

BOOST_AUTO_TEST_CASE(a_group_is_resumed_once) {
  Reproducing bench(halted_journal());
  bench.sync_at_once = false;
  bench.resume();
  BOOST_TEST((bench.resume().outcome == AdminOutcome::refused));
}

// ---- an order that is voided

BOOST_AUTO_TEST_CASE(an_operator_voids_an_order_and_resumes) {
  Reproducing bench(halted_journal());
  BOOST_TEST(!bench.core.is_voided(split_at));
  BOOST_TEST((bench.resume(split_at).outcome == AdminOutcome::done));
  BOOST_TEST((bench.journaled_views().back().voided == std::vector{split_at}));
  BOOST_TEST((stage_of(bench) == Stage::none));
  BOOST_TEST(bench.new_term);

  Bench next(Bench::usual_config(), bench.reopened());
  next.apply(1, Sequence(0), Recovery(3));
  BOOST_TEST((next.delivered(1) == std::pair(1ul, split_at.value)), "it is sent, as voided");
  for (std::uint64_t sequence = 1; sequence <= 5; ++sequence)
    BOOST_TEST(next.core.is_voided(Sequence(sequence)) == (sequence == split_at.value));
}

// It kills every replica, so nobody votes on it and nobody finds that there is no majority.
BOOST_AUTO_TEST_CASE(an_order_that_no_replica_survives_can_be_voided_in_the_term_after_it) {
  Bench bench;
  reach_the_split(bench);
  BOOST_TEST((bench.resume(split_at).outcome == AdminOutcome::refused), "it may still be decided in this term");
  Bench next(Bench::usual_config(), bench.reopened());
  BOOST_TEST((next.resume(split_at).outcome == AdminOutcome::refused), "or in the last one, as long as nobody knows");
  next.comparator_is_alive();
  next.comparator_is_alive();
  for (std::uint64_t id = 1; id <= 3; ++id) next.apply(id, Sequence(3));
  BOOST_TEST((next.resume(split_at).outcome == AdminOutcome::done));
  BOOST_TEST(next.core.is_voided(split_at));
  for (std::uint64_t id = 1; id <= 3; ++id) BOOST_TEST(recovery_of(next, id).value == 2u);
  BOOST_TEST(next.new_term);
}

BOOST_AUTO_TEST_CASE(an_order_that_a_replica_has_executed_is_not_voided_unless_the_group_is_halted) {
  Bench bench;
  reach_the_split(bench);
  Bench next(Bench::usual_config(), bench.reopened());
  next.comparator_is_alive();
  next.comparator_is_alive();
  next.apply(1, split_at);
  BOOST_TEST((next.resume(split_at).outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(no_order_is_voided_that_the_comparator_has_seen_decided) {
  Bench bench;
  reach_the_split(bench);
  const OrderState decided = bench.state_after(split_at);
  Bench next(Bench::usual_config(), bench.reopened());
  next.comparator_is_alive();
  ComparatorReport report = next.report(next.decided());
  report.agreed = decided;  // in the term before: this one goes by what is journaled
  next.give(report);
  BOOST_TEST((next.resume(split_at).outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(an_order_can_be_voided_while_the_agreed_state_is_reproduced) {
  Reproducing bench;
  BOOST_TEST((bench.resume(split_at).outcome == AdminOutcome::done));
  BOOST_TEST((stage_of(bench) == Stage::none));
  BOOST_TEST(bench.core.is_voided(split_at));
}

BOOST_AUTO_TEST_CASE(an_order_that_was_decided_is_not_voided) {
  Bench bench;
  reach_the_split(bench);
  bench.agree();
  for (std::uint64_t sequence = 1; sequence <= split_at.value; ++sequence)
    BOOST_TEST((bench.resume(Sequence(sequence)).outcome == AdminOutcome::refused));
  BOOST_TEST(bench.journaled_views().empty());
}

BOOST_AUTO_TEST_CASE(an_order_that_there_is_not_is_not_voided) {
  RecoveredJournal found = halted_journal();
  found.first = Sequence(4);
  found.agreed.order.sequence = Sequence(2);  // below what was cut
  Reproducing bench(found);
  for (const std::uint64_t sequence : {std::uint64_t{3}, split_at.value + 1, ~std::uint64_t{0}})
    BOOST_TEST((bench.resume(Sequence(sequence)).outcome == AdminOutcome::refused));
  BOOST_TEST((stage_of(bench) == Stage::halted));
  BOOST_TEST((bench.resume(split_at).outcome == AdminOutcome::done));
}

BOOST_AUTO_TEST_CASE(an_order_is_voided_once) {
  Reproducing bench(halted_journal());
  bench.resume(split_at);
  Bench next(Bench::usual_config(), bench.reopened());
  BOOST_TEST((next.resume(split_at).outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_SUITE_END()
