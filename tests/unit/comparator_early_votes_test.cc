// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/early_votes.h"
#include "comparator_ballots.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(comparator_early_votes)

BOOST_AUTO_TEST_CASE(early_votes_are_taken_once_and_oldest_first) {
  EarlyVotes early;
  for (const std::uint64_t sequence : {1, 2, 3}) BOOST_TEST(early.keep(vote_on(sequence)) == 0u);
  const auto votes = early.take();
  BOOST_REQUIRE(votes.size() == 3u);
  BOOST_TEST(votes.front().order.sequence.value == 1u);
  BOOST_TEST(early.take().empty());
}

BOOST_AUTO_TEST_CASE(of_too_many_early_votes_the_newest_are_kept) {
  EarlyVotes early;
  std::uint64_t dropped = 0;
  for (std::uint64_t sequence = 1; sequence <= limits::vote_lead + 2; ++sequence)
    dropped += early.keep(vote_on(sequence));
  BOOST_TEST(dropped == 2u);
  BOOST_TEST(early.take().front().order.sequence.value == 3u);
}

BOOST_AUTO_TEST_CASE(the_results_of_early_votes_are_bounded_too) {
  EarlyVotes early;
  const std::string half(BallotWindow::held_result_bytes / 2, 'x');
  BOOST_TEST(early.keep(vote_on(1, half)) == 0u);
  BOOST_TEST(early.keep(vote_on(2, half)) == 0u);
  BOOST_TEST(early.keep(vote_on(3, "more")) == 1u);
  BOOST_TEST(early.take().front().order.sequence.value == 2u);
  BOOST_TEST(early.keep(vote_on(4, half)) == 0u, "what was taken leaves its room");
}

BOOST_AUTO_TEST_SUITE_END()
