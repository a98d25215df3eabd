// SPDX-License-Identifier: Apache-2.0
// When the distributor syncs its journal, and what keeps it short and whole: with a journal that
// notes what is asked of it.
#include "distributor/journal_syncer.h"

#include <boost/test/unit_test.hpp>
#include <poll.h>
#include <stdexcept>
#include <thread>

#include "distributor/journal_upkeep.h"
#include "runtime/clock.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(10);
constexpr int patience_ms = 30'000;

class NotingJournal : public Journal {
 public:
  const RecoveredJournal& found() const override { return found_; }
  RecoveredJournal begin_term(Term) override { return found_; }
  void append(const OrderIdentity&, ServedTime, CalendarTime, std::string_view, std::string_view) override {}
  void append(const JournaledView&) override {}
  void append(const OrderState&) override {}
  void sync() override {
    if (fails) throw std::runtime_error("no sync");
    synced_by = std::this_thread::get_id();
    ++syncs;
  }
  void mark_stable(const OrderIdentity& order) override { stable = order; }
  std::optional<std::string> read(Sequence) override { return std::nullopt; }
  void cut_below(Sequence first) override { cut = first; }
  JournalSize size() const override { return {}; }
  bool wants_preparation() const override { return wants; }
  std::optional<std::string> prepare() override {
    ++preparations;
    return failure;
  }
  Scrubbed scrub(Sequence from, std::size_t) override {
    scrubbed_from = from;
    return scrubbed;
  }

  bool fails = false;
  int syncs = 0;
  std::thread::id synced_by;
  OrderIdentity stable;
  Sequence cut;
  bool wants = false;
  int preparations = 0;
  std::optional<std::string> failure;
  Sequence scrubbed_from;
  Scrubbed scrubbed;

 private:
  RecoveredJournal found_;
};

// Waits for all that was handed to the thread, and does what is to follow.
void finish(Background& thread) {
  bool is_finished = false;
  thread.submit([&is_finished]() -> Background::Completion { return [&is_finished] { is_finished = true; }; });
  while (!is_finished) {
    pollfd ready{thread.completion_fd(), POLLIN, 0};
    BOOST_REQUIRE(poll(&ready, 1, patience_ms) == 1);
    thread.run_completions();
  }
}

OrderIdentity order(std::uint64_t sequence) { return {Term(1), Sequence(sequence), {}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_syncer)

BOOST_AUTO_TEST_CASE(nothing_is_synced_that_nobody_wants) {
  NotingJournal journal;
  JournalSyncer syncer(journal, true);
  syncer.appended();
  syncer.sync();
  BOOST_TEST(!syncer.take_news().has_value());
}

BOOST_AUTO_TEST_CASE(the_first_sync_is_beside_the_loop_and_those_of_a_quick_disk_are_on_it) {
  NotingJournal journal;
  JournalSyncer syncer(journal, true);
  syncer.appended(order(1));
  syncer.want(1);
  syncer.sync();
  finish(syncer.thread());
  BOOST_TEST((journal.synced_by != std::this_thread::get_id()));
  BOOST_TEST((syncer.take_news() == std::uint64_t{1}));
  BOOST_TEST((journal.stable == order(1)));
  syncer.appended();
  syncer.appended(order(2));
  syncer.want(3);
  syncer.sync();
  BOOST_TEST((journal.synced_by == std::this_thread::get_id()));
  BOOST_TEST((syncer.take_news() == std::uint64_t{3}));
  BOOST_TEST(!syncer.take_news().has_value());
  BOOST_TEST((journal.stable == order(2)));
}

BOOST_AUTO_TEST_CASE(where_no_answer_waits_every_sync_is_beside_the_loop) {
  NotingJournal journal;
  JournalSyncer syncer(journal, false);
  for (const std::uint64_t position : {1, 2}) {
    syncer.appended();
    syncer.want(position);
    syncer.sync();
    syncer.sync();  // one at a time
    finish(syncer.thread());
    BOOST_TEST((journal.synced_by != std::this_thread::get_id()));
  }
  BOOST_TEST(journal.syncs == 2);
}

BOOST_AUTO_TEST_CASE(a_sync_that_fails_is_thrown_in_the_loop) {
  NotingJournal journal;
  journal.fails = true;
  JournalSyncer syncer(journal, true);
  syncer.appended();
  syncer.want(1);
  syncer.sync();
  BOOST_CHECK_THROW(finish(syncer.thread()), std::runtime_error);
  BOOST_TEST(!syncer.take_news().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(journal_upkeep)

BOOST_AUTO_TEST_CASE(damage_that_a_scrub_finds_is_told_once_and_the_scrub_goes_on_behind_it) {
  NotingJournal journal;
  journal.scrubbed.damaged = Sequence(7);
  JournalUpkeep upkeep(journal);
  upkeep.tick(start);
  BOOST_TEST((upkeep.next_deadline() == Instant::never()));  // one at a time
  finish(upkeep.thread());
  BOOST_TEST((upkeep.take_damaged() == Sequence(7)));
  BOOST_TEST(!upkeep.take_damaged().has_value());
  upkeep.tick(upkeep.next_deadline());
  finish(upkeep.thread());
  BOOST_TEST(journal.scrubbed_from.value == 8u);
}

BOOST_AUTO_TEST_CASE(disk_that_could_not_be_made_ready_is_tried_again_after_a_while) {
  NotingJournal journal;
  journal.scrubbed.next = Sequence(2);
  journal.failure = "no room";
  JournalUpkeep upkeep(journal);
  upkeep.tick(start);
  finish(upkeep.thread());
  BOOST_TEST(journal.preparations == 0);
  journal.wants = true;
  const Instant before = monotonic_now();
  upkeep.tick(Instant());
  finish(upkeep.thread());
  BOOST_TEST(journal.preparations == 1);
  upkeep.tick(before + seconds(1));
  upkeep.cut_below(Sequence(3));  // comes after what may have been begun
  finish(upkeep.thread());
  BOOST_TEST(journal.preparations == 1);
  BOOST_TEST(journal.cut.value == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
