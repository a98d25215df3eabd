// SPDX-License-Identifier: Apache-2.0
// The distributor's core towards replicas, comparator and people. Orders and ballots: distributor_core_test.cc.
#include "distributor_bench.h"

using namespace tally;
using Bench = DistributorBench;

namespace {

// A journal whose last order is `last`, so that replicas have something to catch up with.
RecoveredJournal journal_through(std::uint64_t last) {
  RecoveredJournal journal = Bench::empty_journal();
  journal.term = Term(2);
  journal.last = {Term(1), Sequence(last), Digest{1, 1}};
  return journal;
}

// Cooling down, recovering, probation: until replica 3, which is told to recover, may be streamed to.
void evict_and_let_recover(Bench& bench) {
  bench.accuse(3, VerdictReason::silence);
  bench.pass(milliseconds(1'100), milliseconds(50), [&] { bench.decide(); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distributor_group)

// ---- streams to replicas

BOOST_AUTO_TEST_CASE(every_order_goes_to_every_replica) {
  Started bench;
  bench.give_change(1);
  for (std::uint64_t id = 1; id <= Bench::replicas; ++id) BOOST_TEST((bench.delivered(id) == std::pair(2ul, 2ul)));
}

BOOST_AUTO_TEST_CASE(a_replica_that_was_never_heard_of_gets_nothing) {
  Bench bench;
  bench.comparator_is_alive();
  bench.apply(1, Sequence(0));
  BOOST_TEST(bench.delivered(1).second == 1u);
  BOOST_TEST(bench.delivered(2).second == 0u);
}

BOOST_AUTO_TEST_CASE(a_replica_gets_no_more_than_its_window) {
  Bench bench(Bench::usual_config(), journal_through(10'000));
  bench.apply(1, Sequence(100));
  BOOST_TEST((bench.delivered(1) == std::pair(101ul, 100 + limits::replica_window_orders)));
  bench.deliveries.clear();
  bench.turn();
  BOOST_TEST(bench.deliveries.empty());
  bench.apply(1, Sequence(164));
  BOOST_TEST(
      (bench.delivered(1) == std::pair(101 + limits::replica_window_orders, 164 + limits::replica_window_orders)));
}

BOOST_AUTO_TEST_CASE(one_turn_reads_few_orders_for_a_replica_that_is_far_behind) {
  Bench bench(Bench::usual_config(), journal_through(10'000));
  bench.core.receive(ReplicaId(1), bench.replica_report(Sequence(0)), bench.now);
  bench.core.tick(bench.now);
  const auto output = bench.core.take_output();
  BOOST_REQUIRE(output.deliveries.size() == 1u);
  BOOST_TEST(output.deliveries[0].last.value == limits::catch_up_orders_per_turn);
  BOOST_TEST((bench.core.next_deadline() <= bench.now));
}

BOOST_AUTO_TEST_CASE(a_replica_that_misses_orders_gets_them_again) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(0));
  bench.deliveries.clear();
  ReplicaReport missing = bench.replica_report(Sequence(20));
  missing.resend = true;
  bench.give(1, missing);
  BOOST_TEST((bench.delivered(1) == std::pair(21ul, 50ul)));
}

BOOST_AUTO_TEST_CASE(a_replica_that_reports_what_it_was_sent_gets_nothing_twice) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(0));
  bench.deliveries.clear();
  bench.apply(1, Sequence(20));
  BOOST_TEST(bench.deliveries.empty());
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_further_than_what_it_was_sent_gets_only_what_it_lacks) {
  Bench bench(Bench::usual_config(), journal_through(10'000));
  bench.apply(1, Sequence(0));
  bench.deliveries.clear();
  bench.apply(1, Sequence(9'990));
  BOOST_TEST((bench.delivered(1) == std::pair(9'991ul, 10'000ul)));
}

BOOST_AUTO_TEST_CASE(a_replica_that_rolled_back_is_streamed_to_from_where_it_is) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(50));
  BOOST_TEST(bench.deliveries.empty());
  bench.apply(1, Sequence(30));
  BOOST_TEST((bench.delivered(1) == std::pair(31ul, 50ul)));
}

BOOST_AUTO_TEST_CASE(a_replica_that_restarted_is_streamed_to_from_where_it_is) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(0));
  bench.deliveries.clear();
  ReplicaReport restarted = bench.replica_report(Sequence(10));
  restarted.incarnation = Incarnation(9);
  bench.give(1, restarted);
  BOOST_TEST((bench.delivered(1) == std::pair(11ul, 50ul)));
}

BOOST_AUTO_TEST_CASE(a_failed_delivery_is_tried_again_after_a_pause) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(0));
  bench.core.delivery_failed(ReplicaId(1), Sequence(21));
  bench.deliveries.clear();
  bench.turn();
  BOOST_TEST(bench.deliveries.empty());
  bench.pass(milliseconds(6));
  BOOST_TEST((bench.delivered(1) == std::pair(21ul, 50ul)));
}

BOOST_AUTO_TEST_CASE(orders_that_could_not_be_sent_do_not_count_as_sent) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(0));
  BOOST_TEST(bench.status().orders_sent == 50u);
  bench.core.delivery_failed(ReplicaId(1), Sequence(21));
  BOOST_TEST(bench.status().orders_sent == 20u);
  bench.pass(milliseconds(6));
  BOOST_TEST(bench.status().orders_sent == 50u);
}

