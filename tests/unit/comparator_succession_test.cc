// SPDX-License-Identifier: Apache-2.0
// What the comparator does where the voters alone do not decide, and somebody is on probation (law
// 13).
#include "comparator_bench.h"

using namespace tally;
using Bench = ComparatorBench;

namespace {

constexpr Duration all_misses = ack_timeout * ack_misses;

// Replicas 1 to `voters` vote, the others are on probation.
struct Mixed : Bench {
  Mixed(std::size_t replicas, std::size_t voters) : Bench(replicas) {
    for (std::size_t place = voters; place < replicas; ++place) view.members[place].role = MemberRole::observed;
    give_view();
  }
  // As the distributor answers to a succession.
  void succeed() {
    const Succession succession = report().succession;
    view.number = view.number.next();
    for (const ReplicaId replica : succession.replicas) view.members[replica.value - 1].role = MemberRole::voter;
    give_view();
  }
};

// Of two voters one is silent on ballot 1; the vote on probation equals that of the other one.
struct Stuck : Mixed {
  Stuck() : Mixed(3, 2) {
    give_ballot(1);
    give_votes({1, 3}, 1);
  }
};

std::vector<std::uint64_t> proposed(Bench& bench) {
  std::vector<std::uint64_t> ids;
  for (const ReplicaId replica : bench.report().succession.replicas) ids.push_back(replica.value);
  return ids;
}

using Ids = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_succession)

BOOST_AUTO_TEST_CASE(where_the_voters_cannot_agree_any_more_equal_votes_of_one_on_probation_are_proposed_at_once) {
  Mixed bench(3, 2);
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.give_vote(2, 1, "wrong");
  bench.reports.clear();
  bench.give_vote(3, 1);
  BOOST_REQUIRE(bench.reports.size() == 1u);
  BOOST_TEST(bench.reports[0].succession.ballot.value == 1u);
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
  BOOST_TEST(bench.report().undecidable.value == 0u);
  BOOST_TEST(bench.decisions.empty(), "a vote on probation does not count");
}

BOOST_AUTO_TEST_CASE(and_once_it_is_a_voter_they_decide_and_the_other_vote_is_found) {
  Mixed bench(3, 2);
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.give_vote(2, 1, "wrong");
  bench.give_vote(3, 1);
  bench.succeed();
  BOOST_REQUIRE(bench.decisions.size() == 1u);
  BOOST_TEST(bench.decisions[0].decisions.decisions[0].votes == 2u);
  BOOST_TEST(bench.report().succession.ballot.value == 0u);
  const auto verdicts = bench.verdicts();
  BOOST_REQUIRE(verdicts.size() == 1u);
  BOOST_TEST(is_verdict(verdicts[0], 2, VerdictReason::dissent, 1));
}

BOOST_AUTO_TEST_CASE(a_silent_voter_is_given_the_time_of_all_misses) {
  Stuck bench;
  bench.pass(all_misses + milliseconds(-60));
  BOOST_TEST(bench.reports.back().succession.ballot.value == 0u);
  bench.pass(milliseconds(20));
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
}

BOOST_AUTO_TEST_CASE(and_when_its_vote_comes_after_all_the_voters_decide) {
  Stuck bench;
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
  bench.give_vote(2, 1);
  BOOST_TEST(bench.decisions.size() == 1u);
  BOOST_TEST(bench.report().succession.ballot.value == 0u);
}

// Found with five: one lied, one hung, and three voters were left of four.
BOOST_AUTO_TEST_CASE(so_it_is_with_more_voters_than_f_plus_1) {
  Mixed bench(5, 4);
  bench.give_ballot(1);
  bench.give_votes({1, 2, 5}, 1);
  bench.give_vote(3, 1, "wrong");
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 2, 5}));
  bench.succeed();
  BOOST_TEST(bench.decisions.size() == 1u);
}

BOOST_AUTO_TEST_CASE(all_that_are_on_probation_and_gave_that_answer_are_named) {
  Mixed bench(5, 3);
  bench.give_ballot(1);
  bench.give_votes({1, 4, 5}, 1);
  bench.give_vote(2, 1, "wrong");
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 4, 5}));
}

