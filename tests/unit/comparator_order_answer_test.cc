// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator_ballots.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(comparator_order_answer)

BOOST_AUTO_TEST_CASE(votes_are_equal_only_if_order_state_and_results_are) {
  const OrderAnswer answer(vote_of("results"));
  BOOST_TEST(is_equal(answer, vote_of("results")));
  BOOST_TEST(!is_equal(answer, vote_of("resultz")));
  BOOST_TEST(!is_equal(answer, vote_of("result")));
  BOOST_TEST(!is_equal(answer, vote_of("results", 2)));
  BOOST_TEST(!is_equal(answer, vote_of("results", 1, 2)));
}

BOOST_AUTO_TEST_CASE(votes_are_compared_with_a_digest_once_the_results_are_gone) {
  OrderAnswer answer(vote_of("results"));
  answer.reduce();
  BOOST_TEST(answer.results.empty());
  BOOST_TEST(is_equal(answer, vote_of("results")));
  BOOST_TEST(!is_equal(answer, vote_of("resultz")));
  BOOST_TEST(!is_equal(answer, vote_of("")));
}

BOOST_AUTO_TEST_CASE(a_difference_names_what_differs) {
  const OrderAnswer decided(vote_of("a"));
  const auto difference = [&](Vote vote) { return to_string(difference_of(decided, OrderAnswer(std::move(vote)))); };
  BOOST_TEST(difference(vote_of("a")) == "none");
  BOOST_TEST(difference(vote_of("b")) == "results");
  BOOST_TEST(difference(vote_of("a", 2)) == "state");
  BOOST_TEST(difference(vote_of("b", 2)) == "both");
  BOOST_TEST(difference(vote_of("a", 1, 2)) == "order");
  OrderAnswer reduced(vote_of("b"));
  reduced.reduce();
  BOOST_TEST(to_string(difference_of(decided, reduced)) == "results");
}

BOOST_AUTO_TEST_SUITE_END()
