// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/patience.h"
#include "comparator_ballots.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(comparator_patience)

BOOST_AUTO_TEST_CASE(a_ballot_is_waited_for_as_long_as_the_limit_says) {
  Patience patience(milliseconds(100));
  patience.begin(at_ms(1000));
  BOOST_TEST(!patience.is_exhausted(at_ms(1000), at_ms(1099)));
  BOOST_TEST(patience.is_exhausted(at_ms(1000), at_ms(1100)));
}

BOOST_AUTO_TEST_CASE(a_ballot_that_is_opened_late_in_a_wait_is_not_waited_for_anew) {
  Patience patience(milliseconds(100));
  patience.begin(at_ms(1000));
  BOOST_TEST(patience.is_exhausted(at_ms(1099), at_ms(1100)));
}

BOOST_AUTO_TEST_CASE(a_ballot_that_was_open_long_before_the_last_decision_has_been_waited_for) {
  Patience patience(milliseconds(100));
  patience.begin(at_ms(1000));
  patience.begin(at_ms(1090));  // later ballots are decided
  BOOST_TEST(patience.is_exhausted(at_ms(1000), at_ms(1100)));
}

BOOST_AUTO_TEST_CASE(a_comparator_that_slept_begins_to_wait_anew) {
  Patience patience(milliseconds(100));
  patience.begin(at_ms(1000));
  patience.begin_anew(at_ms(5000));
  BOOST_TEST(!patience.is_exhausted(at_ms(1000), at_ms(5099)));
  BOOST_TEST(patience.is_exhausted(at_ms(1000), at_ms(5100)));
}

BOOST_AUTO_TEST_SUITE_END()
