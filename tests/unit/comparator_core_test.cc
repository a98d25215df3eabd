// SPDX-License-Identifier: Apache-2.0
// Views, terms, decisions and reports. Verdicts: comparator_verdicts_test.cc.
#include "comparator_bench.h"

using namespace tally;
using Bench = ComparatorBench;

BOOST_AUTO_TEST_SUITE(comparator_core)

// ---- start, views and terms

BOOST_AUTO_TEST_CASE(it_reports_at_start_before_it_knows_anything) {
  Bench bench;
  bench.pass(milliseconds(1));
  BOOST_REQUIRE(bench.reports.size() == 1u);
  BOOST_TEST(bench.reports[0].incarnation.value == self.value);
  BOOST_TEST(bench.reports[0].term.value == 0u);
  BOOST_TEST(bench.reports[0].pid == 123u);
}

BOOST_AUTO_TEST_CASE(nothing_is_decided_and_nobody_welcomed_before_a_view_echoes_the_incarnation) {
  Bench bench;
  bench.view.comparator = Incarnation(76);
  bench.give_view();
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  bench.give(ClientId{"c"}, ClientHello{});
  BOOST_TEST(bench.decisions.empty());
  BOOST_TEST(bench.welcomes.empty());
}

BOOST_AUTO_TEST_CASE(clients_that_asked_early_are_welcomed_with_the_view) {
  Bench bench;
  bench.give(ClientId{"early"}, ClientHello{});
  bench.give_view();
  bench.give(ClientId{"late"}, ClientHello{});
  BOOST_REQUIRE(bench.welcomes.size() == 2u);
  BOOST_TEST(bench.welcomes[0].routing_id == "early");
}

BOOST_AUTO_TEST_CASE(ballots_up_to_closed_are_closed) {
  Bench bench;
  bench.view.closed = Sequence(5);
  bench.give_view();
  bench.give_ballot(5);
  bench.give_votes({1, 2, 3}, 5);
  BOOST_TEST(bench.decisions.empty());
  bench.give_ballot(6);
  bench.give_votes({1, 2}, 6);
  BOOST_TEST(bench.decisions.size() == 1u);
  BOOST_TEST(bench.report().decided.value == 6u);
}

BOOST_AUTO_TEST_CASE(votes_that_run_ahead_of_the_first_view_count) {
  Bench bench;
  bench.give_votes({1, 2}, 1);
  bench.give_view();
  bench.give_ballot(1);
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_higher_term_closes_the_ballots_of_lower_ones) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  const Vote old_vote = bench.vote(1);
  bench.view.term = Term(2);
  bench.view.closed = Sequence(1);
  bench.give_view();
  bench.give(ReplicaId(2), old_vote);
  BOOST_TEST(bench.decisions.empty());
  BOOST_TEST(bench.report().decided.value == 1u);
  BOOST_TEST(bench.report().term.value == 2u);
}

BOOST_AUTO_TEST_CASE(ballots_of_a_higher_term_wait_for_its_view) {
  Informed bench;
  bench.view.term = Term(2);
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  BOOST_TEST(bench.decisions.empty());
  bench.give_view();
  bench.give_ballot(1);  // the distributor repeats it
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_replica_cannot_raise_the_term) {
  Informed bench;
  bench.give_ballot(1);
  Vote liar = bench.vote(1);
  liar.order.term = Term(99);
  bench.give(ReplicaId(3), liar);
  bench.give_votes({1, 2}, 1);
  BOOST_TEST(bench.decisions.size() == 1u);
  BOOST_TEST(bench.report().term.value == 1u);
}

