// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

#include "replica/rocksdb_store.h"
#include "replica/state.h"
#include "replica_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

// A directory that is gone with the test.
struct Directory {
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tally-store-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(pattern.data()));
    path = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

struct Fixture {
  Directory directory;
  RocksdbStore store{directory.path / "checkpoint"};
  std::unique_ptr<State> state = std::make_unique<State>(StateLimits{}, 1);
  OrderChain chain;
  std::uint64_t number = 0;

  Fixture() { run({}); }

  // The first order opens the session that all others are of.
  void run(std::vector<OwnedOperation> operations) {
    std::string results;
    const Request next = number == 0 ? open_session() : request({Sequence(1), 0}, number, operations, number - 1);
    state->apply(chain.next({next}), OperationTable::decode, results);
    ++number;
  }
  CheckpointDelta capture() {
    CheckpointHeader header;
    header.group = GroupId(77);
    header.applied = chain.last;
    header.calendar = CalendarTime{123};
    return state->capture(header);
  }
  // A state that is loaded from what `from` holds.
  static std::unique_ptr<State> load(RocksdbStore& from) {
    auto loaded = std::make_unique<State>(StateLimits{}, 2);
    const auto header =
        from.load([&](std::string_view key, std::string_view value) { return loaded->restore(key, value); });
    BOOST_REQUIRE(header.has_value());
    BOOST_REQUIRE(header->has_value());
    BOOST_REQUIRE(loaded->finish_restore(**header));
    return loaded;
  }
  static StoreError::Kind load_error(RocksdbStore& from) {
    const auto header = from.load([](std::string_view, std::string_view) { return true; });
    BOOST_REQUIRE(!header.has_value());
    return header.error().kind;
  }
};

constexpr auto take_all = [](std::string_view, std::string_view) { return true; };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_rocksdb_store, Fixture)

BOOST_AUTO_TEST_CASE(is_empty_at_first) {
  const auto header = store.load(take_all);
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST(!header->has_value());
}

BOOST_AUTO_TEST_CASE(brings_back_what_was_committed_to_another_process) {
  const std::filesystem::path path = directory.path / "other";
  CheckpointHeader committed;
  {
    RocksdbStore earlier(path);
    run({addition("a", 1), addition("b", 2, "key")});
    BOOST_REQUIRE(earlier.commit(capture()).has_value());
    run({addition("a", 5), removal("b"), setting("c", 9)});
    const CheckpointDelta delta = capture();
    BOOST_TEST(!delta.full);
    BOOST_REQUIRE(earlier.commit(delta).has_value());
    committed = delta.header;
  }
  RocksdbStore reopened(path);
  const auto loaded = load(reopened);
  BOOST_TEST((loaded->digest() == state->digest()));
  BOOST_TEST((loaded->counter("a") == 6));
  BOOST_TEST(!loaded->counter("b").has_value());
  BOOST_TEST((reopened.load(take_all)->value() == committed));
}

BOOST_AUTO_TEST_CASE(a_full_commit_replaces_everything) {
  run({addition("a", 1), addition("b", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  run({removal("a")});
  capture();  // lost
  state->forget_captures();
  run({addition("c", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  BOOST_TEST((load(store)->digest() == state->digest()));
}

BOOST_AUTO_TEST_CASE(refuses_a_commit_that_does_not_make_its_digest) {
  run({addition("a", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  const Digest good = state->digest();
  run({addition("a", 1)});
  BOOST_TEST(state->flip_stored_counter());
  const auto commit = store.commit(capture());
  BOOST_REQUIRE(!commit.has_value());
  BOOST_TEST((commit.error().kind == StoreError::Kind::digest_mismatch));
  BOOST_TEST((commit_failure(commit.error()) == CommitFailure::digest_mismatch));
  BOOST_TEST((load(store)->digest() == good));
}

BOOST_AUTO_TEST_CASE(refuses_changes_of_a_checkpoint_that_it_does_not_hold) {
  run({addition("a", 1)});
  capture();
  run({addition("a", 1)});
  const auto commit = store.commit(capture());
  BOOST_REQUIRE(!commit.has_value());
  BOOST_TEST((commit.error().kind == StoreError::Kind::digest_mismatch));
}

BOOST_AUTO_TEST_CASE(takes_changes_of_several_captures_where_the_later_ones_count) {
  run({addition("a", 1), addition("b", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  run({addition("a", 1), removal("b"), addition("c", 1)});
  CheckpointDelta both = capture();
  run({addition("a", 1), addition("b", 7), removal("c")});
  const CheckpointDelta later = capture();
  both.header = later.header;
  both.changes.insert(both.changes.end(), later.changes.begin(), later.changes.end());
  BOOST_REQUIRE(store.commit(both).has_value());
  BOOST_TEST((load(store)->digest() == state->digest()));
}

BOOST_AUTO_TEST_CASE(notices_a_damaged_entry_and_can_be_discarded) {
  BOOST_TEST(!store.damage());
  run({addition("a", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  BOOST_TEST(store.damage());
  BOOST_TEST((load_error(store) == StoreError::Kind::digest_mismatch));
  BOOST_REQUIRE(store.discard().has_value());
  BOOST_TEST(std::filesystem::exists(directory.path / "checkpoint.damaged"));
  BOOST_TEST(!store.load(take_all)->has_value());
  state->forget_captures();
  BOOST_REQUIRE(store.commit(capture()).has_value());
  BOOST_TEST((load(store)->digest() == state->digest()));
}

BOOST_AUTO_TEST_CASE(that_cannot_be_opened_is_an_error_and_can_be_discarded) {
  const std::filesystem::path broken = directory.path / "broken";
  std::filesystem::create_directory(broken);
  std::ofstream(broken / "CURRENT") << "nonsense";
  RocksdbStore other(broken);
  BOOST_TEST((load_error(other) == StoreError::Kind::unusable));
  const auto commit = other.commit(capture());
  BOOST_REQUIRE(!commit.has_value());
  BOOST_TEST((commit.error().kind == StoreError::Kind::not_written));
  BOOST_REQUIRE(other.discard().has_value());
  BOOST_TEST(!other.load(take_all)->has_value());
  // A second time too: one damaged directory is kept.
  BOOST_REQUIRE(other.discard().has_value());
  BOOST_REQUIRE(other.discard().has_value());
}

BOOST_AUTO_TEST_CASE(tells_when_its_reader_refuses) {
  run({addition("a", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  const auto header = store.load([](std::string_view, std::string_view) { return false; });
  BOOST_REQUIRE(!header.has_value());
  BOOST_TEST((header.error().kind == StoreError::Kind::rejected));
}

BOOST_AUTO_TEST_CASE(gives_entries_in_byte_order) {
  run({addition("b", 1), addition("a", 1, "key"), addition("\u00e4", 1)});
  BOOST_REQUIRE(store.commit(capture()).has_value());
  std::string last;
  std::size_t entries = 0;
  const auto header = store.load([&](std::string_view key, std::string_view) {
    BOOST_TEST((last < key));
    last = key;
    ++entries;
    return true;
  });
  BOOST_TEST(header.has_value());
  BOOST_TEST(entries == 3u + 1 + 1 + 1 + 1);  // counters, key, limits, result, session
}

BOOST_AUTO_TEST_SUITE_END()
