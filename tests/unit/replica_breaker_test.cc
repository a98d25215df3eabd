// SPDX-License-Identifier: Apache-2.0
#include "distributor/replica_breaker.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(10);
const ReplicaBreaker::Config usual{seconds(1), seconds(4), 3, seconds(600)};

}  // namespace

BOOST_AUTO_TEST_SUITE(replica_breaker)

BOOST_AUTO_TEST_CASE(each_cool_down_is_twice_as_long_up_to_its_cap) {
  ReplicaBreaker breaker(usual);
  for (const std::int64_t expected : {1, 2, 4, 4}) {
    BOOST_TEST((breaker.open(start) == seconds(expected)));
    BOOST_TEST((breaker.recovers_at() == start + seconds(expected)));
    BOOST_TEST(!breaker.tick(start + seconds(expected) + milliseconds(-1)));
    BOOST_TEST(breaker.tick(start + seconds(expected)));
    breaker.half_open();
  }
}

BOOST_AUTO_TEST_CASE(whoever_has_voted_well_for_the_longest_cool_down_starts_small_again) {
  ReplicaBreaker breaker(usual);
  breaker.open(start);
  breaker.half_open();
  breaker.close(start);
  BOOST_TEST((breaker.next_deadline() == start + seconds(4)));
  breaker.tick(start + seconds(4));
  BOOST_TEST((breaker.next_deadline() == Instant::never()));
  BOOST_TEST((breaker.open(start) == seconds(1)));
}

BOOST_AUTO_TEST_CASE(several_dissents_within_the_window_are_one_too_many) {
  ReplicaBreaker breaker(usual);
  BOOST_TEST(!breaker.dissent(start));
  BOOST_TEST(!breaker.dissent(start + seconds(1)));
  BOOST_TEST(!breaker.dissent(start + seconds(600)), "the first is long ago");
  BOOST_TEST(breaker.dissent(start + milliseconds(600'999)));
}

BOOST_AUTO_TEST_CASE(an_operator_who_vouches_for_it_makes_a_new_beginning) {
  ReplicaBreaker breaker(usual);
  breaker.open(start);
  breaker.dissent(start);
  breaker.dissent(start);
  breaker.open_for_good();
  BOOST_TEST((breaker.recovers_at() == Instant::never()));
  breaker.reset();
  BOOST_TEST(!breaker.dissent(start));
  BOOST_TEST((breaker.open(start) == seconds(1)));
}

BOOST_AUTO_TEST_CASE(it_is_lenient_once_in_a_while) {
  ReplicaBreaker breaker(usual);
  BOOST_TEST(breaker.excuse(start));
  BOOST_TEST(breaker.cut_cooldown(start), "which is another leniency");
  BOOST_TEST(!breaker.excuse(start + ReplicaBreaker::leniency_period + milliseconds(-1)));
  BOOST_TEST(breaker.excuse(start + ReplicaBreaker::leniency_period));
}

BOOST_AUTO_TEST_SUITE_END()