BOOST_AUTO_TEST_CASE(messages_of_lower_terms_are_dropped) {
  Bench bench;
  bench.view.term = Term(2);
  bench.give_view();
  View old = bench.view;
  old.term = Term(1);
  old.number = ViewNumber(9);
  old.members[0].role = MemberRole::none;
  bench.give(static_cast<const View&>(old));
  BOOST_TEST(bench.report().view.value == 1u);
  bench.give(BallotCalls{Term(1), {{{Term(1), Sequence(1), {}}, {}}}});
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_older_view_of_the_same_term_is_dropped) {
  Bench bench;
  const View first = bench.view;
  bench.give_view();
  bench.change_view(3, MemberRole::none);
  bench.give(first);
  BOOST_TEST(bench.report().view.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_view_of_another_group_is_not_believed) {
  ComparatorCore::Config config;
  config.group = GroupId(6);
  Informed bench(3, config);
  bench.give_view();
  BOOST_TEST(bench.count_events("group_mismatched") == 1u);
  bench.give(ClientId{"c"}, ClientHello{});
  BOOST_TEST(bench.welcomes.empty());
}

BOOST_AUTO_TEST_CASE(an_audit_log_behind_the_journaled_head_is_told) {
  ComparatorCore::Config config;
  config.audit_head = {7, "seven"};
  Bench bench(3, config);
  bench.view.audit_head = "9:nine";
  bench.give_view();
  BOOST_TEST(bench.count_events("audit_log_cut") == 1u);
  Bench whole(3, config);
  whole.view.audit_head = "7:seven";
  whole.give_view();
  BOOST_TEST(whole.count_events("audit_log_cut") == 0u);
}

BOOST_AUTO_TEST_CASE(start_and_each_new_view_are_recorded_once) {
  Informed bench;
  bench.give_view();
  BOOST_REQUIRE(bench.audit.size() == 2u);
  BOOST_TEST(std::holds_alternative<StartRecord>(bench.audit[0].content));
  BOOST_TEST(std::holds_alternative<ViewRecord>(bench.audit[1].content));
  BOOST_TEST(bench.audit[1].group.value == 5u);
  bench.change_view(1, MemberRole::none);
  BOOST_TEST(bench.audit.size() == 3u);
}

// ---- decisions

BOOST_AUTO_TEST_CASE(two_equal_votes_of_three_are_released_at_once) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  BOOST_TEST(bench.decisions.empty());
  bench.give_vote(2, 1);
  BOOST_REQUIRE(bench.decisions.size() == 1u);
  const AddressedDecisions& sent = bench.decisions[0];
  BOOST_TEST(sent.client.routing_id == "c");
  BOOST_TEST(sent.decisions.sequence.value == 1u);
  BOOST_REQUIRE(sent.decisions.decisions.size() == 1u);
  BOOST_TEST(sent.decisions.decisions[0].result == "right");
  BOOST_TEST(sent.decisions.decisions[0].votes == 2u);
}

BOOST_AUTO_TEST_CASE(one_configured_replica_decides_alone) {
  Informed bench(1);
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(seven_replicas_decide_at_four_equal_votes) {
  Informed bench(7);
  bench.give_ballot(1);
  for (const std::uint64_t liar : {1, 2, 3}) bench.give_vote(liar, 1, "wrong");
  bench.give_votes({4, 5, 6}, 1);
  BOOST_TEST(bench.decisions.empty());
  bench.give_vote(7, 1);
  BOOST_REQUIRE(bench.decisions.size() == 1u);
  BOOST_TEST(bench.decisions[0].decisions.decisions[0].result == "right");
  BOOST_TEST(bench.verdicts().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_decision_is_released_once) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(votes_ahead_of_their_ballot_are_kept_within_a_bound) {
  Informed bench;
  bench.give_votes({1, 2}, limits::vote_lead);
  bench.give_votes({1, 2}, limits::vote_lead + 1);
  for (std::uint64_t n = 1; n < limits::vote_lead; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
  }
  bench.decisions.clear();
  bench.give_ballot(limits::vote_lead);
  bench.give_ballot(limits::vote_lead + 1);
  BOOST_REQUIRE(bench.decisions.size() == 1u);
  BOOST_TEST(bench.decisions[0].decisions.sequence.value == limits::vote_lead);
}

// Of a term whose view has not come: the newest are kept.
BOOST_AUTO_TEST_CASE(votes_ahead_of_their_view_are_kept_within_a_bound) {
  Bench bench;
  for (std::uint64_t n = 1; n <= limits::vote_lead + 1; ++n) bench.give_votes({1, 2}, n);
  bench.give_view();
  for (std::uint64_t n = 1; n <= 3; ++n) bench.give_ballot(n);
  BOOST_REQUIRE(bench.decisions.size() == 2u);
  BOOST_TEST(bench.decisions[0].decisions.sequence.value == 2u);
}

BOOST_AUTO_TEST_CASE(decided_stops_at_the_first_gap) {
  Informed bench;
  bench.give_ballot(2);
  bench.give_votes({1, 2, 3}, 2);
  BOOST_TEST(bench.report().decided.value == 0u);
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  BOOST_TEST(bench.report().decided.value == 2u);
}

BOOST_AUTO_TEST_CASE(votes_of_another_recovery_are_ignored) {
  Informed bench;
  bench.give_ballot(1);
  for (const std::uint64_t recovery : {0, 2}) {
    Vote vote = bench.vote(1);
    vote.recovery = Recovery(recovery);
    bench.give(ReplicaId(1), vote);
  }
  bench.give_vote(2, 1);
  BOOST_TEST(bench.decisions.empty());
}

BOOST_AUTO_TEST_CASE(a_majority_for_another_order_releases_nothing) {
  Informed bench;
  bench.give_ballot(1);
  Vote other = bench.vote(1);
  other.order.chain = {6, 6};
  for (const std::uint64_t replica : {1, 2}) bench.give(ReplicaId(replica), other);
  BOOST_TEST(bench.decisions.empty());
}

BOOST_AUTO_TEST_CASE(results_that_do_not_split_close_the_ballot) {
  Informed bench;
  bench.give_ballot(1);
  Vote vote = bench.vote(1);
  vote.results += "more";
  for (const std::uint64_t replica : {1, 2, 3}) bench.give(ReplicaId(replica), vote);
  BOOST_TEST(bench.decisions.empty());
  BOOST_TEST(bench.count_events("results_malformed") == 1u);
  BOOST_TEST(bench.report().decided.value == 1u);
}

BOOST_AUTO_TEST_CASE(three_different_answers_are_told_once_and_released_never) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1, "one");
  bench.give_vote(2, 1, "two");
  bench.give_vote(3, 1, "three");
  bench.give_vote(3, 1, "three");
  BOOST_TEST(bench.decisions.empty());
  BOOST_TEST(bench.count_events("ballot_undecidable") == 1u);
  BOOST_TEST(bench.verdicts().empty());
}

