// SPDX-License-Identifier: Apache-2.0
// What the comparator tells those who watch.
#include "comparator_bench.h"

using namespace tally;

namespace {

struct Watched : Informed {
  using Informed::Informed;

  Observation observe() {
    core.receive(ClientId{"watcher"}, ObservationQuery{9, 0}, now);
    ComparatorOutput output = core.take_output();
    BOOST_REQUIRE(output.observers.size() == 1u);
    BOOST_TEST(output.observers[0].query.number == 9u);
    return std::move(output.observation);
  }
  ObservedVote newest_of(std::uint64_t replica) { return observe().voters.at(replica - 1); }
  std::string outcome_of(std::uint64_t replica) { return std::string(to_string(newest_of(replica).outcome)); }
};

std::string results_of(std::string_view answer) {
  std::string results;
  append_sized(results, answer);
  return results;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_observation)

BOOST_AUTO_TEST_CASE(nobody_is_told_who_did_not_ask) {
  Watched bench;
  bench.core.tick(bench.now);
  BOOST_TEST(bench.core.take_output().observers.empty());
}

BOOST_AUTO_TEST_CASE(whoever_asks_before_there_is_a_view_is_told_that_there_is_nothing_yet) {
  ComparatorBench bench;
  bench.core.receive(ClientId{"watcher"}, ObservationQuery{9, 0}, bench.now);
  const ComparatorOutput output = bench.core.take_output();
  BOOST_REQUIRE(output.observers.size() == 1u);
  BOOST_TEST((output.observation.incarnation == self));
  BOOST_TEST((output.observation.decided == OrderState{}));
  BOOST_REQUIRE(output.observation.voters.size() == 3u);
  ObservedVote none;
  none.replica = ReplicaId(3);
  BOOST_TEST((output.observation.voters[2] == none));
}

BOOST_AUTO_TEST_CASE(the_newest_decision_is_told_with_its_votes) {
  Watched bench;
  bench.run_orders(1, 3, {1, 2, 3});
  const Observation observation = bench.observe();
  BOOST_TEST((observation.decided == OrderState{bench.order(3), digest_of("right")}));
  BOOST_TEST((observation.results == digest_of(results_of("right"))));
  BOOST_TEST(observation.votes == 2u);
  for (const ObservedVote& vote : observation.voters) {
    BOOST_TEST(vote.sequence.value == 3u);
    BOOST_TEST((vote.state == observation.decided.state));
    BOOST_TEST((vote.results == observation.results));
    BOOST_TEST(to_string(vote.outcome) == "agrees");
    BOOST_TEST(vote.matches == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_vote_is_pending_until_its_order_is_decided) {
  Watched bench;
  bench.give_vote(1, 1);
  BOOST_TEST(bench.outcome_of(1) == "pending");
  BOOST_TEST((bench.newest_of(1).results == digest_of(results_of("right"))));
  bench.give_ballot(1);
  BOOST_TEST(bench.outcome_of(1) == "pending");
  bench.give_vote(2, 1);
  BOOST_TEST(bench.outcome_of(1) == "agrees");
  BOOST_TEST(bench.newest_of(3).sequence.value == 0u);
}

BOOST_AUTO_TEST_CASE(a_vote_that_differs_is_told_whether_it_came_before_the_decision_or_after_it) {
  for (const bool is_late : {false, true}) {
    Watched bench;
    bench.give_ballot(1);
    if (!is_late) bench.give_vote(3, 1, "wrong");
    bench.give_votes({1, 2}, 1);
    if (is_late) bench.give_vote(3, 1, "wrong");
    const ObservedVote vote = bench.newest_of(3);
    BOOST_TEST(to_string(vote.outcome) == "differs");
    BOOST_TEST((vote.state == digest_of("wrong")));
    BOOST_TEST((vote.results == digest_of(results_of("wrong"))));
    BOOST_TEST(vote.matches == 0u);
  }
}

BOOST_AUTO_TEST_CASE(the_newest_vote_of_a_silent_replica_stays) {
  Watched bench;
  bench.run_orders(1, 2, {1, 2, 3});
  bench.run_orders(3, 20, {1, 2});
  const ObservedVote vote = bench.newest_of(3);
  BOOST_TEST(vote.sequence.value == 2u);
  BOOST_TEST(to_string(vote.outcome) == "agrees");
  BOOST_TEST((vote.results == digest_of(results_of("right"))));
}

BOOST_AUTO_TEST_CASE(a_repeated_vote_changes_nothing) {
  Watched bench;
  bench.give_ballot(1);
  bench.give_votes({1, 2, 3}, 1);
  bench.give_vote(1, 1);
  BOOST_TEST(bench.outcome_of(1) == "agrees");
}

BOOST_AUTO_TEST_CASE(a_vote_on_a_ballot_that_is_closed_stays_as_it_was) {
  Watched bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1);
  bench.view.closed = Sequence(1);
  bench.give_view();
  BOOST_TEST(bench.outcome_of(1) == "pending");
  BOOST_TEST((bench.newest_of(1).state == digest_of("right")));
}

BOOST_AUTO_TEST_CASE(a_vote_of_an_earlier_life_is_told_until_there_is_another) {
  Watched bench;
  bench.give_ballot(1);
  bench.give_vote(1, 1, "wrong");
  bench.change_view(1, MemberRole::none, Recovery(2));
  BOOST_TEST((bench.newest_of(1).state == digest_of("wrong")));
  bench.give_votes({2, 3}, 1);
  BOOST_TEST(bench.outcome_of(1) == "pending");
}

BOOST_AUTO_TEST_CASE(votes_of_a_higher_term_take_the_place_of_those_before) {
  Watched bench;
  bench.give_ballot(5);
  bench.give_vote(1, 5);
  bench.view.term = Term(2);
  bench.view.closed = Sequence(2);
  bench.give_view();
  BOOST_TEST(bench.newest_of(1).sequence.value == 5u);
  bench.give_ballot(3);
  bench.give_votes({1, 2}, 3);
  BOOST_TEST(bench.newest_of(1).sequence.value == 3u);
  BOOST_TEST(bench.outcome_of(1) == "agrees");
  BOOST_TEST((bench.observe().decided.order == bench.order(3)));
}

BOOST_AUTO_TEST_CASE(results_that_are_malformed_leave_the_votes_pending) {
  Watched bench;
  bench.give_ballot(1);
  Vote vote = bench.vote(1);
  vote.results = "x";
  bench.give(ReplicaId(1), Vote(vote));
  bench.give(ReplicaId(2), std::move(vote));
  BOOST_TEST(bench.outcome_of(1) == "pending");
  BOOST_TEST((bench.newest_of(2).results == digest_of("x")));
  BOOST_TEST(bench.observe().decided.order.sequence.value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
