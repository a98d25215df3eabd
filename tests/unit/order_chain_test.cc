// SPDX-License-Identifier: Apache-2.0
#include "distributor/order_chain.h"

#include <boost/test/unit_test.hpp>

#include "protocol/limits.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(10);

RecoveredJournal journal() {
  RecoveredJournal found;
  found.term = Term(3);
  found.last = {Term(2), Sequence(7), {8, 9}};
  found.served = ServedTime{100};
  found.calendar = CalendarTime{5'000};
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(order_chain)

BOOST_AUTO_TEST_CASE(an_order_follows_the_journals_last_one_in_the_new_term) {
  OrderChain chain(journal(), {1, 2}, start);
  BOOST_TEST(chain.orders() == 0u);
  const Order order = chain.extend({Request{}}, {start, CalendarTime{6'000}});
  BOOST_TEST((order.previous == Digest{8, 9}));
  BOOST_TEST(order.id.term.value == 3u);
  BOOST_TEST(order.id.sequence.value == 8u);
  BOOST_TEST((order.id.chain == chain_of(order)));
  BOOST_TEST((order.key_secret == Digest{}), "only a group's first order brings one");
  BOOST_TEST((chain.last() == order.id));
  BOOST_TEST(chain.began().value == 7u);
  BOOST_TEST(chain.orders() == 1u);
  BOOST_TEST(chain.requests() == 1u);
}

BOOST_AUTO_TEST_CASE(the_first_order_of_a_group_brings_its_key_secret) {
  RecoveredJournal empty;
  empty.term = Term(1);
  OrderChain chain(empty, {1, 2}, start);
  BOOST_TEST((chain.extend({}, {start, {}}).key_secret == Digest{1, 2}));
  BOOST_TEST((chain.extend({}, {start, {}}).key_secret == Digest{}));
}

BOOST_AUTO_TEST_CASE(served_time_does_not_jump_over_a_suspension) {
  OrderChain chain(journal(), {}, start);
  const Order first = chain.extend({}, {start + milliseconds(3), {}});
  BOOST_TEST((first.served == ServedTime{100} + milliseconds(3)));
  const Order second = chain.extend({}, {start + hours(1), {}});
  BOOST_TEST((second.served == first.served + limits::served_time_step));
}

BOOST_AUTO_TEST_CASE(calendar_time_never_goes_backwards) {
  OrderChain chain(journal(), {}, start);
  BOOST_TEST((chain.extend({}, {start, CalendarTime{4'000}}).calendar == CalendarTime{5'000}));
  BOOST_TEST((chain.extend({}, {start, CalendarTime{6'000}}).calendar == CalendarTime{6'000}));
  BOOST_TEST((chain.extend({}, {start, CalendarTime{5'500}}).calendar == CalendarTime{6'000}));
}

BOOST_AUTO_TEST_SUITE_END()