BOOST_AUTO_TEST_CASE(fewer_than_f_plus_1_equal_votes_are_proposed_to_nobody) {
  Mixed bench(5, 3);
  bench.give_ballot(1);
  bench.give_votes({1, 4}, 1);
  bench.give_vote(5, 1, "wrong");
  bench.pass(seconds(10));
  BOOST_TEST(bench.report().succession.ballot.value == 0u);
  BOOST_TEST(bench.report().undecidable.value == 0u, "who has not voted may");
}

BOOST_AUTO_TEST_CASE(votes_of_whoever_has_no_role_propose_nothing) {
  Bench bench;
  bench.view.members[2].role = MemberRole::none;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_votes({1, 3}, 1);
  bench.pass(all_misses);
  BOOST_TEST(bench.report().succession.ballot.value == 0u);
  bench.change_view(3, MemberRole::observed);
  BOOST_TEST((proposed(bench) == Ids{1, 3}), "its vote was kept");
}

// Law 14 waits for whoever may still vote.
BOOST_AUTO_TEST_CASE(a_ballot_is_not_undecidable_while_one_on_probation_may_still_vote) {
  Mixed bench(3, 2);
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.give_vote(2, 1, "wrong");
  BOOST_TEST(bench.report().undecidable.value == 0u);
  bench.pass(all_misses);
  BOOST_TEST(bench.report().undecidable.value == 1u, "it was waited for");
  bench.give_vote(3, 1);
  BOOST_TEST((proposed(bench) == Ids{1, 3}), "and is welcome all the same");
}

BOOST_AUTO_TEST_CASE(and_is_when_that_one_gave_a_third_answer) {
  Mixed bench(3, 2);
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.give_vote(2, 1, "wrong");
  bench.give_vote(3, 1, "other");
  BOOST_TEST(bench.report().undecidable.value == 1u);
}

// Law 12: it may have been the comparator that slept.
BOOST_AUTO_TEST_CASE(a_comparator_that_wakes_late_gives_everybody_the_time_again) {
  Stuck bench;
  bench.now = bench.now + seconds(30);
  bench.core.tick(bench.now);
  bench.collect();
  BOOST_TEST(bench.report().succession.ballot.value == 0u);
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
}

BOOST_AUTO_TEST_CASE(what_is_closed_is_proposed_no_more) {
  Stuck bench;
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
  bench.view.closed = Sequence(1);
  bench.give_view();
  BOOST_TEST(bench.report().succession.ballot.value == 0u);
}

BOOST_AUTO_TEST_CASE(whoever_was_waited_for_once_is_not_waited_for_on_each_ballot) {
  Mixed bench(3, 2);
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.pass(all_misses);
  bench.give_ballot(2);
  bench.give_votes({1, 3}, 2);
  BOOST_TEST(bench.report().succession.ballot.value == 2u);
}

// A voter that lies about some orders only, and one that is silent.
BOOST_AUTO_TEST_CASE(a_ballot_that_waits_while_later_ones_are_decided_is_no_exception) {
  Mixed bench(5, 4);
  bench.give_ballot(1);
  bench.give_votes({1, 2, 5}, 1);
  bench.give_vote(3, 1, "wrong");
  for (std::uint64_t sequence = 2; sequence < 7; ++sequence) {
    bench.give_ballot(sequence);
    bench.give_votes({1, 2, 3, 5}, sequence);
    bench.pass(milliseconds(200));
  }
  BOOST_TEST(bench.report().succession.ballot.value == 1u);
}

// Found by the model: the replica hears of its recovery first, and votes once.
BOOST_AUTO_TEST_CASE(a_vote_of_a_recovery_that_the_comparator_has_not_heard_of_is_kept) {
  Bench bench;
  bench.view.members[2].role = MemberRole::none;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  Vote early = bench.vote(1);
  early.recovery = Recovery(2);
  bench.give(ReplicaId(3), early);
  bench.change_view(3, MemberRole::observed, Recovery(2));
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
}

// Matches are forgotten, and not needed.
BOOST_AUTO_TEST_CASE(a_comparator_that_has_just_started_proposes_as_well) {
  Bench bench;
  bench.view.closed = Sequence(500);
  bench.view.members[2].role = MemberRole::observed;
  bench.give_view();
  bench.give_ballot(501);
  bench.give_votes({1, 3}, 501);
  bench.pass(all_misses);
  BOOST_TEST((proposed(bench) == Ids{1, 3}));
}

BOOST_AUTO_TEST_SUITE_END()
