// SPDX-License-Identifier: Apache-2.0
#include "distributor/agreement.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(10);
const OrderIdentity last{Term(3), Sequence(20), {}};

OrderState state_after(std::uint64_t sequence, std::uint64_t term = 3) {
  return {{Term(term), Sequence(sequence), {}}, {sequence, sequence}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(only_a_later_order_of_this_term_that_was_made_is_learnt) {
  Agreement agreement(state_after(10, 2), start);
  agreement.learn(state_after(12, 2), last);
  BOOST_TEST((agreement.newest() == state_after(10, 2)), "it may be of a tail that the journal has lost");
  agreement.learn(state_after(21), last);
  BOOST_TEST((agreement.newest() == state_after(10, 2)), "there is no such order");
  agreement.learn(state_after(15), last);
  agreement.learn(state_after(14), last);
  BOOST_TEST((agreement.newest() == state_after(15)));
}

BOOST_AUTO_TEST_CASE(replicas_are_told_once_the_record_is_stable) {
  JournalProgress progress(true, Sequence(20), start);
  Agreement agreement(state_after(10, 2), start);
  agreement.learn(state_after(15), last);
  BOOST_TEST(!agreement.is_told());
  progress.appended_record();
  agreement.journaled(progress.appended(), start);
  BOOST_TEST(!agreement.tell(progress));
  BOOST_TEST((agreement.told() == state_after(10, 2)));
  progress.synced(progress.ask_for_sync(start), start);
  BOOST_TEST(agreement.tell(progress));
  BOOST_TEST(!agreement.tell(progress), "that is no news any more");
  BOOST_TEST((agreement.told() == state_after(15)));
  BOOST_TEST(agreement.is_told());
}

BOOST_AUTO_TEST_CASE(it_is_journaled_once_a_second_and_at_once_when_somebody_waits) {
  Agreement agreement(state_after(10), start);
  BOOST_TEST(!agreement.is_due(start, true), "it is known already");
  agreement.learn(state_after(11), last);
  BOOST_TEST(agreement.is_due(start, false));
  agreement.journaled(1, start);
  agreement.learn(state_after(12), last);
  BOOST_TEST(!agreement.is_due(start + milliseconds(999), false));
  BOOST_TEST(agreement.is_due(start + milliseconds(999), true));
  BOOST_TEST(agreement.is_due(start + seconds(1), false));
}

BOOST_AUTO_TEST_SUITE_END()
