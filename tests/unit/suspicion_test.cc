// SPDX-License-Identifier: Apache-2.0
#include "comparator/suspicion.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

constexpr Suspicion::Config config{milliseconds(100), 3};

Instant at_ms(std::int64_t count) { return Instant{} + milliseconds(count); }

}  // namespace

BOOST_AUTO_TEST_SUITE(suspicion)

BOOST_AUTO_TEST_CASE(nothing_is_missed_while_nothing_is_decided) {
  Suspicion suspicion(config);
  BOOST_TEST(!suspicion.tick(at_ms(100'000)));
  BOOST_TEST((suspicion.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(a_vote_is_missed_one_timeout_after_the_decision) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(50));
  BOOST_TEST((suspicion.next_deadline() == at_ms(150)));
  BOOST_TEST(!suspicion.tick(at_ms(149)));
  BOOST_TEST(suspicion.tick(at_ms(150)));
}

BOOST_AUTO_TEST_CASE(one_ballot_is_one_miss) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  BOOST_TEST(!suspicion.tick(at_ms(200)));
  BOOST_TEST(suspicion.missed().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_thousand_ballots_that_expire_together_are_one_miss) {
  Suspicion suspicion(config);
  for (std::uint64_t n = 1; n <= 1000; ++n) suspicion.expect(Sequence(n), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  BOOST_TEST(!suspicion.tick(at_ms(500)));
  BOOST_TEST(suspicion.missed().size() == 1u);
}

BOOST_AUTO_TEST_CASE(misses_are_counted_at_most_once_a_timeout) {
  Suspicion suspicion(config);
  unsigned counted = 0;
  for (std::int64_t ms = 0; ms < 350; ++ms) {
    suspicion.expect(Sequence(static_cast<std::uint64_t>(ms) + 1), at_ms(ms));
    if (suspicion.tick(at_ms(ms))) ++counted;
  }
  BOOST_TEST(counted == 3u);  // at 100, 200 and 300 ms
  BOOST_TEST(suspicion.is_silent());
}

BOOST_AUTO_TEST_CASE(enough_consecutive_misses_are_silence) {
  Suspicion suspicion(config);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    BOOST_TEST(!suspicion.is_silent());
    suspicion.expect(Sequence(n), at_ms(static_cast<std::int64_t>(n) * 1000));
    BOOST_TEST(suspicion.tick(at_ms(static_cast<std::int64_t>(n) * 1000 + 100)));
  }
  BOOST_TEST(suspicion.is_silent());
  BOOST_TEST(suspicion.missed().back().value == 3u);
}

BOOST_AUTO_TEST_CASE(a_vote_in_time_ends_the_row) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  suspicion.expect(Sequence(2), at_ms(200));
  BOOST_TEST(!suspicion.voted(Sequence(2), at_ms(300)));
  BOOST_TEST(suspicion.missed().empty());
}

BOOST_AUTO_TEST_CASE(a_vote_that_was_in_at_the_decision_ends_the_row) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  suspicion.answered();
  BOOST_TEST(suspicion.missed().empty());
}

BOOST_AUTO_TEST_CASE(a_late_vote_does_not_end_the_row) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  suspicion.expect(Sequence(2), at_ms(50));
  BOOST_TEST(!suspicion.voted(Sequence(1), at_ms(160)));
  BOOST_TEST(!suspicion.voted(Sequence(2), at_ms(160)));
  BOOST_TEST(suspicion.missed().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_vote_for_a_later_order_closes_earlier_ones_as_one_miss) {
  Suspicion suspicion(config);
  for (std::uint64_t n = 1; n <= 5; ++n) suspicion.expect(Sequence(n), at_ms(0));
  BOOST_TEST(suspicion.voted(Sequence(7), at_ms(1)));
  BOOST_TEST(suspicion.missed().size() == 1u);
  BOOST_TEST((suspicion.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(misses_by_skipping_share_the_limit_with_misses_by_time) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  suspicion.expect(Sequence(2), at_ms(110));
  BOOST_TEST(!suspicion.voted(Sequence(3), at_ms(120)));
  BOOST_TEST(!suspicion.passed_over(Sequence(4), at_ms(130)));
  BOOST_TEST(suspicion.passed_over(Sequence(5), at_ms(200)));
}

BOOST_AUTO_TEST_CASE(what_is_forgiven_is_not_missed) {
  Suspicion suspicion(config);
  for (std::uint64_t n = 1; n <= 5; ++n) suspicion.expect(Sequence(n), at_ms(0));
  suspicion.forgive_before(Sequence(5));
  BOOST_TEST(!suspicion.voted(Sequence(5), at_ms(1)));
  BOOST_TEST(!suspicion.tick(at_ms(1000)));
}

BOOST_AUTO_TEST_CASE(restarted_timers_give_the_full_time_again) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  suspicion.expect(Sequence(2), at_ms(10));
  suspicion.restart_timers(at_ms(5000));
  BOOST_TEST(!suspicion.tick(at_ms(5000)));
  BOOST_TEST((suspicion.next_deadline() == at_ms(5100)));
  BOOST_TEST(!suspicion.voted(Sequence(1), at_ms(5050)));
  BOOST_TEST(suspicion.tick(at_ms(5100)));
}

BOOST_AUTO_TEST_CASE(ballots_decided_out_of_order_are_awaited_in_order) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(2), at_ms(0));
  suspicion.expect(Sequence(1), at_ms(1));
  BOOST_TEST(!suspicion.voted(Sequence(1), at_ms(2)));
  BOOST_TEST(!suspicion.voted(Sequence(2), at_ms(2)));
}

BOOST_AUTO_TEST_CASE(another_life_starts_clean) {
  Suspicion suspicion(config);
  suspicion.expect(Sequence(1), at_ms(0));
  BOOST_TEST(suspicion.tick(at_ms(100)));
  suspicion.expect(Sequence(2), at_ms(100));
  suspicion.reset();
  BOOST_TEST(suspicion.missed().empty());
  BOOST_TEST(!suspicion.tick(at_ms(1000)));
}

BOOST_AUTO_TEST_SUITE_END()
