// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/newest_vote.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

constexpr ReplicaId second(2);

ObservedVote shown_of(const Ballot& ballot) {
  NewestVote vote;
  vote.cast(Sequence(1));
  vote.read(ballot, second);
  return vote.shown();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_newest_vote)

BOOST_AUTO_TEST_CASE(before_a_vote_there_is_none) {
  const NewestVote vote;
  BOOST_TEST(!vote.is_open());
  BOOST_TEST((vote.shown() == ObservedVote{}));
}

BOOST_AUTO_TEST_CASE(a_vote_is_pending_until_its_ballot_is_decided) {
  Ballot ballot = voted_ballot(1, {"right", "right"});
  const ObservedVote pending = shown_of(ballot);
  BOOST_TEST(pending.sequence.value == 1u);
  BOOST_TEST((pending.state == digest_of("right")));
  BOOST_TEST((pending.results == digest_of("right")));
  BOOST_TEST(to_string(pending.outcome) == "pending");
  ballot.decide(1, {});
  BOOST_TEST(to_string(shown_of(ballot).outcome) == "agrees");
}

BOOST_AUTO_TEST_CASE(a_vote_that_is_not_the_decision_differs) {
  Ballot ballot = voted_ballot(1, {"right", "wrong", "right"});
  ballot.decide(1, {});
  BOOST_TEST(to_string(shown_of(ballot).outcome) == "differs");
  BOOST_TEST((shown_of(ballot).results == digest_of("wrong")));
}

BOOST_AUTO_TEST_CASE(of_two_answers_the_one_that_differs_is_shown) {
  for (const auto& [first, then] : {std::pair{"right", "wrong"}, std::pair{"wrong", "right"}}) {
    Ballot ballot = voted_ballot(1, {"right", first, "right"});
    ballot.cast(second, vote_on(1, then));
    BOOST_TEST((shown_of(ballot).results == digest_of(then)), "the newer one, before the decision");
    ballot.decide(1, {});
    BOOST_TEST(to_string(shown_of(ballot).outcome) == "differs");
    BOOST_TEST((shown_of(ballot).results == digest_of("wrong")));
  }
}

BOOST_AUTO_TEST_CASE(a_vote_that_was_struck_stays_as_it_was_read) {
  Ballot ballot = voted_ballot(1, {"right", "right"});
  NewestVote vote;
  vote.cast(Sequence(1));
  vote.close(ballot, second);
  const ObservedVote shown = vote.shown();
  ballot.strike(second);
  BOOST_TEST(!vote.is_open());
  BOOST_TEST((vote.shown() == shown));
  BOOST_TEST((shown.state == digest_of("right")));
}

BOOST_AUTO_TEST_CASE(the_next_vote_takes_its_place) {
  Ballot ballot = voted_ballot(1, {"right", "right"});
  ballot.decide(1, {});
  NewestVote vote;
  vote.cast(Sequence(1));
  vote.close(ballot, second);
  vote.cast(Sequence(2));
  BOOST_TEST(vote.is_open());
  BOOST_TEST(vote.sequence().value == 2u);
  BOOST_TEST(to_string(vote.shown().outcome) == "pending");
  BOOST_TEST((vote.shown().state == Digest{}));
}

BOOST_AUTO_TEST_SUITE_END()
