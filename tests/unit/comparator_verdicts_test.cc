// SPDX-License-Identifier: Apache-2.0
#include "comparator_bench.h"

using namespace tally;
using Bench = ComparatorBench;

BOOST_AUTO_TEST_SUITE(comparator_verdicts)

// ---- dissent

BOOST_AUTO_TEST_CASE(a_wrong_vote_before_the_decision_is_dissent) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(3, 1, "wrong");
  bench.give_votes({1, 2}, 1);
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST(is_verdict(bench.verdicts()[0], 3, VerdictReason::dissent, 1));
}

BOOST_AUTO_TEST_CASE(a_wrong_vote_after_the_decision_is_dissent) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  bench.give_vote(3, 1, "wrong");
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST(is_verdict(bench.verdicts()[0], 3, VerdictReason::dissent, 1));
  BOOST_TEST(bench.tally_of(3).dissents == 1u);
}

BOOST_AUTO_TEST_CASE(a_wrong_vote_of_a_probationer_is_dissent) {
  Bench bench;
  bench.view.members[2].role = MemberRole::observed;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  bench.give_vote(3, 1, "wrong");
  BOOST_TEST(bench.verdicts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_vote_on_another_order_with_the_same_number_is_dissent) {
  Informed bench;
  Vote other = bench.vote(1);
  other.order.chain = {6, 6};
  bench.give(ReplicaId(3), other);
  bench.give_ballot(1);
  BOOST_TEST(bench.verdicts().empty());
  bench.give_votes({1, 2}, 1);
  BOOST_TEST(bench.verdicts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(dissent_is_found_among_results_too_big_to_keep) {
  Informed bench;
  const std::string big(limits::order_result_bytes - 4, 'x');
  const std::uint64_t count = limits::kept_result_bytes / limits::order_result_bytes + 3;
  for (std::uint64_t n = 1; n <= count; ++n) {
    bench.give_ballot(n);
    bench.give_vote(1, n, big);
    bench.give_vote(2, n, big);
  }
  for (std::uint64_t n = 1; n < count; ++n) bench.give_vote(3, n, big);
  BOOST_TEST(bench.verdicts().empty());
  bench.give_vote(3, count, "wrong");
  BOOST_TEST(bench.verdicts().size() == 1u);
  const auto records = bench.verdict_records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(!std::get<DissentEvidence>(records[0].evidence).decided.results.has_value());
}

BOOST_AUTO_TEST_CASE(a_verdict_takes_effect_when_its_record_is_written) {
  Informed bench;
  bench.audit_at_once = false;
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  bench.give_vote(3, 1, "wrong");
  BOOST_TEST(bench.verdict_records().size() == 1u);
  BOOST_TEST(bench.verdicts().empty());
  bench.reports.clear();
  bench.core.audit_written(bench.records, "hash");
  bench.collect();
  BOOST_REQUIRE(bench.reports.size() == 1u);  // at once
  BOOST_TEST(bench.reports[0].verdicts.size() == 1u);
  BOOST_TEST(bench.reports[0].audit_head == text_of(bench.records) + ":hash");
}

BOOST_AUTO_TEST_CASE(a_verdict_stands_until_a_view_shows_it) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  bench.give_vote(3, 1, "wrong");
  bench.pass(seconds(1));
  BOOST_TEST(bench.verdicts().size() == 1u);
  bench.change_view(3, MemberRole::none);
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(a_promotion_that_crosses_a_verdict_does_not_lift_it) {
  Bench bench;
  bench.view.members[2].role = MemberRole::observed;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_votes({1, 2}, 1);
  bench.give_vote(3, 1, "wrong");
  bench.change_view(3, MemberRole::voter);
  BOOST_TEST(bench.verdicts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_thousand_wrong_votes_are_one_verdict_and_one_record) {
  Informed bench;
  for (std::uint64_t n = 1; n <= 1000; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
    bench.give_vote(3, n, "wrong");
  }
  BOOST_TEST(bench.verdicts().size() == 1u);
  BOOST_TEST(bench.verdict_records().size() == 1u);
  BOOST_TEST(bench.count_events("dissent_found") == 1u);
  BOOST_TEST(bench.tally_of(3).dissents == 1000u);
}

BOOST_AUTO_TEST_CASE(the_evidence_holds_all_votes_and_the_last_agreement) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  bench.give_ballot(2);
  bench.give_votes({1, 2}, 2);
  bench.give_vote(3, 2, std::string(2 * evidence_result_bytes, 'w'));
  const auto records = bench.verdict_records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(records[0].agreed.value == 1u);
  BOOST_TEST(records[0].voted.value == 2u);
  const auto& evidence = std::get<DissentEvidence>(records[0].evidence);
  BOOST_TEST((evidence.order == bench.order(2)));
  BOOST_REQUIRE(evidence.votes.size() == 3u);
  BOOST_TEST((evidence.votes[0].difference == Difference::none));
  BOOST_TEST((evidence.votes[2].difference == Difference::both));
  BOOST_TEST(evidence.votes[2].answer.results->size() == evidence_result_bytes);
  BOOST_TEST(evidence.votes[2].answer.results_size == 2 * evidence_result_bytes + 4);
  BOOST_TEST((evidence.decided.state == bench.vote(2).state));
}

BOOST_AUTO_TEST_CASE(a_repeated_vote_is_counted_and_harmless) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({3, 3, 1}, 1);
  bench.give_ballot(2);
  bench.give_votes({1, 2}, 2);
  bench.give_votes({3, 3}, 2);
  BOOST_TEST(bench.verdicts().empty());
  BOOST_TEST(bench.count_events("vote_repeated") >= 1u);
  BOOST_TEST(bench.tally_of(3).votes == 2u);
}

// As long as the ballot is kept: here the vote of 5 is awaited.
BOOST_AUTO_TEST_CASE(a_replica_that_contradicts_itself_dissents) {
  for (const bool wrong_first : {true, false}) {
    for (const bool before_decision : {true, false}) {
      Bench bench(5);
      bench.give_view();
      bench.give_ballot(1);
      if (!before_decision) bench.give_votes({1, 2, 4}, 1);
      bench.give_vote(3, 1, wrong_first ? "wrong" : "right");
      bench.give_vote(3, 1, wrong_first ? "right" : "wrong");
      bench.give_votes({1, 2, 4}, 1);
      BOOST_TEST(bench.verdicts().size() == 1u);
      BOOST_TEST(bench.decisions.size() == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(after_all_have_voted_the_ballot_is_forgotten) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  bench.give_vote(3, 1, "wrong");
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(no_second_vote_of_a_replica_makes_a_majority) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.give_vote(3, 1, "wrong");
  bench.give_vote(3, 1);
  BOOST_TEST(bench.decisions.empty());
}

BOOST_AUTO_TEST_CASE(late_votes_are_compared_even_after_many_more_decisions) {
  Informed bench;
  for (std::uint64_t n = 1; n <= 5000; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
  }
  bench.give_vote(3, 1, "wrong");
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST(is_verdict(bench.verdicts()[0], 3, VerdictReason::dissent, 1));
}

BOOST_AUTO_TEST_CASE(decided_ballots_are_kept_within_a_bound) {
  Informed bench;
  for (std::uint64_t n = 1; n <= limits::compared_ballots + 10; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
  }
  bench.give_vote(3, 10, "wrong");
  BOOST_TEST(bench.verdicts().empty());
  bench.give_vote(3, 11, "wrong");
  BOOST_TEST(bench.verdicts().size() == 1u);
}

// ---- silence

BOOST_AUTO_TEST_CASE(consecutive_misses_are_silence) {
  Informed bench;
  bench.run_orders(1, 1, {1, 2, 3});
  bench.run_orders(2, 4, {1, 2});
  BOOST_TEST(bench.verdicts().empty());
  bench.run_orders(5, 6, {1, 2});
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST((bench.verdicts()[0].reason == VerdictReason::silence));
  const auto records = bench.verdict_records();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(std::get<SilenceEvidence>(records[0].evidence).missed.size() == ack_misses);
  BOOST_TEST(records[0].voted.value == 1u);
  BOOST_TEST(bench.tally_of(3).silences == 1u);
}

// The distributor refused it at the floor, say. By the time that it could act the replica has long
// been back.
BOOST_AUTO_TEST_CASE(a_silence_is_withdrawn_when_the_replica_answers_in_time_again) {
  Informed bench;
  bench.run_orders(1, 6, {1, 2});
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  bench.run_orders(7, 6 + ack_misses - 1, {1, 2, 3});
  BOOST_TEST(bench.verdicts().size() == 1u);
  bench.run_orders(6 + ack_misses, 6 + ack_misses, {1, 2, 3});
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(nobody_is_silent_while_nothing_is_decided) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.pass(seconds(60));
  BOOST_TEST(bench.verdicts().empty());
  BOOST_TEST(bench.count_events("comparator_woke_late") == 0u);
}

BOOST_AUTO_TEST_CASE(a_voter_that_cannot_be_spared_is_not_accused_of_silence) {
  for (const bool at_the_floor : {false, true}) {
    Bench bench;
    bench.give_view();
    bench.run_orders(1, ack_misses - 1, {1, 2});
    bench.give_ballot(ack_misses);
    bench.give_votes({1, 2}, ack_misses);
    if (at_the_floor) bench.change_view(2, MemberRole::none);
    bench.pass(ack_timeout);
    BOOST_TEST(bench.verdicts().size() == (at_the_floor ? 0u : 1u));
  }
}

BOOST_AUTO_TEST_CASE(silence_of_several_is_found_together) {
  Informed bench(5);
  bench.run_orders(1, ack_misses, {1, 2, 3});
  BOOST_TEST(bench.verdicts().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_voter_that_dissented_is_no_longer_counted_on) {
  Bench bench(5);
  bench.view.members[4].role = MemberRole::none;
  bench.give_view();
  bench.run_orders(1, ack_misses - 1, {1, 2, 3});
  bench.give_ballot(ack_misses);
  bench.give_votes({1, 2, 3}, ack_misses);
  bench.give_vote(1, ack_misses, "wrong");
  bench.pass(ack_timeout);
  BOOST_REQUIRE(bench.verdicts().size() == 1u);  // of four voters one may go, and that is not the silent one
  BOOST_TEST((bench.verdicts()[0].reason == VerdictReason::dissent));
}

BOOST_AUTO_TEST_CASE(a_silent_probationer_is_accused_even_at_the_floor) {
  Bench bench;
  bench.view.members[2].role = MemberRole::observed;
  bench.give_view();
  bench.run_orders(1, 6, {1, 2});
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST(bench.verdicts()[0].replica.value == 3u);
}

BOOST_AUTO_TEST_CASE(a_thousand_ballots_that_expire_together_are_one_miss) {
  Informed bench;
  for (std::uint64_t n = 1; n <= 1000; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
  }
  bench.pass(seconds(10));
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(votes_in_time_prevent_silence) {
  Informed bench;
  for (std::uint64_t n = 1; n <= 40; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
    bench.pass(ack_timeout);  // missed
    if (n % 3 == 0) bench.give_vote(3, n), bench.give_ballot(++n), bench.give_votes({3, 1, 2}, n);
  }
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(votes_that_always_come_late_are_silence) {
  Informed bench;
  for (std::uint64_t n = 1; n <= 6; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
    bench.pass(ack_timeout + milliseconds(10));
    bench.give_vote(3, n);
  }
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST((bench.verdicts()[0].reason == VerdictReason::silence));
}

BOOST_AUTO_TEST_CASE(a_restarted_replica_is_not_blamed_for_what_it_missed) {
  Informed bench;
  bench.run_orders(1, 1, {1, 2, 3});
  for (std::uint64_t n = 2; n <= 5; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
  }
  bench.give_ballot(6);
  bench.give_votes({1, 2}, 6);
  Vote vote = bench.vote(6);
  vote.incarnation = Incarnation(10);
  bench.give(ReplicaId(3), vote);
  bench.pass(seconds(3));
  BOOST_TEST(bench.verdicts().empty());
  BOOST_TEST(bench.tally_of(3).matches == 2u);
}

// Replica 3 has all but one of its misses; another one may be counted from now on.
void miss_all_but_one(Bench& bench) {
  bench.give_view();
  bench.run_orders(1, ack_misses - 1, {1, 2});
  bench.pass(ack_timeout);
}

Vote vote_of_incarnation(const Bench& bench, Incarnation incarnation, std::uint64_t sequence) {
  Vote vote = bench.vote(sequence);
  vote.incarnation = incarnation;
  return vote;
}

BOOST_AUTO_TEST_CASE(a_vote_that_skips_a_decided_ballot_misses_it_unless_the_replica_restarted) {
  for (const bool restarted : {false, true}) {
    Bench bench;
    miss_all_but_one(bench);
    const std::uint64_t skipped = ack_misses;
    bench.give(ReplicaId(3), vote_of_incarnation(bench, Incarnation(9), skipped - 1));
    bench.give_ballot(skipped);
    bench.give_votes({1, 2}, skipped);
    bench.give(ReplicaId(3), vote_of_incarnation(bench, Incarnation(restarted ? 10 : 9), skipped + 1));
    BOOST_TEST(bench.verdict_records().size() == (restarted ? 0u : 1u));
  }
}

BOOST_AUTO_TEST_CASE(a_vote_that_skips_an_undecided_ballot_misses_it_at_the_decision_unless_the_replica_restarted) {
  for (const bool restarted : {false, true}) {
    Bench bench;
    miss_all_but_one(bench);
    const std::uint64_t skipped = ack_misses;
    bench.give(ReplicaId(3), vote_of_incarnation(bench, Incarnation(9), skipped - 1));
    bench.give(ReplicaId(3), vote_of_incarnation(bench, Incarnation(restarted ? 10 : 9), skipped + 1));
    bench.give_ballot(skipped);
    bench.give_votes({1, 2}, skipped);
    BOOST_TEST(bench.verdict_records().size() == (restarted ? 0u : 1u));
  }
}

BOOST_AUTO_TEST_CASE(a_ballot_that_the_distributor_closed_is_not_missed) {
  Bench bench;
  miss_all_but_one(bench);
  bench.give_ballot(ack_misses);
  bench.give_votes({1, 2}, ack_misses);
  bench.view.closed = Sequence(ack_misses);
  bench.give_view();
  bench.pass(ack_timeout * 2);
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(a_comparator_that_slept_gives_everybody_the_full_time_again) {
  Informed bench;
  for (std::uint64_t n = 1; n <= 8; ++n) {
    bench.give_ballot(n);
    bench.give_votes({1, 2}, n);
    bench.now = bench.now + seconds(5);  // SIGSTOP, SIGCONT
    bench.pass(milliseconds(10));        // the vote of 3 waited behind others in the socket
    bench.give_vote(3, n);
  }
  BOOST_TEST(bench.count_events("comparator_woke_late") == 8u);
  BOOST_TEST(bench.verdicts().empty());
}

BOOST_AUTO_TEST_CASE(dissent_takes_the_place_of_a_standing_silence) {
  Informed bench;
  bench.run_orders(1, 6, {1, 2});
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  bench.give_vote(3, 6, "wrong");
  BOOST_REQUIRE(bench.verdicts().size() == 1u);
  BOOST_TEST(is_verdict(bench.verdicts()[0], 3, VerdictReason::dissent, 6));
}

BOOST_AUTO_TEST_SUITE_END()
