// SPDX-License-Identifier: Apache-2.0
#include "distributor/journal_retention.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

constexpr Sequence agreed(1'000);

// Of three replicas, with 10 orders of slack and room for 100 bytes; any order may begin a file.
JournalRetention retention(std::uint64_t bytes = 50) {
  JournalRetention retention({2, 10, 100}, Sequence(1));
  retention.observe({bytes, Sequence(2), true});
  return retention;
}

JournalRetention::Checkpoint voters(std::uint64_t sequence) { return {Sequence(sequence), true}; }

std::uint64_t cut(JournalRetention& retention, const std::vector<JournalRetention::Checkpoint>& checkpoints,
                  bool has_silent = false) {
  return retention.cut(checkpoints, has_silent, agreed).value_or(Sequence()).value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_retention)

BOOST_AUTO_TEST_CASE(the_oldest_checkpoint_holds_the_journal_and_some_orders_before_it) {
  JournalRetention journal = retention();
  BOOST_TEST(cut(journal, {voters(300), voters(200), voters(100)}) == 91u);
  BOOST_TEST(journal.first().value == 91u);
}

BOOST_AUTO_TEST_CASE(a_replica_that_has_not_reported_may_need_any_order) {
  JournalRetention journal = retention();
  BOOST_TEST(cut(journal, {voters(300), voters(200)}, true) == 0u);
  BOOST_TEST(journal.first().value == 1u);
}

BOOST_AUTO_TEST_CASE(a_journal_that_is_too_large_is_cut_below_what_a_majority_of_voters_has) {
  JournalRetention journal = retention(101);
  BOOST_TEST(cut(journal, {voters(300), voters(200), {Sequence(5), false}}, true) == 201u);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_an_observed_replica_does_not_count_as_a_voters) {
  JournalRetention journal = retention(101);
  BOOST_TEST(cut(journal, {voters(300), {Sequence(200), false}, {Sequence(200), false}}) == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_is_cut_beyond_the_agreed_order) {
  JournalRetention journal = retention(101);
  BOOST_TEST(cut(journal, {voters(3'000), voters(2'000), voters(2'000)}) == 1'001u);
}

BOOST_AUTO_TEST_CASE(a_cut_that_forgets_no_file_is_not_asked_for) {
  JournalRetention journal = retention();
  journal.observe({50, Sequence(92), true});
  BOOST_TEST(cut(journal, {voters(300), voters(200), voters(100)}) == 0u);
  journal.observe({50, Sequence(91), true});
  BOOST_TEST(cut(journal, {voters(300), voters(200), voters(100)}) == 91u);
  BOOST_TEST(cut(journal, {voters(300), voters(200), voters(150)}) == 0u, "the first was not carried out yet");
}

BOOST_AUTO_TEST_CASE(above_a_damaged_order_it_is_cut_as_soon_as_a_majority_is_beyond_it) {
  JournalRetention journal = retention();
  BOOST_TEST(journal.damaged(Sequence(250)));
  BOOST_TEST(!journal.damaged(Sequence(250)), "that is no news any more");
  BOOST_TEST(journal.first().value == 251u);
  BOOST_TEST(cut(journal, {voters(300), voters(200), voters(100)}) == 0u);
  BOOST_TEST(cut(journal, {voters(300), voters(260), voters(100)}) == 261u);
}

BOOST_AUTO_TEST_SUITE_END()
