// SPDX-License-Identifier: Apache-2.0
#include "distributor/decision_progress.h"

#include <boost/test/unit_test.hpp>

#include "protocol/limits.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(10);

}  // namespace

BOOST_AUTO_TEST_SUITE(decision_progress)

BOOST_AUTO_TEST_CASE(what_an_earlier_term_left_counts_as_closed_and_not_as_decided) {
  DecisionProgress decisions(Sequence(7));
  BOOST_TEST(decisions.closed().value == 7u);
  BOOST_TEST(!decisions.has_decided());
  decisions.decide(Sequence(7));
  BOOST_TEST(!decisions.has_decided());
  decisions.decide(Sequence(8));
  BOOST_TEST(decisions.has_decided());
  BOOST_TEST(decisions.decided().value == 8u);
  BOOST_TEST(decisions.closed().value == 7u);
}

BOOST_AUTO_TEST_CASE(a_stall_ends_with_the_next_decision_and_not_with_a_closed_ballot) {
  DecisionProgress decisions(Sequence(7));
  decisions.stall();
  decisions.close(Sequence(9));
  BOOST_TEST(decisions.is_stalled());
  BOOST_TEST(decisions.newest_decision().value == 7u);
  BOOST_TEST(!decisions.decide(Sequence(9)), "that was closed already");
  BOOST_TEST(decisions.decide(Sequence(10)));
  BOOST_TEST(!decisions.is_stalled());
  BOOST_TEST(decisions.newest_decision().value == 10u);
  BOOST_TEST(!decisions.decide(Sequence(11)), "there was no stall to end");
}

BOOST_AUTO_TEST_CASE(what_is_undecidable_counts_from_when_it_was_first_told) {
  DecisionProgress decisions(Sequence(7));
  decisions.find_undecidable(start);
  decisions.find_undecidable(start + seconds(3));
  BOOST_TEST(decisions.is_standing_still());
  BOOST_TEST((decisions.undecidable_for(start + seconds(4)) == seconds(4)));
  decisions.restart_timers(start + seconds(4));
  BOOST_TEST((decisions.undecidable_for(start + seconds(4)) == Duration()), "the caller slept");
  decisions.decide(Sequence(8));
  BOOST_TEST(!decisions.is_standing_still());
}

BOOST_AUTO_TEST_CASE(what_is_undecidable_is_forgotten_when_it_is_not_told_again) {
  DecisionProgress decisions(Sequence(7));
  decisions.find_undecidable(start);
  decisions.forget_old_undecidable(start + limits::ballot_lifetime + milliseconds(-1));
  BOOST_TEST(decisions.is_standing_still());
  decisions.forget_old_undecidable(start + limits::ballot_lifetime);
  BOOST_TEST(!decisions.is_standing_still());
}

BOOST_AUTO_TEST_CASE(a_dispute_outlasts_decisions_and_ends_with_a_conviction_or_after_a_while) {
  DecisionProgress decisions(Sequence(7));
  decisions.find_undecidable(start);
  decisions.close(Sequence(8));
  decisions.decide(Sequence(9));
  BOOST_TEST(!decisions.is_standing_still());
  BOOST_TEST(decisions.is_in_dispute(start + limits::ballot_lifetime + milliseconds(-1)));
  BOOST_TEST(!decisions.is_in_dispute(start + limits::ballot_lifetime), "nobody asks any more");
  decisions.settle_dispute();
  BOOST_TEST(!decisions.is_in_dispute(start));
}

BOOST_AUTO_TEST_SUITE_END()
