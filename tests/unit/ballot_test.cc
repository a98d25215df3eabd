// SPDX-License-Identifier: Apache-2.0
#include "comparator/ballot.h"

#include <boost/test/unit_test.hpp>

#include "comparator_ballots.h"

using namespace tally;

namespace {

BallotCall ballot_of(std::uint64_t chain) {
  BallotCall ballot;
  ballot.order = {Term(1), Sequence(1), Digest{0, chain}};
  return ballot;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ballot)

BOOST_AUTO_TEST_CASE(equal_answers_are_kept_once) {
  Ballot ballot;
  ballot.cast(ReplicaId(1), vote_of("1234"));
  ballot.cast(ReplicaId(2), vote_of("1234"));
  ballot.cast(ReplicaId(3), vote_of("12"));
  BOOST_TEST(ballot.kept_bytes() == 6u);
  BOOST_TEST(ballot.first_of(ReplicaId(1)) == ballot.first_of(ReplicaId(2)));
  BOOST_TEST(ballot.first_of(ReplicaId(1)) != ballot.first_of(ReplicaId(3)));
}

BOOST_AUTO_TEST_CASE(ahead_of_the_ballot_the_newest_vote_of_a_replica_stands) {
  Ballot ballot;
  ballot.cast(ReplicaId(1), vote_of("old", 1, 1));
  ballot.cast(ReplicaId(1), vote_of("new", 1, 2));
  ballot.open(ballot_of(2), {});
  BOOST_TEST(ballot.answer(ballot.first_of(ReplicaId(1))).results == "new");
  BOOST_TEST(ballot.kept_bytes() == 3u);
}

BOOST_AUTO_TEST_CASE(on_an_open_ballot_the_first_vote_of_a_replica_stands) {
  Ballot ballot;
  ballot.open(ballot_of(1), {});
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("one")) == Ballot::Cast::first));
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("one")) == Ballot::Cast::repeated));
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("two")) == Ballot::Cast::different));
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("three")) == Ballot::Cast::excess));
  BOOST_TEST(ballot.answer(ballot.first_of(ReplicaId(1))).results == "one");
  BOOST_TEST(ballot.answer(ballot.second_of(ReplicaId(1))).results == "two");
}

BOOST_AUTO_TEST_CASE(votes_on_another_order_are_marked_as_such) {
  Ballot ballot;
  ballot.cast(ReplicaId(1), vote_of("a", 1, 7));
  ballot.cast(ReplicaId(2), vote_of("a", 1, 1));
  ballot.open(ballot_of(1), {});
  BOOST_TEST(ballot.answers()[ReplicaId(1)] == other_order);
  BOOST_TEST(ballot.answers()[ReplicaId(2)] != other_order);
}

BOOST_AUTO_TEST_CASE(a_struck_vote_never_was) {
  Ballot ballot;
  ballot.cast(ReplicaId(1), vote_of("a"));
  ballot.strike(ReplicaId(1));
  BOOST_TEST(ballot.answers()[ReplicaId(1)] == no_answer);
  BOOST_TEST(ballot.held_bytes(ReplicaId(1)) == 0u);
  BOOST_TEST(ballot.kept_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(reducing_keeps_the_decided_answer_first) {
  Ballot ballot;
  ballot.open(ballot_of(1), {});
  ballot.cast(ReplicaId(1), vote_of("wrong"));
  ballot.cast(ReplicaId(2), vote_of("right"));
  ballot.cast(ReplicaId(3), vote_of("right"));
  ballot.decide(ballot.first_of(ReplicaId(2)), {});
  ballot.reduce_to(6);
  BOOST_TEST(ballot.kept_bytes() == 5u);
  BOOST_TEST(ballot.answer(ballot.decided()).results == "right");
  ballot.reduce_to(0);
  BOOST_TEST(ballot.kept_bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
