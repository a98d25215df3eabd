// SPDX-License-Identifier: Apache-2.0
// Disk is made ready in advance. This also tests what happens when there is none, or when the disk
// fails.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <system_error>

#include "journal/format.h"
#include "journal_bench.h"

using namespace tally;

namespace {

using Operation = SimulatedDisk::Operation;

struct Opened : JournalBench {
  Opened() { open(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_spare, Opened)

BOOST_AUTO_TEST_CASE(a_spare_is_made_once_of_full_size_and_synced) {
  BOOST_TEST(journal->wants_preparation());
  BOOST_TEST(!journal->prepare());
  BOOST_TEST(!journal->wants_preparation());
  BOOST_TEST(!disk.has("spare.new"));
  const SimulatedDisk left = disk.power_cut(SimulatedDisk::lost);
  BOOST_TEST((left.content("spare") == std::string(segment_bytes, '\0')));
  const std::uint64_t writes = disk.writes();
  BOOST_TEST(!journal->prepare());
  BOOST_TEST(disk.writes() == writes);
}

BOOST_AUTO_TEST_CASE(without_a_spare_the_journal_grows_and_waits_for_nobody) {
  append_segments(4);
  for (const std::string& name : segments()) BOOST_TEST(disk.content(name).size() <= segment_bytes);
  BOOST_TEST(journal->size().has_room);
  BOOST_TEST((open().last == orders.last().id));
}

BOOST_AUTO_TEST_CASE(a_growing_file_is_left_as_soon_as_there_is_a_spare) {
  append(1);
  BOOST_TEST(segments().size() == 1u);
  BOOST_TEST(!journal->prepare());
  append(1);
  BOOST_TEST(segments().size() == 2u);
  BOOST_TEST(disk.content(segments()[1]).size() == segment_bytes);
  append(1);
  BOOST_TEST(segments().size() == 2u);
  for (const Order& order : orders.all) BOOST_TEST(serves(order.id.sequence));
}

BOOST_AUTO_TEST_CASE(a_lack_of_room_for_a_spare_is_told_until_there_is_room_again) {
  disk.fail({Operation::write, ENOSPC, 1, "spare.new", true});
  const auto failed = journal->prepare();
  BOOST_REQUIRE(failed.has_value());
  BOOST_TEST(contains(*failed, "/simulated/spare.new: No space left on device"), *failed);
  BOOST_TEST(!journal->size().has_room);
  BOOST_TEST(journal->wants_preparation());
  append(1);  // the segment itself still has room
  BOOST_TEST(serves(Sequence(1)));
  disk.heal();
  BOOST_TEST(!journal->prepare());
  BOOST_TEST(journal->size().has_room);
}

BOOST_AUTO_TEST_CASE(whatever_fails_in_a_preparation_is_told_and_tried_again) {
  for (const Operation operation :
       {Operation::create, Operation::write, Operation::sync, Operation::rename, Operation::sync_directory}) {
    disk.fail({operation, EIO});
    BOOST_TEST(journal->prepare().has_value());
    BOOST_TEST(journal->wants_preparation());
    BOOST_TEST(!journal->prepare());
    append_segments(segments().size() + 1);
    BOOST_TEST((open().last == orders.last().id));
  }
}

// A segment of the least size has less room behind its header than `least_room`, which is that of
// two of the largest records.
BOOST_AUTO_TEST_CASE(a_segment_with_less_room_than_two_of_the_largest_records_counts_as_full) {
  segment_bytes = segment_bytes_for(0);
  BOOST_TEST(!journal->prepare().has_value());
  open();
  BOOST_TEST(!journal->prepare().has_value());
  open();
  disk.fail({Operation::write, ENOSPC, 1, "spare.new", true});
  BOOST_TEST(journal->prepare().has_value());
  BOOST_TEST(!journal->size().has_room, "least_room is all of such a segment");
}

BOOST_AUTO_TEST_CASE(a_segment_is_an_eighth_of_the_journal_within_bounds) {
  BOOST_TEST(segment_bytes_for(1024ull << 20) == 64u << 20);
  BOOST_TEST(segment_bytes_for(256ull << 20) == 32u << 20);
  BOOST_TEST(segment_bytes_for(0) >= 2 * record_bytes(most_record_bytes));
  BOOST_TEST(segment_bytes_for(1ull << 40) == 64u << 20);
}

// ---- what fails while appending is told by what is thrown

BOOST_AUTO_TEST_CASE(a_failed_write_or_sync_throws_with_the_path) {
  append(1);
  const auto throws = [&](Operation operation, auto call) {
    disk.fail({operation, EIO});
    BOOST_CHECK_EXCEPTION(call(), std::system_error, [](const std::system_error& error) {
      return error.code().value() == EIO && contains(error.what(), "/simulated/");
    });
  };
  throws(Operation::write, [&] { append(1); });
  throws(Operation::sync, [&] { journal->sync(); });
  throws(Operation::write, [&] { journal->append(view_of(1)); });
}

// Half of the record is in the file, and nobody misses it.
BOOST_AUTO_TEST_CASE(the_next_term_goes_on_after_a_write_that_failed_in_its_middle) {
  append(3);
  disk.fail({Operation::write, ENOSPC});
  BOOST_CHECK_THROW(append(1), std::system_error);
  orders.all.pop_back();
  BOOST_TEST((open().last == orders.last().id));
  append(3);
  BOOST_TEST((open().last == orders.last().id));
}

BOOST_AUTO_TEST_CASE(a_term_that_could_not_begin_changed_nothing_that_counts) {
  append_segments(3);
  for (const Operation operation : {Operation::create, Operation::write, Operation::sync, Operation::rename}) {
    for (std::uint64_t nth = 1;; ++nth) {
      journal.reset();
      auto opened = try_open();
      BOOST_REQUIRE_MESSAGE(opened, opened.error());
      disk.fail({operation, ENOSPC, nth});
      try {
        (*opened)->begin_term();
        break;
      } catch (const std::system_error&) {
        disk.heal();
      }
    }
    disk.heal();
    BOOST_TEST((open().last == orders.last().id));
    for (const Order& order : orders.all) BOOST_TEST(serves(order.id.sequence));
  }
}

BOOST_AUTO_TEST_SUITE_END()
