// SPDX-License-Identifier: Apache-2.0
// Which orders are stable, and when a sync is asked for.
#include "distributor/journal_progress.h"

#include <boost/test/unit_test.hpp>

#include "protocol/limits.h"

using namespace tally;

namespace {

const Instant start{seconds(100).nanoseconds};

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_progress)

BOOST_AUTO_TEST_CASE(what_the_journal_had_at_the_start_is_stable) {
  const JournalProgress progress(true, Sequence(7), start);
  BOOST_TEST(progress.stable().value == 7u);
  BOOST_TEST(progress.is_stable_at(progress.stable_after()));
  BOOST_TEST(!progress.lazy_sync_is_due(start));
}

BOOST_AUTO_TEST_CASE(an_order_that_changes_something_is_stable_once_it_is_synced) {
  JournalProgress progress(true, Sequence(7), start);
  progress.appended_order(Sequence(8), true);
  const std::uint64_t wanted = progress.stable_after();
  BOOST_TEST(progress.ask_for_sync(start) == 1u);
  BOOST_TEST(!progress.is_stable_at(wanted));
  BOOST_TEST(progress.stable().value == 7u);
  progress.synced(1, start + milliseconds(1));
  BOOST_TEST(progress.is_stable_at(wanted));
  BOOST_TEST(progress.stable().value == 8u);
}

BOOST_AUTO_TEST_CASE(an_order_that_changes_nothing_waits_for_the_change_before_it_alone) {
  JournalProgress progress(true, Sequence(7), start);
  progress.appended_order(Sequence(8), true);
  progress.ask_for_sync(start);
  progress.appended_order(Sequence(9), false);
  BOOST_TEST(!progress.is_stable_at(progress.stable_after()));
  progress.synced(1, start);
  BOOST_TEST(progress.is_stable_at(progress.stable_after()));
  BOOST_TEST(!progress.is_synced(progress.appended()));
}

BOOST_AUTO_TEST_CASE(a_sync_that_reaches_less_than_was_asked_for_makes_less_stable) {
  JournalProgress progress(true, Sequence(0), start);
  progress.appended_order(Sequence(1), true);
  progress.ask_for_sync(start);
  progress.appended_order(Sequence(2), true);
  progress.ask_for_sync(start);
  progress.synced(1, start);
  BOOST_TEST(progress.stable().value == 1u);
  BOOST_TEST(progress.is_syncing());
  progress.synced(2, start);
  BOOST_TEST(progress.stable().value == 2u);
  BOOST_TEST(!progress.is_syncing());
}

BOOST_AUTO_TEST_CASE(without_waiting_an_order_is_stable_at_once_and_synced_once_a_while) {
  JournalProgress progress(false, Sequence(0), start);
  progress.appended_order(Sequence(1), true);
  BOOST_TEST(progress.stable().value == 1u);
  BOOST_TEST(progress.is_stable_at(progress.stable_after()));
  BOOST_TEST(progress.lazy_sync_is_due(start));
  progress.ask_for_sync(start);
  progress.synced(1, start);
  progress.appended_record();
  BOOST_TEST(!progress.lazy_sync_is_due(start + milliseconds(999)));
  BOOST_TEST(progress.lazy_sync_is_due(start + seconds(1)));
}

BOOST_AUTO_TEST_CASE(a_sync_is_slow_when_it_takes_longer_than_clients_wait_and_the_next_one_too_until_it_is_done) {
  JournalProgress progress(true, Sequence(0), start);
  progress.appended_order(Sequence(1), true);
  progress.ask_for_sync(start);
  BOOST_TEST(!progress.is_slow(start + limits::slow_sync));
  const Instant late = start + limits::slow_sync + milliseconds(1);
  BOOST_TEST(progress.is_slow(late));
  progress.synced(1, late);
  BOOST_TEST(!progress.is_slow(late));  // nobody waits for it any more
  progress.appended_order(Sequence(2), true);
  progress.ask_for_sync(late);
  BOOST_TEST(progress.is_slow(late));
  progress.synced(2, late + milliseconds(1));
  progress.ask_for_sync(late + milliseconds(2));
  BOOST_TEST(!progress.is_slow(late + milliseconds(2)));
}

BOOST_AUTO_TEST_CASE(how_long_syncs_take_is_counted) {
  JournalProgress progress(true, Sequence(0), start);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    progress.appended_order(Sequence(number), true);
    progress.ask_for_sync(start);
    progress.synced(number, start + milliseconds(2));
  }
  BOOST_TEST(progress.syncs() == 3u);
  BOOST_TEST(progress.durations().sum == 6000u);  // in microseconds
}

BOOST_AUTO_TEST_SUITE_END()
