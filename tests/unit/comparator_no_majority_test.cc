// SPDX-License-Identifier: Apache-2.0
// What the comparator tells of decisions and of orders without a majority (law 14).
#include "comparator_bench.h"

using namespace tally;
using Bench = ComparatorBench;

namespace {

// Every voter answers otherwise.
void split(Bench& bench, std::uint64_t sequence) {
  bench.give_ballot(sequence);
  for (std::uint64_t replica = 1; replica <= 3; ++replica) bench.give_vote(replica, sequence, text_of(replica));
}

std::uint64_t undecidable(Bench& bench) { return bench.report().undecidable.value; }

std::vector<UndecidedRecord> undecided_records(const Bench& bench) {
  std::vector<UndecidedRecord> found;
  for (const AuditRecord& record : bench.audit)
    if (const auto* undecided = std::get_if<UndecidedRecord>(&record.content)) found.push_back(*undecided);
  return found;
}

// Each replica in another life, as after a roll-back of all.
void roll_back_all(Bench& bench) {
  bench.view.number = bench.view.number.next();
  for (Member& member : bench.view.members) member.recovery = member.recovery.next();
  bench.give_view();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_no_majority)

// ---- undecidable

BOOST_AUTO_TEST_CASE(an_order_on_which_no_votes_can_be_equal_any_more_is_reported_at_once) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1, "one");
  bench.give_vote(2, 1, "two");
  BOOST_TEST(undecidable(bench) == 0u);
  bench.reports.clear();
  bench.give_vote(3, 1, "three");
  BOOST_REQUIRE(bench.reports.size() == 1u);
  BOOST_TEST(bench.reports[0].undecidable.value == 1u);
  BOOST_TEST(undecidable(bench) == 1u);  // and again
}

BOOST_AUTO_TEST_CASE(so_it_is_when_the_votes_came_before_the_ballot) {
  Informed bench;
  for (std::uint64_t replica = 1; replica <= 3; ++replica) bench.give_vote(replica, 1, text_of(replica));
  BOOST_TEST(undecidable(bench) == 0u);
  bench.give_ballot(1);
  BOOST_TEST(undecidable(bench) == 1u);
}

BOOST_AUTO_TEST_CASE(two_voters_that_are_left_and_disagree_are_no_majority) {
  Bench bench;
  bench.view.members[2].role = MemberRole::none;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_vote(1, 1, "one");
  bench.give_vote(2, 1, "two");
  BOOST_TEST(undecidable(bench) == 1u);
}

BOOST_AUTO_TEST_CASE(fewer_voters_than_a_majority_are_unavailable_and_not_undecided) {
  Bench bench;
  bench.view.members[1].role = bench.view.members[2].role = MemberRole::none;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  BOOST_TEST(undecidable(bench) == 0u);
  BOOST_TEST(undecided_records(bench).empty());
}

BOOST_AUTO_TEST_CASE(of_five_three_pairs_of_answers_may_still_be_decided_and_four_answers_may_not) {
  Informed bench(5);
  bench.give_ballot(1);
  for (std::uint64_t replica = 1; replica <= 4; ++replica) bench.give_vote(replica, 1, replica % 2 ? "odd" : "even");
  BOOST_TEST(undecidable(bench) == 0u);
  bench.give_ballot(2);
  for (std::uint64_t replica = 1; replica <= 4; ++replica) bench.give_vote(replica, 2, text_of(replica));
  BOOST_TEST(undecidable(bench) == 2u);
}

BOOST_AUTO_TEST_CASE(the_earliest_one_is_reported) {
  Informed bench;
  bench.give_ballot(1);
  split(bench, 3);
  BOOST_TEST(undecidable(bench) == 3u);
  split(bench, 2);
  split(bench, 4);
  BOOST_TEST(undecidable(bench) == 2u);
}

BOOST_AUTO_TEST_CASE(when_all_roll_back_it_is_not_undecidable_any_more) {
  Informed bench;
  split(bench, 1);
  roll_back_all(bench);
  BOOST_TEST(undecidable(bench) == 0u);
}

BOOST_AUTO_TEST_CASE(when_a_view_strikes_a_vote_it_may_be_decided_after_all) {
  Informed bench;
  split(bench, 1);
  bench.change_view(3, MemberRole::voter, Recovery(2));
  BOOST_TEST(undecidable(bench) == 0u);
  Vote vote = bench.vote(1, "1");
  vote.recovery = Recovery(2);
  bench.give(ReplicaId(3), vote);
  BOOST_TEST(bench.decisions.size() == 1u);
  BOOST_TEST(undecidable(bench) == 0u);
}