// ---- views and votes

BOOST_AUTO_TEST_CASE(an_eviction_strikes_votes_from_open_ballots) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(3, 1);
  bench.change_view(3, MemberRole::none);
  bench.give_vote(1, 1);
  BOOST_TEST(bench.decisions.empty());
  bench.change_view(3, MemberRole::voter);
  BOOST_TEST(bench.decisions.empty());  // struck is struck
  bench.give_vote(2, 1);
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_probationers_vote_is_compared_and_not_counted) {
  Bench bench;
  bench.view.members[2].role = MemberRole::observed;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_votes({1, 3}, 1);
  BOOST_TEST(bench.decisions.empty());
  bench.give_vote(2, 1);
  BOOST_REQUIRE(bench.decisions.size() == 1u);
  BOOST_TEST(bench.decisions[0].decisions.decisions[0].votes == 2u);
  BOOST_TEST(bench.tally_of(3).matches == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_voters_vote_decides_an_open_ballot) {
  Bench bench;
  bench.view.members[2].role = MemberRole::observed;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_votes({1, 3}, 1);
  bench.view.members[1].role = MemberRole::none;  // law 13: it takes the place of the silent voter, in one view change
  bench.change_view(3, MemberRole::voter);
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_recovery_makes_earlier_votes_and_matches_void) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  BOOST_TEST(bench.tally_of(3).matches == 1u);
  bench.give_ballot(2);
  bench.give_vote(3, 2);
  bench.change_view(3, MemberRole::voter, Recovery(2));
  bench.give_vote(1, 2);
  BOOST_TEST(bench.decisions.size() == 1u);
  BOOST_TEST(bench.tally_of(3).matches == 0u);
}

// It lives on another's state now (its recovery is the same), and what it voted before proves
// nothing of that.
BOOST_AUTO_TEST_CASE(a_voter_that_is_put_on_probation_begins_to_match_anew) {
  Informed bench;
  bench.run_orders(1, 3, {1, 2, 3});
  BOOST_TEST(bench.tally_of(3).matches == 3u);
  bench.change_view(3, MemberRole::observed);
  BOOST_TEST(bench.tally_of(3).matches == 0u);
  bench.run_orders(4, 4, {1, 2, 3});
  BOOST_TEST(bench.tally_of(3).matches == 1u);
}

// ---- reports

BOOST_AUTO_TEST_CASE(an_idle_comparator_reports_every_50_ms) {
  Informed bench;
  bench.pass(milliseconds(50));
  bench.reports.clear();
  bench.pass(seconds(1));
  BOOST_TEST(bench.reports.size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_busy_comparator_reports_every_10_ms) {
  Informed bench;
  bench.pass(milliseconds(50));
  bench.reports.clear();
  for (std::uint64_t n = 1; n <= 100; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2, 3}, n);
    bench.pass(milliseconds(1));
  }
  BOOST_TEST(bench.reports.size() >= 9u);
  BOOST_TEST(bench.reports.size() <= 11u);
}

BOOST_AUTO_TEST_CASE(a_report_follows_each_64_decided_ballots) {
  Informed bench;
  bench.reports.clear();
  for (std::uint64_t n = 1; n <= 640; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2, 3}, n);
  }
  BOOST_TEST(bench.reports.size() == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
