// SPDX-License-Identifier: Apache-2.0
// Two checkpoints that share nothing: no damage to one loses the other.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>

#include "replica/checkpoint_work.h"
#include "store_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace fs = std::filesystem;

namespace {

void flip_byte(const fs::path& file, std::uint64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(stream.get() ^ 0x40);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(byte);
}

struct Fixture : StateInTheMaking {
  TemporaryDirectory directory;
  std::unique_ptr<CheckpointPair> pair = pair_in(directory.path);
  std::map<Sequence, Digest> committed;
  std::vector<std::string> events;

  // Another process.
  void reopen() {
    pair.reset();
    pair = pair_in(directory.path);
  }
  // The sequence number of the checkpoint that loads, whose state must be what was committed; zero: none does.
  std::uint64_t load(Sequence below = {}) {
    Loading loading;
    const auto header = pair->load(loading.receiver(), below);
    BOOST_REQUIRE(header.has_value());
    take_events();
    if (!*header) return 0;
    const Sequence sequence = (*header)->applied.sequence;
    BOOST_REQUIRE(committed.contains(sequence));
    BOOST_TEST((loading.state->recomputed_digest() == committed.at(sequence)));
    return sequence.value;
  }
  // One more order, and a commit after it.
  Stored<void> commit() {
    run({addition("home", 1), addition("n" + std::to_string(number), 1)});
    const auto delta = capture_shared();
    const auto done = pair->commit(delta);
    if (done) committed[delta->header.applied.sequence] = delta->header.state;
    take_events();
    return done;
  }
  void commits(int count) {
    for (int time = 0; time < count; ++time) BOOST_REQUIRE(commit().has_value());
  }
  void take_events() {
    for (const Event& event : pair->take_events()) events.push_back(event.name);
  }
  bool happened(std::string_view event) const { return std::ranges::find(events, event) != events.end(); }
  void scrub_all() {
    int steps = 0;
    while (!pair->scrub(64)) BOOST_REQUIRE(++steps < 10'000);
    take_events();
  }
  // A or b: where the newest is.
  fs::path newest_directory() {
    reopen();
    BOOST_REQUIRE(load() != 0u);
    const auto header = RocksdbStoreHeader(directory.path / "a");
    return directory.path / (header == pair->newest() ? "a" : "b");
  }
  Sequence RocksdbStoreHeader(const fs::path& path) {
    const Sequence newest = pair->newest();
    pair.reset();
    Sequence found;
    {
      RocksdbStore store(path);
      const auto header = store.header();
      if (header && *header) found = (*header)->applied.sequence;
    }
    pair = pair_in(directory.path);
    Loading loading;
    BOOST_REQUIRE(pair->load(loading.receiver()).has_value());
    BOOST_TEST((pair->newest() == newest));
    return found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_pair_of_checkpoints, Fixture)

BOOST_AUTO_TEST_CASE(is_empty_at_first) {
  BOOST_TEST(load() == 0u);
  BOOST_TEST(events.empty());
  BOOST_TEST((pair->newest() == Sequence()));
  BOOST_TEST(!*pair->reader());
  BOOST_TEST(pair->scrub(100) == false);
}

BOOST_AUTO_TEST_CASE(loads_the_newest_after_every_commit) {
  BOOST_TEST(load() == 0u);
  for (std::uint64_t count = 1; count <= 6; ++count) {
    commits(1);
    reopen();
    BOOST_TEST(load() == count + 1);
    BOOST_TEST((pair->newest() == Sequence(count + 1)));
  }
  BOOST_TEST(events.empty());
}

BOOST_AUTO_TEST_CASE(commits_alternate_and_bring_what_changed_since_the_one_before) {
  load();
  commits(5);
  reopen();
  BOOST_TEST(load() == 6u);
  BOOST_TEST(load(Sequence(6)) == 5u);
  BOOST_TEST(happened("checkpoint_distrusted"));
}

BOOST_AUTO_TEST_CASE(without_one_that_is_old_enough_there_is_none) {
  load();
  commits(3);
  BOOST_TEST(load(Sequence(3)) == 0u);
  BOOST_TEST(load() == 4u);  // nothing was thrown away
}

BOOST_AUTO_TEST_CASE(what_was_distrusted_is_written_anew_by_the_next_commit) {
  load();
  commits(3);
  BOOST_TEST(load(Sequence(4)) == 3u);
  // As a replica that was rolled back to it, and executed another fourth order.
  Loading loading;
  BOOST_REQUIRE(pair->load(loading.receiver(), Sequence(4)).has_value());
  state = std::move(loading.state);
  chain.last.sequence = Sequence(3);
  commits(1);
  reopen();
  BOOST_TEST(load() == 4u);
}

BOOST_AUTO_TEST_CASE(survives_any_flipped_byte_of_its_newest_checkpoint_and_writes_it_anew) {
  std::mt19937_64 random(20'261'123);
  load();
  commits(4);
  for (int round = 0; round < 30; ++round) {
    const std::uint64_t newest = pair->newest().value;
    const fs::path where = newest_directory();
    pair.reset();
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(where))
      if (file.file_size() > 0) files.push_back(file.path());
    std::ranges::sort(files);
    const fs::path& file = files[random() % files.size()];
    flip_byte(file, random() % fs::file_size(file));
    pair = pair_in(directory.path);
    const std::uint64_t loaded = load();
    BOOST_TEST((loaded == newest || loaded == newest - 1), file << " loads " << loaded << " of " << newest);
    // On from there, as a replica does: it executes what it lacks.
    Loading loading;
    BOOST_REQUIRE(pair->load(loading.receiver()).has_value());
    state = std::move(loading.state);
    chain.last.sequence = Sequence(loaded);
    commits(2);
  }
  BOOST_TEST(happened("checkpoint_damaged"));
}

BOOST_AUTO_TEST_CASE(a_damaged_entry_leads_to_the_older_one) {
  load();
  commits(3);
  BOOST_TEST(pair->damage());
  reopen();
  BOOST_TEST(load() == 3u);
  BOOST_TEST(happened("checkpoint_damaged"));
}

BOOST_AUTO_TEST_CASE(with_both_damaged_is_empty_and_says_so) {
  load();
  commits(2);
  pair.reset();
  for (const char* slot : {"a", "b"}) std::ofstream(directory.path / slot / "CURRENT") << "nonsense";
  pair = pair_in(directory.path);
  BOOST_TEST(load() == 0u);
  BOOST_TEST(std::ranges::count(events, "checkpoint_damaged") == 2);
  BOOST_TEST(fs::exists(directory.path / "a.damaged-1"));
  state->forget_captures();
  commits(2);
  reopen();
  BOOST_TEST(load() == 4u + 1);
}

BOOST_AUTO_TEST_CASE(one_deleted_directory_is_made_anew_from_the_other_one) {
  load();
  commits(4);
  for (const char* slot : {"a", "b", "a", "b"}) {
    for (std::error_code failure; fs::exists(directory.path / slot);) fs::remove_all(directory.path / slot, failure);
    commits(2);
    BOOST_TEST(happened("checkpoint_damaged"));
    events.clear();
  }
  const std::uint64_t newest = pair->newest().value;
  reopen();
  BOOST_TEST(load() == newest);
  BOOST_TEST(load(Sequence(newest)) == newest - 1);
}

BOOST_AUTO_TEST_CASE(without_either_directory_asks_for_everything) {
  load();
  commits(3);
  for (std::error_code failure; fs::exists(directory.path);) fs::remove_all(directory.path, failure);
  const auto done = commit();
  BOOST_REQUIRE(!done.has_value());
  BOOST_TEST((commit_failure(done.error()) == CommitFailure::lacks_base));
  state->forget_captures();
  commits(3);
  reopen();
  BOOST_TEST(load() == chain.last.sequence.value);
}

BOOST_AUTO_TEST_CASE(refuses_changes_of_a_wrong_memory_and_keeps_the_newest) {
  load();
  commits(3);
  run({addition("home", 1)});
  BOOST_TEST(state->flip_stored_counter());
  const auto done = pair->commit(capture_shared());
  BOOST_REQUIRE(!done.has_value());
  BOOST_TEST((commit_failure(done.error()) == CommitFailure::digest_mismatch));
  reopen();
  BOOST_TEST(load() == 4u);
}

BOOST_AUTO_TEST_CASE(a_commit_that_failed_comes_with_the_next_one) {
  load();
  commits(3);
  run({addition("only here", 1)});
  CheckpointDelta lost = capture();  // its commit failed
  run({addition("home", 1)});
  const CheckpointDelta later = capture();
  lost.header = later.header;
  lost.changes.insert(lost.changes.end(), later.changes.begin(), later.changes.end());
  committed[later.header.applied.sequence] = later.header.state;
  BOOST_REQUIRE(pair->commit(std::make_shared<const CheckpointDelta>(lost)).has_value());
  commits(2);
  reopen();
  BOOST_TEST(load() == 8u);
  BOOST_TEST(load(Sequence(8)) == 7u);
}

BOOST_AUTO_TEST_CASE(scrubs_both_from_the_disk) {
  load();
  commits(3);
  scrub_all();
  scrub_all();
  BOOST_TEST(events.empty());
  for (const char* slot : {"a", "b"}) {
    int tables = 0;
    for (const auto& file : fs::directory_iterator(directory.path / slot)) {
      if (file.path().extension() != ".sst") continue;
      flip_byte(file.path(), 20);
      ++tables;
    }
    BOOST_REQUIRE(tables > 0);
    scrub_all();
    BOOST_TEST(happened("checkpoint_damaged"));
    events.clear();
    commits(2);
    scrub_all();
    BOOST_TEST(events.empty());
  }
  const std::uint64_t newest = pair->newest().value;
  reopen();
  BOOST_TEST(load() == newest);
}

BOOST_AUTO_TEST_CASE(a_scrub_goes_on_while_commits_come) {
  load();
  commits(3);
  for (int step = 0; step < 60; ++step) {
    pair->scrub(64);
    if (step % 5 == 0) commits(1);
  }
  BOOST_TEST(events.empty());
  BOOST_TEST(pair->damage());
  scrub_all();
  scrub_all();
  BOOST_TEST(happened("checkpoint_damaged"));
}

BOOST_AUTO_TEST_CASE(takes_a_checkpoint_from_elsewhere_and_keeps_its_own_until_then) {
  load();
  commits(2);
  StateInTheMaking other;
  for (int count = 0; count < 9; ++count) other.run({addition("elsewhere", 1)});
  const CheckpointDelta theirs = other.capture();
  auto writer = pair->rewrite_older();
  BOOST_REQUIRE(writer.has_value());
  for (const auto& [key, value] : theirs.changes) BOOST_REQUIRE((*writer)->put(key, *value).has_value());
  BOOST_TEST((pair->newest() == Sequence(3)));
  BOOST_REQUIRE((*writer)->finish(theirs.header).has_value());
  writer->reset();
  committed[theirs.header.applied.sequence] = theirs.header.state;
  BOOST_TEST(load() == 10u);
  BOOST_TEST(load(Sequence(10)) == 3u);
}

BOOST_AUTO_TEST_CASE(tells_when_its_reader_refuses_a_whole_checkpoint) {
  load();
  commits(2);
  CheckpointReceiver receiver{[] {}, [](auto, auto) { return false; }, [](auto&) { return true; }};
  const auto header = pair->load(receiver);
  BOOST_REQUIRE(!header.has_value());
  BOOST_TEST((header.error().kind == StoreError::Kind::rejected));
  BOOST_TEST(load() == 3u);
}

BOOST_AUTO_TEST_CASE(puts_aside_what_was_imported_and_makes_no_sense) {
  load();
  commits(1);
  StateInTheMaking other;
  for (int count = 0; count < 9; ++count) other.run({});
  CheckpointDelta theirs = other.capture();
  theirs.header.imported = true;
  auto writer = pair->rewrite_older();
  BOOST_REQUIRE(writer.has_value());
  for (const auto& [key, value] : theirs.changes) BOOST_REQUIRE((*writer)->put(key, *value).has_value());
  BOOST_REQUIRE((*writer)->finish(theirs.header).has_value());
  writer->reset();
  int attempts = 0;
  CheckpointReceiver receiver{[&] { ++attempts; }, [&](auto, auto) { return attempts == 2; },
                              [](auto&) { return true; }};
  const auto header = pair->load(receiver);
  BOOST_REQUIRE((header && *header));
  BOOST_TEST(((*header)->applied.sequence == Sequence(2)));
}

BOOST_AUTO_TEST_CASE(tries_the_older_one_when_entries_make_no_sense_together) {
  load();
  commits(2);
  int attempts = 0;
  CheckpointReceiver receiver{[] {}, [](auto, auto) { return true; }, [&](auto&) { return ++attempts == 2; }};
  const auto header = pair->load(receiver);
  BOOST_REQUIRE((header && *header));
  BOOST_TEST(((*header)->applied.sequence == Sequence(2)));
}

BOOST_AUTO_TEST_CASE(gives_readers_of_either) {
  load();
  commits(3);
  BOOST_TEST(((*pair->reader())->header().applied.sequence == Sequence(4)));
  BOOST_TEST(((*pair->reader(Sequence(3)))->header().applied.sequence == Sequence(3)));
  BOOST_TEST(!*pair->reader(Sequence(2)));
}

// A donor's lie goes no further than the replica that believed it.
BOOST_AUTO_TEST_CASE(gives_other_replicas_what_was_imported_and_not_proven_only_when_that_will_do) {
  load();
  commits(1);
  StateRequest request;
  request.group = GroupId(77);
  StateRequest any = request;
  any.unproven = true;
  for (const bool imported : {true, false}) {
    run({addition("home", 1)});
    CheckpointDelta delta = capture();
    delta.header.imported = imported;
    BOOST_REQUIRE(pair->commit(std::make_shared<const CheckpointDelta>(std::move(delta))).has_value());
    {
      CheckpointWork work(std::move(pair));
      BOOST_TEST((work.read("peer", request).answer == (imported ? StateAnswer::none : StateAnswer::entries)));
      BOOST_TEST((work.read("peer", any).answer == StateAnswer::entries));
    }
    pair = pair_in(directory.path);
    Loading loading;
    BOOST_REQUIRE(pair->load(loading.receiver()).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
