// SPDX-License-Identifier: Apache-2.0
// The journal forgets its beginning by whole segments, and uses them again.
#include <boost/test/unit_test.hpp>

#include "journal/format.h"
#include "journal/inspection.h"
#include "journal_bench.h"

using namespace tally;

namespace {

struct Cut : JournalBench {
  Cut() {
    open();
    append_segments(5);
  }
  Sequence first_of(std::size_t place) const { return *segment_first(segments().at(place)); }
  void reads_from(Sequence first) {
    for (const Order& order : orders.all) {
      const auto bytes = journal->read(order.id.sequence);
      BOOST_TEST(bytes.has_value() == (order.id.sequence >= first), "order " << order.id.sequence.value);
      if (bytes) BOOST_TEST((*bytes == encoded(order)));
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_cut, Cut)

BOOST_AUTO_TEST_CASE(a_segment_is_removed_once_all_its_orders_may_be_forgotten) {
  const Sequence second = first_of(1);
  BOOST_TEST((journal->size().next_cut == second));
  journal->cut_below(Sequence(second.value - 1));
  BOOST_TEST(segments().size() == 5u);
  reads_from(Sequence(1));
  journal->cut_below(second);
  BOOST_TEST(segments().size() == 4u);
  reads_from(second);
  BOOST_TEST((journal->size().next_cut == first_of(1)));
}

BOOST_AUTO_TEST_CASE(several_segments_may_go_at_once_but_the_newest_one_never_goes) {
  const std::uint64_t before = journal->size().bytes;
  const Sequence newest = first_of(4);
  journal->cut_below(Sequence(UINT64_MAX));
  BOOST_TEST(segments().size() == 1u);
  reads_from(newest);
  BOOST_TEST(journal->size().bytes < before / 3);
  BOOST_TEST((journal->size().next_cut == Sequence(UINT64_MAX)));
}

// A crash may leave any of the cut segments, because their removal was not synced.
BOOST_AUTO_TEST_CASE(a_cut_that_a_crash_left_half_done_is_not_taken_for_damage) {
  const std::string oldest = segments().front();
  const std::string content = disk.content(oldest);
  journal->cut_below(first_of(3));
  journal.reset();
  disk.put(oldest, content);
  BOOST_TEST(refusal() == "");
  const JournalInspection inspection = inspect_journal(*directory(), {});
  BOOST_TEST(inspection.is_whole());
  BOOST_TEST(!inspection.segments.front().counts);
  BOOST_TEST(contains(inspection.segments.front().note, "cut: order "));
}

BOOST_AUTO_TEST_CASE(what_was_cut_stays_cut_and_the_first_order_is_known) {
  const Sequence first = first_of(2);
  journal->cut_below(first);
  for (int times = 0; times < 3; ++times) {
    BOOST_TEST((open().first == first));
    BOOST_TEST((found.last == orders.last().id));
    reads_from(first);
  }
}

BOOST_AUTO_TEST_CASE(appending_goes_on_after_a_cut) {
  for (int round = 0; round < 20; ++round) {
    append_segments(3);
    journal->cut_below(first_of(1));
    reads_from(first_of(0));
  }
  BOOST_TEST((open().last == orders.last().id));
}

BOOST_AUTO_TEST_CASE(a_cut_segment_of_full_size_becomes_the_spare_and_its_old_content_counts_no_more) {
  BOOST_TEST(!journal->prepare());
  append_segments(6);  // the sixth was the spare
  BOOST_TEST(journal->wants_preparation());
  journal->cut_below(first_of(4));
  BOOST_TEST(journal->wants_preparation(), "files that grew are not of full size");
  BOOST_TEST(!disk.has("spare"));

  BOOST_TEST(!journal->prepare());
  append_segments(3);
  journal->cut_below(first_of(2));
  BOOST_TEST(disk.has("spare"));
  BOOST_TEST(!journal->wants_preparation());
  const std::string old = disk.content("spare");
  BOOST_TEST(decode_segment_header(old).has_value());
  append_segments(segments().size() + 1);
  BOOST_TEST(!disk.has("spare"));
  BOOST_TEST((open().last == orders.last().id));
  reads_from(found.first);
}

BOOST_AUTO_TEST_CASE(a_segment_that_is_being_read_is_not_used_again) {
  BOOST_TEST(!journal->prepare());
  append_segments(6);
  journal->cut_below(first_of(5));
  append_segments(2);
  BOOST_REQUIRE(disk.content(segments()[0]).size() == segment_bytes);
  BOOST_TEST(serves(first_of(0)));  // the reader stays in this segment
  journal->cut_below(first_of(1));
  BOOST_TEST(!disk.has("spare"));
  reads_from(first_of(0));
}

BOOST_AUTO_TEST_CASE(a_spare_that_a_killed_process_left_is_used) {
  BOOST_TEST(!journal->prepare());
  open();
  BOOST_TEST(!disk.has("spare"), "the term began in it");
  BOOST_TEST(disk.content(segments().back()).size() == segment_bytes);
}

BOOST_AUTO_TEST_CASE(a_spare_of_another_size_is_not_used) {
  disk.put("spare", std::string(segment_bytes - 512, '\0'));
  open();
  BOOST_TEST(journal->wants_preparation());
  BOOST_TEST(!journal->prepare());
  BOOST_TEST(disk.content("spare").size() == segment_bytes);
  append_segments(segments().size() + 1);
  BOOST_TEST((open().last == orders.last().id));
}

BOOST_AUTO_TEST_SUITE_END()