BOOST_AUTO_TEST_CASE(a_slow_replica_holds_nobody) {
  Started bench;
  const std::uint64_t orders = 2 * limits::replica_window_orders;
  for (std::uint64_t number = 1; number <= orders; ++number) {
    bench.give_change(number);
    bench.decide();
    bench.apply(1, bench.last_sequence());
    bench.apply(2, bench.last_sequence());
  }
  BOOST_TEST(bench.last_sequence().value == 1 + orders);
  BOOST_TEST(bench.delivered(1).second == 1 + orders);
  BOOST_TEST(bench.delivered(3).second == 1 + limits::replica_window_orders);
}

BOOST_AUTO_TEST_CASE(a_replica_that_has_not_carried_out_its_recovery_gets_nothing) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(1, Sequence(0), Recovery(0));
  BOOST_TEST(bench.deliveries.empty());
  BOOST_REQUIRE(!bench.standings[1].empty());
  BOOST_TEST(bench.standings[1].back().recovery.value == 1u);
  bench.apply(1, Sequence(0), Recovery(1));
  BOOST_TEST(bench.delivered(1).second == 50u);
}

BOOST_AUTO_TEST_CASE(a_replica_that_claims_more_than_there_is_gets_nothing) {
  Started bench;
  for (const std::uint64_t claimed : {std::uint64_t{1'000}, ~std::uint64_t{0}}) {
    bench.apply(3, Sequence(claimed));
    bench.give_change(claimed);
    BOOST_TEST(bench.delivered(3).second == 0u);
  }
  BOOST_TEST(bench.delivered(1).second == bench.last_sequence().value);
  bench.turns = 0;
  bench.pass(seconds(10), milliseconds(50), [&] { bench.decide(); });
  BOOST_TEST(bench.turns <= 10u * (20 * 2 + 20));
}

BOOST_AUTO_TEST_CASE(a_replica_of_another_group_is_told_ours_and_gets_nothing) {
  Bench bench(Bench::usual_config(), journal_through(50));
  ReplicaReport foreign = bench.replica_report(Sequence(0));
  foreign.group = GroupId(6);
  bench.give(1, foreign);
  BOOST_TEST(bench.deliveries.empty());
  BOOST_REQUIRE(!bench.standings[1].empty());
  BOOST_TEST(bench.standings[1].back().group.value == Bench::group.value);
}

BOOST_AUTO_TEST_CASE(a_replica_that_does_not_know_its_group_yet_is_served) {
  Bench bench(Bench::usual_config(), journal_through(50));
  ReplicaReport fresh = bench.replica_report(Sequence(0));
  fresh.group = {};
  bench.give(1, fresh);
  BOOST_TEST(bench.delivered(1).second == 50u);
}

BOOST_AUTO_TEST_CASE(what_was_decided_before_a_stream_began_is_executed_without_a_vote) {
  Started bench;
  bench.give_change(1);
  bench.decide();
  bench.give_change(2);
  ReplicaReport restarted = bench.replica_report(Sequence(0));
  restarted.incarnation = Incarnation(9);
  bench.give(3, restarted);
  BOOST_TEST(bench.standings[3].back().vote_from.value == 3u);
  bench.decide();
  bench.apply(3, bench.last_sequence());
  bench.core.replica_connected(ReplicaId(3));
  bench.turn();
  BOOST_TEST(bench.standings[3].back().vote_from.value <= 4u);
}

// ---- standings

BOOST_AUTO_TEST_CASE(a_standing_says_everything) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.apply(2, Sequence(50));
  BOOST_REQUIRE(!bench.standings[2].empty());
  const ReplicaStanding standing = bench.standings[2][0];
  BOOST_TEST(standing.term.value == 2u);
  BOOST_TEST(standing.group.value == Bench::group.value);
  BOOST_TEST(standing.view.value == 1u);
  BOOST_TEST((standing.state == ReplicaState::voting));
  BOOST_TEST(standing.recovery.value == 1u);
  BOOST_TEST((standing.last == OrderIdentity{Term(1), Sequence(50), Digest{1, 1}}));
  BOOST_TEST(standing.stable.value == 50u);
  BOOST_TEST(standing.vote_from.value == 51u);
  BOOST_TEST((standing.reason == OutReason::none));
}

BOOST_AUTO_TEST_CASE(standings_and_view_are_repeated) {
  Started bench;
  bench.pass(seconds(1), milliseconds(50), [&] { bench.decide(); });
  BOOST_TEST(bench.standings[1].size() >= 4u);
  BOOST_TEST(bench.views.size() >= 4u);
}

BOOST_AUTO_TEST_CASE(they_are_repeated_faster_while_ballots_are_open) {
  Started bench;
  bench.give_change(1);
  bench.pass(milliseconds(250), milliseconds(50), [&] { bench.comparator_is_alive(); });
  bench.forget();
  bench.pass(milliseconds(240), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.standings[1].size() >= 4u);
}

BOOST_AUTO_TEST_CASE(nobody_hears_of_a_view_before_its_record_is_synced) {
  Started bench;
  bench.sync_at_once = false;
  bench.accuse(3, VerdictReason::dissent);
  BOOST_REQUIRE(bench.journaled_views().size() == 1u);
  bench.pass(milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });  // beats, and new connections
  bench.core.replica_connected(ReplicaId(3));
  bench.turn();
  BOOST_TEST(bench.views.empty());
  BOOST_TEST(bench.standings.empty());
  bench.sync();
  BOOST_REQUIRE(!bench.views.empty());
  BOOST_TEST((bench.views[0].members[2].role == MemberRole::none));
  BOOST_REQUIRE(!bench.standings[3].empty());
  BOOST_TEST((bench.standings[3][0].state == ReplicaState::evicted));
  BOOST_TEST((bench.standings[3][0].reason == OutReason::dissent));
}

