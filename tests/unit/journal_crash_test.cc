// SPDX-License-Identifier: Apache-2.0
// Power cuts. Whatever becomes of what was not stable, afterwards everything that was stable is
// there, and nothing is taken for damage.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <system_error>

#include "journal/format.h"
#include "journal_witness.h"

using namespace tally;

namespace {

using Operation = SimulatedDisk::Operation;

// Makes full segments that may be used again, and lets all but the newest be cut.
void fill_segments(CrashBench& bench) {
  bench.begin();
  for (int count = 0; count < 4; ++count) {
    bench.journal->prepare();
    bench.append_segments(bench.segments().size() + 1);
  }
  bench.sync();
  bench.witness.cut = segment_first(bench.segments().back())->value - 1;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_crash, CrashBench)

BOOST_AUTO_TEST_CASE(a_power_cut_at_any_operation_of_a_random_history_loses_nothing_stable) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    CrashBench history;
    history.random.state = seed;
    for (int life = 0; life < 4; ++life) {
      history.cut_power_during([&] {
        if (life == 0) history.begin();
        for (int steps = 0; steps < 25; ++steps) history.step();
      });
      history.crash(history.mixed());
    }
    crashes += history.crashes;
  }
  BOOST_TEST_MESSAGE(crashes << " crashes");
  BOOST_TEST(crashes > 10'000u);
}

// These lives are longer, but only one other outcome is looked at in each of them.
BOOST_AUTO_TEST_CASE(a_journal_lives_through_many_crashes) {
  for (std::uint64_t seed = 101; seed <= 140; ++seed) {
    CrashBench history;
    history.random.state = seed;
    history.begin();
    for (int life = 0; life < 30; ++life) {
      for (std::uint64_t steps = history.random.below(40); steps > 0; --steps) history.step();
      history.check(history.disk.power_cut(history.mixed()), "life " + std::to_string(life));
      history.crash(history.mixed());
    }
  }
}

// ---- the last stretch

BOOST_AUTO_TEST_CASE(each_sector_of_what_was_not_synced_may_be_the_only_one_that_is_lost_or_kept) {
  begin();
  append(10, 300);
  sync();
  for (int count = 0; count < 12; ++count) {
    append(1, 900);
    append_facts();
  }
  const std::size_t choices = disk.choices();
  BOOST_TEST(choices > 20u);
  for (std::size_t odd = 0; odd < choices; ++odd)
    for (const bool is_kept : {false, true}) {
      std::size_t number = 0;
      check(disk.power_cut([&](std::size_t options) { return (number++ == odd) == is_kept ? options - 1 : 0; }),
            "sector " + std::to_string(odd));
      number = 0;
      check(disk.power_cut([&](std::size_t options) { return (number++ < odd) == is_kept ? options - 1 : 0; }),
            "sectors before " + std::to_string(odd));
    }
}

// This is more than disks do: the tail may also end within a sector, with zeros or with the end of
// the file behind it.
BOOST_AUTO_TEST_CASE(the_unsynced_tail_may_end_at_any_byte) {
  for (const bool has_spare : {false, true}) {
    if (has_spare) journal->prepare();
    begin();
    append(3, 100);
    sync();
    const std::string name = segments().back();
    const std::size_t end = disk.content(name).find_last_not_of('\0');
    append(4, 100);
    append_facts();
    append(1, 700);
    BOOST_REQUIRE(segments().back() == name);
    const std::string whole = disk.content(name);
    const std::size_t written = whole.find_last_not_of('\0') + 1;
    std::size_t last = 0;
    for (std::size_t size = end + record_alignment; size <= written; ++size) {
      SimulatedDisk torn = disk.power_cut(SimulatedDisk::kept);
      torn.put(name, whole.substr(0, size) + std::string(has_spare ? whole.size() - size : 0, '\0'));
      check(torn, "byte " + std::to_string(size));
      const auto recovered = (*try_open(open_simulated_directory(torn)))->begin_term();
      BOOST_TEST(recovered.last.sequence.value >= last);
      last = recovered.last.sequence.value;
    }
    BOOST_TEST(last == orders.all.size());
  }
}

// A run of a megabyte, with syncs, marks, rolls and cuts on the way. Each write has come as far as
// any of its bytes. Of what was written before without a sync, there is everything, or a part. One
// byte in 256 is tried, or every byte with TALLY_EVERY_BYTE in the environment.
BOOST_AUTO_TEST_CASE(a_power_cut_within_a_write_loses_nothing_stable) {
  const std::uint64_t one_in = std::getenv("TALLY_EVERY_BYTE") ? 1 : 256;
  segment_bytes = 16 * 4096;
  begin();
  std::size_t written = 0;
  disk.watch_write = [&](const std::string& name, std::size_t offset, std::string_view bytes) {
    if (!segment_first(name)) return;
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      if (random.below(one_in) != 0) continue;
      SimulatedDisk torn = disk.killed();
      torn.write(name, offset, bytes.substr(0, size));
      check(torn.power_cut(random.below(2) == 0 ? SimulatedDisk::kept : mixed()),
            "byte " + std::to_string(size) + " of a write at " + std::to_string(offset) + " of " + name);
    }
    written += bytes.size();
  };
  while (written < 1 << 20) step();
  disk.watch_write = nullptr;
  BOOST_TEST(segments().size() < 16u, "it was cut on the way");
  BOOST_TEST(crashes * one_in > 900'000u);
}

