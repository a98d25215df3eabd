// SPDX-License-Identifier: Apache-2.0
// When the client's breaker opens and closes. What a session does then: session_breaker_test.cc.
#include "client/circuit_breaker.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

constexpr Duration patience = CircuitBreaker::patience;
constexpr Duration moment = milliseconds(1);
constexpr Instant start = Instant{} + seconds(1'000);

}  // namespace

BOOST_AUTO_TEST_SUITE(circuit_breaker)

BOOST_AUTO_TEST_CASE(it_begins_closed) {
  const CircuitBreaker breaker;
  BOOST_TEST(breaker.closed());
  BOOST_TEST((breaker.error() == CallError::none));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_refused_outright_opens_it_at_once) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  BOOST_TEST(breaker.refused(CallError::undecided, true, start));
  BOOST_TEST(!breaker.closed());
  BOOST_TEST((breaker.error() == CallError::undecided));
}

BOOST_AUTO_TEST_CASE(a_repetition_that_is_refused_opens_it_only_after_a_long_silence) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  BOOST_TEST(!breaker.refused(CallError::unavailable, false, start + patience + moment * -1));
  BOOST_TEST(breaker.closed());
  BOOST_TEST(breaker.refused(CallError::unavailable, false, start + patience));
  BOOST_TEST((breaker.error() == CallError::unavailable));
}

BOOST_AUTO_TEST_CASE(a_deadline_that_passes_opens_it_only_after_a_long_silence) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  BOOST_TEST(!breaker.timed_out(start + patience + moment * -1));
  BOOST_TEST(breaker.closed());
  BOOST_TEST(breaker.timed_out(start + patience));
  BOOST_TEST((breaker.error() == CallError::timed_out));
}

BOOST_AUTO_TEST_CASE(silence_lasts_from_the_first_who_waited) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  breaker.somebody_waits(start + patience / 2);
  BOOST_TEST(breaker.timed_out(start + patience));
}

BOOST_AUTO_TEST_CASE(a_decision_ends_the_silence) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  BOOST_TEST(!breaker.decided());
  breaker.somebody_waits(start + patience / 2);
  BOOST_TEST(!breaker.timed_out(start + patience));
}

BOOST_AUTO_TEST_CASE(without_anybody_who_waits_there_is_no_silence) {
  CircuitBreaker breaker;
  BOOST_TEST(!breaker.timed_out(start));
  BOOST_TEST(!breaker.refused(CallError::unavailable, false, start));
}

BOOST_AUTO_TEST_CASE(what_this_process_slept_through_is_no_silence) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  breaker.woke_late();
  breaker.somebody_waits(start + patience);
  BOOST_TEST(!breaker.timed_out(start + patience));
}

BOOST_AUTO_TEST_CASE(a_decision_closes_it) {
  CircuitBreaker breaker;
  breaker.refused(CallError::unavailable, true, start);
  BOOST_TEST(breaker.decided());
  BOOST_TEST(breaker.closed());
}

BOOST_AUTO_TEST_CASE(it_opens_once) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  breaker.refused(CallError::unavailable, true, start);
  BOOST_TEST(!breaker.refused(CallError::unavailable, true, start + patience));
  BOOST_TEST(!breaker.timed_out(start + patience));
}

BOOST_AUTO_TEST_CASE(what_the_group_says_of_itself_goes_before_its_silence) {
  CircuitBreaker breaker;
  breaker.somebody_waits(start);
  breaker.timed_out(start + patience);
  breaker.refused(CallError::undecided, false, start + patience);
  BOOST_TEST((breaker.error() == CallError::undecided));
  breaker.timed_out(start + patience * 2);
  BOOST_TEST((breaker.error() == CallError::undecided));
}

BOOST_AUTO_TEST_SUITE_END()