BOOST_AUTO_TEST_CASE(a_view_that_changes_again_during_its_sync_waits_for_the_next_one) {
  Started bench;
  bench.sync_at_once = false;
  bench.accuse(3, VerdictReason::dissent);
  const std::uint64_t first = bench.sync_wanted;
  bench.command(AdminAction::readmit, 3);
  bench.core.synced(first, bench.now);
  bench.turn();
  BOOST_TEST(bench.views.empty());
  bench.sync();
  BOOST_TEST(bench.views.back().number.value == 3u);
}

// ---- verdicts, cool-down, recovery, probation

BOOST_AUTO_TEST_CASE(an_evicted_replica_gets_no_orders) {
  Started bench;
  bench.accuse(3, VerdictReason::dissent);
  bench.give_change(1);
  BOOST_TEST(bench.delivered(3).second == 0u);
  BOOST_TEST(bench.delivered(2).second == 2u);
}

BOOST_AUTO_TEST_CASE(a_replica_comes_back_by_recovery_probation_and_matching_votes) {
  Started bench;
  evict_and_let_recover(bench);
  BOOST_TEST((bench.standings[3].back().state == ReplicaState::recovering));
  BOOST_TEST(bench.standings[3].back().recovery.value == 2u);
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::none));

  bench.apply(3, Sequence(0), Recovery(2));
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::observed));
  BOOST_TEST((bench.views.back().members[2].recovery == Recovery(2)));
  BOOST_TEST(bench.delivered(3).second == bench.last_sequence().value);

  ComparatorReport matching = bench.report(bench.last_sequence());
  matching.voters[2].matches = 2;
  bench.give(matching);
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::observed));
  matching.voters[2].matches = 3;
  bench.give(matching);
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::voter));
  BOOST_TEST(bench.happened("replica_readmitted"));
  BOOST_TEST(bench.status().replicas[2].readmissions == 1u);
}

BOOST_AUTO_TEST_CASE(a_recovering_replica_that_is_far_behind_is_not_on_probation_yet) {
  Started bench(Bench::usual_config(), journal_through(10'000));
  evict_and_let_recover(bench);
  bench.apply(3, Sequence(100), Recovery(2));
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::none));
  bench.apply(3, Sequence(9'990), Recovery(2));
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::observed));
}

BOOST_AUTO_TEST_CASE(matches_that_were_counted_in_another_view_readmit_nobody) {
  Started bench;
  evict_and_let_recover(bench);
  ComparatorReport before = bench.report(bench.last_sequence());
  before.voters[2].matches = 1'000;
  bench.apply(3, bench.last_sequence(), Recovery(2));
  bench.give(before);
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::observed));
}