BOOST_AUTO_TEST_CASE(a_later_record_that_landed_does_not_make_a_torn_tail_damage) {
  begin();
  append(2, 100);
  sync();
  append(6, 600);  // each has sectors of its own, more or less
  std::size_t with_holes = 0;
  for (int times = 0; times < 300; ++times) {
    const SimulatedDisk left = disk.power_cut(mixed());
    check(left, "a hole");
    const auto opened = try_open(open_simulated_directory(const_cast<SimulatedDisk&>(left)));
    with_holes += (*opened)->begin_term().last.sequence.value < 8 ? 1 : 0;
  }
  BOOST_TEST(with_holes > 100u);
}

// ---- pieces of housekeeping

BOOST_AUTO_TEST_CASE(a_power_cut_in_the_middle_of_a_cut_loses_nothing_stable) {
  for (int round = 0; round < 6; ++round) {
    begin();
    for (int count = 0; count < 5; ++count) {
      journal->prepare();
      append_segments(segments().size() + 1);
      sync();
    }
    if (round % 2 == 0) journal->prepare();
    witness.cut = segment_first(segments()[segments().size() - 2])->value;
    cut_power_during([&] { journal->cut_below(Sequence(witness.cut + 1)); }, 16);
    crash(mixed());
  }
}

// If it were touched earlier, it could come back under its old name, with the orders of another
// segment in it.
BOOST_AUTO_TEST_CASE(a_cut_segment_is_not_touched_before_its_new_name_is_synced) {
  fill_segments(*this);
  std::size_t cuts = 0;
  bool is_rolling = false;
  disk.watch = [&](Operation operation, const std::string&) {
    // A second thread is cutting, and now the first one begins the next segment.
    if (operation == Operation::remove && !is_rolling) {
      is_rolling = true;
      const std::string newest = segments().back();
      while (segments().back() == newest) append(1, 900);
    }
    if (!is_rolling || operation != Operation::write) return;
    cut_power("while a cut segment is written to", 24);
    cuts += 1;
  };
  journal->cut_below(Sequence(witness.cut + 1));
  disk.watch = nullptr;
  BOOST_TEST(cuts > 2u);
}

BOOST_AUTO_TEST_CASE(a_spare_that_a_killed_process_left_is_not_touched_before_its_name_is_synced) {
  fill_segments(*this);
  SimulatedDisk left;
  disk.watch = [&](Operation operation, const std::string&) {
    if (operation == Operation::rename) left = disk.killed();
  };
  journal->cut_below(Sequence(witness.cut + 1));
  journal.reset();
  disk = left;
  BOOST_REQUIRE(disk.has("spare"));
  cut_power_during([&] { begin(); }, 24);
}

BOOST_AUTO_TEST_CASE(a_power_cut_in_a_preparation_or_a_roll_loses_nothing_stable) {
  begin();
  for (int round = 0; round < 6; ++round)
    cut_power_during(
        [&] {
          journal->prepare();
          const std::size_t count = segments().size();
          while (segments().size() == count) append(1, 800);
          append_facts();
        },
        6);
}

BOOST_AUTO_TEST_CASE(a_power_cut_while_a_journal_is_made_or_begins_its_first_term_does_no_harm) {
  disk = SimulatedDisk();
  std::size_t made = 0;
  const auto watch = [&](Operation, const std::string&) {
    for (int times = 0; times < 40; ++times) {
      SimulatedDisk left = disk.power_cut(mixed());
      if (left.has("identity")) {
        check(left, "while it was made");
        made += 1;
      } else {
        const auto again = create_journal(*open_simulated_directory(left), bench_group, "later");
        BOOST_REQUIRE_MESSAGE(again, again.error());
        check(left, "when it was made again");
      }
    }
  };
  disk.watch = watch;
  create();
  disk.watch = nullptr;
  BOOST_TEST(made > 0u);
  cut_power_during([&] { begin(); }, 8);
}

// ---- what a failed sync leaves

// The page cache has what the disk never got. A term begins with all of it, and then all of it is
// stable.
BOOST_AUTO_TEST_CASE(what_a_failed_sync_left_in_the_cache_is_written_anew) {
  for (const bool has_spare : {false, true}) {
    begin();
    if (has_spare) journal->prepare();
    append_segments(segments().size() + 1);
    sync();
    append(5, 900);
    append_facts();
    append(1);
    disk.fail({Operation::sync, EIO});
    BOOST_CHECK_THROW(journal->sync(), std::system_error);
    begin();
    BOOST_TEST((found.last == orders.last().id));
    cut_power("after a failed sync", 20);
    cut_power_during([&] { begin(); }, 4);
  }
}

BOOST_AUTO_TEST_SUITE_END()
