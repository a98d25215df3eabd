// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <numeric>

#include "comparator/decided.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

constexpr Digest state{1, 2};

Ballot opened(std::uint64_t sequence, bool synced = false, Term term = Term(1)) {
  BallotCall ballot = ballot_on(sequence, term);
  ballot.synced = synced;
  Ballot collected;
  collected.open(std::move(ballot), at_ms(0));
  return collected;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_decided)

BOOST_AUTO_TEST_CASE(what_is_agreed_is_the_newest_decided_order_with_its_state) {
  Decided progress;
  BOOST_TEST((progress.agreed() == OrderState()));
  progress.decided(opened(2), {state}, 1, at_ms(1));
  progress.decided(opened(1), {}, 1, at_ms(2));
  BOOST_TEST((progress.agreed() == OrderState{order_of(2), state}));
}

BOOST_AUTO_TEST_CASE(a_decision_of_a_higher_term_is_newer_whatever_its_sequence) {
  Decided progress;
  progress.decided(opened(5), {state}, 1, at_ms(1));
  progress.decided(opened(4, false, Term(2)), {state}, 1, at_ms(2));
  BOOST_TEST((progress.agreed().order == order_of(4, Term(2))));
}

BOOST_AUTO_TEST_CASE(only_orders_that_are_known_to_be_synced_are_told_as_such) {
  Decided progress;
  progress.decided(opened(1, true), {state}, 1, at_ms(1));
  progress.decided(opened(2), {state}, 1, at_ms(2));
  BOOST_TEST((progress.synced() == order_of(1)));
}

BOOST_AUTO_TEST_CASE(a_decision_takes_from_the_first_that_was_heard_of_its_order) {
  Decided progress;
  Ballot ballot;
  ballot.heard_of(at_ms(10));
  ballot.open(ballot_on(1), at_ms(12));
  progress.decided(ballot, {state}, 4, at_ms(15));
  BOOST_TEST(progress.durations().sum == 5000u);  // microseconds
  BOOST_TEST(progress.order_operations().sum == 4u);
  const auto& counts = progress.durations().counts;
  BOOST_TEST(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