BOOST_AUTO_TEST_CASE(while_somebody_is_on_probation_empty_orders_come_faster) {
  Started bench;
  evict_and_let_recover(bench);
  bench.apply(3, bench.last_sequence(), Recovery(2));
  const std::uint64_t before = bench.last_sequence().value;
  bench.pass(seconds(1), milliseconds(10), [&] { bench.decide(); });
  BOOST_TEST(bench.last_sequence().value - before >= 90u);
}

// Replica 3 is on probation when voter 2 falls silent: 1 and 3 gave equal votes, and nothing is decided.
ComparatorReport stuck_without_replica_2(Bench& bench) {
  evict_and_let_recover(bench);
  bench.apply(3, bench.last_sequence(), Recovery(2));
  bench.decide();
  bench.give_change(1);
  ComparatorReport stuck = bench.report(bench.decided());
  stuck.succession = {bench.last_sequence(), {ReplicaId(1), ReplicaId(3)}};
  return stuck;
}

BOOST_AUTO_TEST_CASE(a_succession_makes_a_voter_of_whoever_is_on_probation_and_displaces_nobody) {
  Started bench;
  const ComparatorReport stuck = stuck_without_replica_2(bench);
  const ViewNumber before = bench.view();
  bench.give(stuck);
  BOOST_TEST((bench.view() == before.next()), "in one view");
  BOOST_TEST((bench.views.back().members[1].role == MemberRole::voter));
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::voter));
  bench.give(stuck);
  BOOST_TEST((bench.view() == before.next()), "of another view by now");
}

BOOST_AUTO_TEST_CASE(a_succession_of_an_earlier_view_or_on_a_closed_ballot_is_ignored) {
  Started bench;
  ComparatorReport stuck = stuck_without_replica_2(bench);
  const ViewNumber before = bench.view();
  stuck.view = ViewNumber(before.value - 1);
  bench.give(stuck);
  BOOST_TEST((bench.view() == before));
  stuck.view = before;
  stuck.succession.ballot = Sequence(0);
  bench.give(stuck);
  BOOST_TEST((bench.view() == before));
}