BOOST_AUTO_TEST_CASE(a_view_that_changes_nothing_about_it_leaves_it_so) {
  Informed bench;
  split(bench, 1);
  bench.change_view(3, MemberRole::none);
  BOOST_TEST(undecidable(bench) == 1u);
  BOOST_TEST(bench.report().view.value == 2u);
  BOOST_TEST(bench.count_events("ballot_undecidable") == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_term_ends_it) {
  Informed bench;
  split(bench, 1);
  bench.view.term = Term(2);
  bench.view.closed = Sequence(1);
  bench.give_view();
  BOOST_TEST(undecidable(bench) == 0u);
}

BOOST_AUTO_TEST_CASE(a_ballot_of_a_new_term_ends_it_too) {
  Informed bench;
  split(bench, 1);
  bench.view.term = Term(2);
  bench.give_ballot(2);
  BOOST_TEST(undecidable(bench) == 0u);
}

BOOST_AUTO_TEST_CASE(it_ends_when_its_ballot_is_closed) {
  Informed bench;
  bench.give_ballot(1);
  split(bench, 2);
  bench.view.closed = Sequence(1);
  bench.give_view();
  BOOST_TEST(undecidable(bench) == 2u);
  bench.view.closed = Sequence(2);
  bench.give_view();
  BOOST_TEST(undecidable(bench) == 0u);
}

BOOST_AUTO_TEST_CASE(when_the_earliest_one_is_closed_the_next_is_reported) {
  Informed bench;
  split(bench, 1);
  split(bench, 2);
  bench.view.closed = Sequence(1);
  bench.give_view();
  BOOST_TEST(undecidable(bench) == 2u);
}

// ---- the record

BOOST_AUTO_TEST_CASE(it_is_put_on_record_once_with_all_votes) {
  Bench bench(5);
  bench.view.members[4].role = MemberRole::observed;
  bench.view.members[3].role = MemberRole::none;
  bench.give_view();
  bench.give_ballot(1);
  bench.give_vote(5, 1, "observed");
  bench.give_vote(1, 1, "1");
  bench.give_vote(1, 1, "1 again, otherwise");
  bench.give_vote(2, 1, "2");
  bench.give_vote(3, 1, "3");
  bench.give_vote(3, 1, "3");
  bench.report();
  const auto records = undecided_records(bench);
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST((records[0].order == bench.order(1)));
  BOOST_TEST(records[0].view.value == 1u);
  const std::vector<VoteEvidence>& votes = records[0].votes;
  BOOST_REQUIRE(votes.size() >= 4u);
  for (const VoteEvidence& vote : votes)
    BOOST_TEST((vote.difference == Difference::none), "there is nothing to differ from");
  BOOST_TEST(votes[0].replica.value == 1u);
  BOOST_TEST(votes[1].replica.value == 1u);
  BOOST_TEST((votes[0].answer.state == digest_of("1")));
  BOOST_TEST((votes[1].answer.state == digest_of("1 again, otherwise")));
  BOOST_TEST(votes.back().replica.value == 5u);
  BOOST_TEST((votes.back().role == MemberRole::observed));
  BOOST_TEST((votes.back().answer.state == digest_of("observed")));
}

BOOST_AUTO_TEST_CASE(its_record_has_the_number_after_the_one_before) {
  Informed bench;
  split(bench, 1);
  BOOST_TEST(bench.report().audit_head == text_of(bench.records) + ":hash" + text_of(bench.records));
  BOOST_TEST(std::holds_alternative<UndecidedRecord>(bench.audit.back().content));
}

BOOST_AUTO_TEST_CASE(an_earlier_one_gets_a_record_of_its_own_and_later_ones_do_not) {
  Informed bench;
  bench.give_ballot(1);
  split(bench, 3);
  split(bench, 4);
  split(bench, 2);
  const auto records = undecided_records(bench);
  BOOST_REQUIRE(records.size() == 2u);
  BOOST_TEST(records[0].order.sequence.value == 3u);
  BOOST_TEST(records[1].order.sequence.value == 2u);
}

// ---- agreed

BOOST_AUTO_TEST_CASE(what_is_agreed_is_the_newest_decided_order_with_its_state) {
  Bench bench;
  BOOST_TEST((bench.report().agreed == OrderState()));
  bench.give_view();
  bench.run_orders(1, 3, {1, 2});
  BOOST_TEST((bench.report().agreed == OrderState{bench.order(3), bench.vote(3).state}));
}

BOOST_AUTO_TEST_CASE(a_decision_on_an_earlier_order_takes_nothing_agreed_back) {
  Informed bench;
  bench.give_ballot(1);
  bench.give_ballot(2);
  bench.give_votes({1, 2}, 2);
  BOOST_TEST((bench.report().agreed.order == bench.order(2)));
  bench.give_votes({1, 2}, 1);
  BOOST_TEST(bench.decisions.size() == 2u);
  BOOST_TEST((bench.report().agreed.order == bench.order(2)));
}

BOOST_AUTO_TEST_CASE(a_closed_or_undecidable_ballot_is_not_agreed) {
  Informed bench;
  bench.run_orders(1, 1, {1, 2});
  split(bench, 2);
  BOOST_TEST((bench.report().agreed.order == bench.order(1)));
  bench.view.closed = Sequence(2);
  bench.give_view();
  BOOST_TEST((bench.report().agreed.order == bench.order(1)));
}

BOOST_AUTO_TEST_CASE(what_was_agreed_is_kept_in_a_new_term_until_something_is_decided_in_it) {
  Informed bench;
  bench.run_orders(1, 5, {1, 2});
  const OrderIdentity before = bench.order(5);
  bench.view.term = Term(2);
  bench.view.number = bench.view.number.next();
  bench.view.closed = Sequence(3);  // the journal lost two reads
  bench.give_view();
  BOOST_TEST((bench.report().agreed.order == before));
  bench.run_orders(4, 4, {1, 2});
  BOOST_TEST((bench.report().agreed.order == bench.order(4)));
}

BOOST_AUTO_TEST_SUITE_END()