// Replica 3 is evicted, with a cool-down of a minute, and nothing is decided any more.
struct Standstill : Bench {
  static DistributorConfig patient_config() {
    DistributorConfig config = usual_config();
    config.membership.breaker.cooldown = config.membership.breaker.cooldown_most = seconds(60);
    return config;
  }
  Standstill() : Bench(patient_config()) {
    start();
    accuse(3, VerdictReason::silence);
    Bench::pass(milliseconds(1'100), milliseconds(50), [&] { decide(); });
    give_change(1);
  }
  void pass(Duration duration, bool is_there) {
    Bench::pass(duration, milliseconds(50), [&] {
      comparator_is_alive();
      if (is_there) apply(3, Sequence(1));
    });
  }
  ReplicaState state() { return status().replicas[2].state; }
};

BOOST_AUTO_TEST_CASE(while_the_group_stands_still_the_cool_down_of_whoever_is_there_ends) {
  Standstill bench;
  bench.pass(milliseconds(400), true);
  BOOST_TEST((bench.state() == ReplicaState::evicted), "it may be slow");
  bench.pass(milliseconds(300), true);
  BOOST_TEST((bench.state() == ReplicaState::recovering));
}

BOOST_AUTO_TEST_CASE(and_of_nobody_who_is_not_there) {
  Standstill bench;
  bench.pass(seconds(3), false);
  BOOST_TEST((bench.state() == ReplicaState::evicted));
}

BOOST_AUTO_TEST_CASE(a_status_that_is_not_ok_says_why_and_what_helps) {
  Bench fresh;
  BOOST_TEST(fresh.status().reason == "no_comparator");
  fresh.comparator_is_alive();
  BOOST_TEST(fresh.status().reason == "starting");

  Standstill bench;
  BOOST_TEST(bench.status().reason == "replicas_out");
  bench.pass(seconds(2), false);
  BOOST_TEST(bench.status().reason == "no_majority");
  BOOST_TEST(bench.status().advice.find("until 2 of them are whole") != std::string::npos);

  Bench held;
  held.start();
  held.all_apply();
  BOOST_TEST(held.status().reason == "");
  BOOST_TEST(held.status().advice == "");
  held.command(AdminAction::evict, 2);
  held.give_change(1);
  held.pass(seconds(2), milliseconds(50), [&] { held.comparator_is_alive(); });
  BOOST_TEST(held.status().reason == "no_majority");
  BOOST_TEST(held.status().advice.find("tally replica readmit 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_recovers_is_told_from_where_on_it_is_to_vote_before_it_has_reported) {
  Started bench;
  evict_and_let_recover(bench);
  const ReplicaStanding standing = bench.standings[3].back();
  BOOST_TEST(standing.recovery.value == 2u);
  BOOST_TEST((standing.vote_from == bench.decided().next()));
}

BOOST_AUTO_TEST_CASE(whoever_lives_on_an_unproven_import_is_not_put_on_probation) {
  Started bench;
  evict_and_let_recover(bench);
  ReplicaReport report = bench.replica_report(bench.last_sequence(), Recovery(2));
  report.imported = true;
  bench.give(3, report);
  BOOST_TEST((bench.status().replicas[2].state == ReplicaState::recovering));
  report.imported = false;
  bench.give(3, report);
  BOOST_TEST((bench.status().replicas[2].state == ReplicaState::probation));
}

BOOST_AUTO_TEST_CASE(a_verdict_of_an_earlier_recovery_is_ignored) {
  Started bench;
  evict_and_let_recover(bench);
  bench.apply(3, bench.last_sequence(), Recovery(2));
  bench.accuse(3, VerdictReason::silence, Recovery(1));
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::observed));
  bench.accuse(3, VerdictReason::silence, Recovery(2));
  BOOST_TEST((bench.views.back().members[2].role == MemberRole::none));
}

BOOST_AUTO_TEST_CASE(a_standing_verdict_is_carried_out_once) {
  Started bench;
  for (int report = 0; report < 5; ++report) bench.accuse(3, VerdictReason::dissent);
  BOOST_TEST(bench.status().replicas[2].evictions == 1u);
  BOOST_TEST(bench.journaled_views().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_voter_that_lives_on_anothers_state_has_to_prove_itself_without_blame) {
  Started bench;
  ReplicaReport report = bench.replica_report(bench.last_sequence());
  report.incarnation = Incarnation(9);
  report.imported = true;
  bench.give(2, report);
  BOOST_REQUIRE(!bench.journaled_views().empty());
  const JournaledMember member = bench.journaled_views().front().members[1];
  BOOST_TEST((member.state == ReplicaState::recovering));
  BOOST_TEST((member.recovery == Recovery(1)));
  BOOST_TEST(member.evictions == 0u);
  const std::size_t views = bench.journaled_views().size();
  bench.give(2, report);
  BOOST_TEST(bench.journaled_views().size() == views, "once");
  report.imported = false;
  bench.give(2, report);
  BOOST_TEST((bench.journaled_views().back().members[1].state == ReplicaState::probation));
}

// Law 13: only one of them can go.
BOOST_AUTO_TEST_CASE(of_a_silent_and_a_lying_replica_in_one_report_the_liar_goes) {
  Started bench;
  ComparatorReport report = bench.report(bench.decided());
  report.verdicts.push_back({ReplicaId(2), Recovery(1), VerdictReason::silence, bench.last_sequence()});
  report.verdicts.push_back({ReplicaId(1), Recovery(1), VerdictReason::dissent, bench.last_sequence()});
  bench.give(report);
  BOOST_REQUIRE(!bench.journaled_views().empty());
  const std::vector<JournaledMember> members = bench.journaled_views().back().members;
  BOOST_TEST((members[0].state == ReplicaState::evicted));
  BOOST_TEST((members[1].state == ReplicaState::voting));
}

BOOST_AUTO_TEST_CASE(verdicts_and_tallies_of_replicas_that_there_are_not_are_ignored) {
  Started bench;
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{4}, ~std::uint64_t{0}}) {
    bench.accuse(id, VerdictReason::dissent);
    ComparatorReport strange = bench.report(bench.last_sequence());
    strange.voters.push_back(Bench::tally_of(id, 1'000));
    bench.give(strange);
  }
  BOOST_TEST(bench.journaled_views().empty());
}

// ---- the comparator

BOOST_AUTO_TEST_CASE(a_new_comparator_closes_what_is_open_and_the_view_echoes_it) {
  Started bench;
  bench.give_change(1);
  bench.views.clear();
  bench.comparator = Incarnation(78);
  bench.core.receive(bench.report(Sequence(0)), bench.now);
  bench.carry_out(bench.core.take_output());
  BOOST_TEST(bench.core.is_drained());
  BOOST_REQUIRE(bench.views.size() == 1u);
  BOOST_TEST(bench.views[0].comparator.value == 78u);
  BOOST_TEST(bench.views[0].closed.value == 2u);
  BOOST_TEST(bench.views[0].last.value == 2u);
  bench.ballots.clear();
  bench.turn();
  for (const std::uint64_t sequence : bench.balloted()) BOOST_TEST(sequence > 2u);
}

BOOST_AUTO_TEST_CASE(a_comparator_of_another_group_is_ignored) {
  Bench bench;
  ComparatorReport foreign = bench.report(Sequence(0));
  foreign.group = GroupId(6);
  bench.give(foreign);
  BOOST_TEST(bench.views.empty());
  BOOST_TEST(bench.orders().empty());
  BOOST_TEST((bench.status().comparator_state == RoleState::down));
}

BOOST_AUTO_TEST_CASE(a_comparator_that_is_in_another_term_gets_the_view_and_decides_nothing) {
  Bench bench(Bench::usual_config(), journal_through(50));
  bench.comparator_is_alive();
  bench.give_change(1);
  bench.views.clear();
  ComparatorReport old = bench.report(Sequence(51));
  old.term = Term(1);
  old.verdicts.push_back({ReplicaId(3), Recovery(1), VerdictReason::dissent, Sequence(50)});
  bench.give(old);
  BOOST_TEST(bench.views.size() == 1u);
  BOOST_TEST(bench.status().decided.value < 51u);
  BOOST_TEST(bench.journaled_views().empty());
}

BOOST_AUTO_TEST_CASE(a_report_beyond_the_last_order_decides_only_what_there_is) {
  Started bench;
  bench.give_change(1);
  bench.give(bench.report(Sequence(1'000)));
  BOOST_TEST(bench.status().decided.value == 2u);
  bench.give_change(2);
  BOOST_TEST(bench.status().decided.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_report_that_comes_late_takes_no_decision_back) {
  Started bench;
  bench.give_change(1);
  bench.decide();
  bench.give(bench.report(Sequence(1)));
  BOOST_TEST(bench.status().decided.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_journaled_view_names_the_newest_audit_record) {
  Started bench;
  ComparatorReport report = bench.report(bench.last_sequence());
  report.audit_head = "12:abc";
  report.verdicts.push_back({ReplicaId(2), Recovery(1), VerdictReason::silence, Sequence(1)});
  bench.give(report);
  BOOST_REQUIRE(bench.journaled_views().size() == 1u);
  BOOST_TEST(bench.journaled_views()[0].audit_head == "12:abc");
  BOOST_TEST(bench.views.back().audit_head == "12:abc");
}

// ---- people

BOOST_AUTO_TEST_CASE(a_client_is_welcomed_with_term_and_state) {
  Bench bench;
  bench.core.client_connected(ClientId{"c"}, bench.now);
  bench.turn();
  BOOST_REQUIRE(bench.to_clients.size() == 1u);
  BOOST_TEST((std::get<DistributorWelcome>(bench.to_clients[0].second) ==
              DistributorWelcome{Term(1), GroupState::unavailable}));
  bench.start();
  bench.core.client_connected(ClientId{"c"}, bench.now);
  bench.turn();
  BOOST_TEST(
      (std::get<DistributorWelcome>(bench.to_clients.back().second) == DistributorWelcome{Term(1), GroupState::ok}));
}

BOOST_AUTO_TEST_CASE(the_status_says_who_where_and_how_far) {
  Started bench;
  bench.give_change(1);
  bench.give_change(2);
  bench.apply(1, Sequence(3));
  ComparatorReport report = bench.report(Sequence(2));
  report.voters[0] = {ReplicaId(1), Sequence(2), 20, 3, 4, 5};
  report.voters[1].votes = 7;
  bench.give(report);
  const ClusterStatus status = bench.status();
  BOOST_TEST(status.number == 9u);
  BOOST_TEST(status.term.value == 1u);
  BOOST_TEST(status.view.value == 1u);
  BOOST_TEST(status.sequence.value == 3u);
  BOOST_TEST(status.decided.value == 2u);
  BOOST_TEST(status.stable.value == 3u);
  BOOST_TEST((status.state == GroupState::ok));
  BOOST_TEST(status.distributor_pid == 4711u);
  BOOST_TEST((status.distributor_state == RoleState::ok));
  BOOST_TEST(status.comparator_pid == 4712u);
  BOOST_TEST((status.comparator_state == RoleState::ok));
  BOOST_TEST(status.orders == 3u);
  BOOST_TEST(status.requests == 2u);
  BOOST_TEST(status.journal_appends == bench.journal.size());
  BOOST_TEST(status.orders_sent == 2u * 3);
  BOOST_TEST(status.votes_received == 27u);
  BOOST_REQUIRE(status.replicas.size() == 3u);
  ReplicaStatus first;
  first.id = ReplicaId(1);
  first.state = ReplicaState::voting;
  first.applied = Sequence(3);
  first.pid = 4713;
  first.store = "memory";
  first.votes = 20;
  first.dissents = 3;
  first.silences = 4;
  first.since = bench.wall;
  first.heard_ms = 0;
  BOOST_TEST((status.replicas[0] == first));
  BOOST_TEST(status.replicas[1].lag == 0u, "it could not have told more");
  bench.pass(milliseconds(600), milliseconds(50), [&] { bench.comparator_is_alive(); });
  const ReplicaStatus silent = bench.status().replicas[1];
  BOOST_TEST(silent.lag >= 2u);
  BOOST_TEST((silent.heard_ms == 600u));
}

BOOST_AUTO_TEST_CASE(the_status_tells_the_last_verdict_and_a_degraded_group) {
  Started bench;
  bench.accuse(2, VerdictReason::dissent);
  const ClusterStatus status = bench.status();
  BOOST_TEST((status.state == GroupState::degraded));
  BOOST_TEST((status.replicas[1].state == ReplicaState::evicted));
  BOOST_TEST(status.replicas[1].evictions == 1u);
  BOOST_REQUIRE(status.replicas[1].last_verdict.has_value());
  BOOST_TEST((*status.replicas[1].last_verdict == LastVerdict{VerdictReason::dissent, Sequence(1), bench.wall}));
}

BOOST_AUTO_TEST_CASE(the_status_tells_why_a_replica_is_out_since_when_and_when_it_is_tried_again) {
  Started bench;
  const CalendarTime started = bench.wall;
  bench.set_wall({started.unix_milliseconds + 5'000});
  bench.accuse(2, VerdictReason::dissent);
  bench.pass(milliseconds(400));
  const ReplicaStatus out = bench.status().replicas[1];
  BOOST_TEST((out.reason == OutReason::dissent));
  BOOST_TEST((out.since == bench.wall));
  BOOST_TEST(out.next_try.unix_milliseconds == bench.wall.unix_milliseconds + 600);
  const ReplicaStatus voter = bench.status().replicas[0];
  BOOST_TEST((voter.reason == OutReason::none));
  BOOST_TEST((voter.since == started));
  BOOST_TEST(voter.next_try.unix_milliseconds == 0);
  bench.command(AdminAction::evict, 2);
  BOOST_TEST((bench.status().replicas[1].reason == OutReason::held));
  BOOST_TEST(bench.status().replicas[1].next_try.unix_milliseconds == 0, "not by itself");
}

BOOST_AUTO_TEST_CASE(the_status_tells_each_replicas_checkpoint_and_where_the_journal_begins) {
  RecoveredJournal found = journal_through(50);
  found.first = Sequence(12);
  Bench bench(Bench::usual_config(), found);
  ReplicaReport report = bench.replica_report(Sequence(50));
  report.checkpoint = Sequence(30);
  bench.give(2, report);
  BOOST_TEST(bench.status().journal_first.value == 12u);
  BOOST_TEST(bench.status().replicas[1].checkpoint.value == 30u);
  BOOST_TEST(bench.status().replicas[0].checkpoint.value == 0u);
  BOOST_TEST(bench.status().undecided.value == 0u);
}

BOOST_AUTO_TEST_CASE(the_view_tells_each_members_state_for_the_record) {
  Started bench;
  bench.accuse(2, VerdictReason::dissent);
  BOOST_TEST((bench.views.back().members[0].state == ReplicaState::voting));
  BOOST_TEST((bench.views.back().members[1].state == ReplicaState::evicted));
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_not_heard_of_is_shown_as_down) {
  Started bench;
  bench.pass(milliseconds(1'500), milliseconds(50), [&] {
    bench.decide();
    bench.apply(1, bench.last_sequence());
    bench.apply(2, bench.last_sequence());
  });
  BOOST_TEST((bench.status().replicas[1].state == ReplicaState::voting));
  BOOST_TEST((bench.status().replicas[2].state == ReplicaState::down));
}

BOOST_AUTO_TEST_CASE(a_group_whose_comparator_is_gone_is_unavailable) {
  Started bench;
  bench.pass(milliseconds(1'500));
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  BOOST_TEST((bench.status().comparator_state == RoleState::down));
}

BOOST_AUTO_TEST_CASE(a_wrong_admin_token_changes_nothing) {
  Started bench;
  for (const char* token : {"", "secre", "secret ", "Secret"}) {
    const AdminReply reply = bench.command(AdminAction::evict, 2, token);
    BOOST_TEST((reply.outcome == AdminOutcome::forbidden));
    BOOST_TEST(reply.number == 3u);
  }
  BOOST_TEST(bench.journaled_views().empty());
}

BOOST_AUTO_TEST_CASE(without_a_configured_token_no_token_is_right) {
  DistributorConfig config = Bench::usual_config();
  config.administration.token.clear();
  Started bench(config);
  BOOST_TEST((bench.command(AdminAction::evict, 2, "").outcome == AdminOutcome::forbidden));
}

BOOST_AUTO_TEST_CASE(an_operators_eviction_holds_until_an_operator_readmits) {
  Started bench;
  BOOST_TEST((bench.command(AdminAction::evict, 2).outcome == AdminOutcome::done));
  BOOST_TEST((bench.command(AdminAction::evict, 2).outcome == AdminOutcome::refused));
  bench.pass(seconds(200), milliseconds(250), [&] { bench.decide(); });
  BOOST_TEST((bench.status().replicas[1].state == ReplicaState::evicted));
  BOOST_TEST(bench.status().replicas[1].held);
  BOOST_TEST((bench.standings[2].back().reason == OutReason::held));
  BOOST_TEST((bench.command(AdminAction::readmit, 2).outcome == AdminOutcome::done));
  BOOST_TEST((bench.views.back().members[1].recovery == Recovery(2)));
  BOOST_TEST((bench.command(AdminAction::readmit, 2).outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(commands_about_replicas_that_there_are_not_are_refused) {
  Started bench;
  for (const AdminAction action : {AdminAction::evict, AdminAction::readmit, AdminAction::fault})
    for (const std::uint64_t id : {0, 4}) BOOST_TEST((bench.command(action, id).outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(a_group_that_is_not_halted_is_not_resumed) {
  Started bench;
  BOOST_TEST((bench.command(AdminAction::resume, 0).outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(faults_are_passed_on_only_where_injection_is_on) {
  Bench off;
  off.start();
  BOOST_TEST(
      (off.command(AdminAction::fault, 2, "secret", {FaultKind::silent, {}, 1.0}).outcome == AdminOutcome::refused));
  BOOST_TEST(off.faults.empty());

  DistributorConfig config = Bench::usual_config();
  config.administration.fault_injection = true;
  Bench on(config);
  on.start();
  const Fault fault{FaultKind::slow, seconds(3), 0.5};
  BOOST_TEST((on.command(AdminAction::fault, 2, "secret", fault).outcome == AdminOutcome::done));
  BOOST_REQUIRE(on.faults.size() == 1u);
  BOOST_TEST(on.faults[0].first.value == 2u);
  BOOST_TEST((on.faults[0].second == fault));
}

BOOST_AUTO_TEST_CASE(a_fault_of_whoever_has_not_reported_in_this_term_is_refused) {
  DistributorConfig config = Bench::usual_config();
  config.administration.fault_injection = true;
  Bench bench(config);
  BOOST_TEST((bench.command(AdminAction::fault, 2).outcome == AdminOutcome::refused));
  bench.apply(2, Sequence(0));
  BOOST_TEST((bench.command(AdminAction::fault, 2).outcome == AdminOutcome::done));
  BOOST_TEST((bench.command(AdminAction::fault, 3).outcome == AdminOutcome::refused));
  BOOST_TEST(bench.faults.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_comparator_goes_there_and_its_own_strikes_itself) {
  DistributorConfig config = Bench::usual_config();
  config.administration.fault_injection = true;
  Bench bench(config);
  bench.start();
  AdminCommand command;
  command.token = "secret";
  command.action = AdminAction::fault;
  command.fault = {FaultKind::hang, seconds(3)};
  command.target = AdminTarget::comparator;
  BOOST_TEST((bench.give(command).outcome == AdminOutcome::done));
  BOOST_REQUIRE(bench.comparator_faults.size() == 1u);
  BOOST_TEST((bench.comparator_faults[0] == command.fault));
  BOOST_TEST(bench.own_faults.empty());
  command.target = AdminTarget::distributor;
  BOOST_TEST((bench.give(command).outcome == AdminOutcome::done));
  BOOST_REQUIRE(bench.own_faults.size() == 1u);
  BOOST_TEST((bench.own_faults[0] == command.fault));
  BOOST_TEST(bench.comparator_faults.size() == 1u);
  BOOST_TEST(bench.faults.empty());
}

BOOST_AUTO_TEST_CASE(whoever_clears_a_fault_ends_the_cool_down_but_not_an_operators_hold) {
  DistributorConfig config = Bench::usual_config();
  config.administration.fault_injection = true;
  Started bench(config);
  bench.accuse(3, VerdictReason::silence);
  bench.command(AdminAction::fault, 3);
  BOOST_TEST((bench.status().replicas[2].state == ReplicaState::recovering));
  bench.command(AdminAction::evict, 3);
  bench.command(AdminAction::fault, 3);
  BOOST_TEST((bench.status().replicas[2].state == ReplicaState::evicted));
}

BOOST_AUTO_TEST_SUITE_END()
