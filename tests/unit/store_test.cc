// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replica/stores/make_store.h"
#include "store_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

struct Fixture : StateInTheMaking {
  TemporaryDirectory directory;
  RocksdbStore store{directory.path / "checkpoint"};

  static Stored<void> rewrite(RocksdbStore& into, const CheckpointDelta& delta) {
    auto writer = into.rewrite();
    BOOST_REQUIRE(writer.has_value());
    for (const auto& [key, value] : delta.changes) BOOST_REQUIRE((*writer)->put(key, *value).has_value());
    return (*writer)->finish(delta.header);
  }
  void rewrite_captured() { BOOST_REQUIRE(rewrite(store, capture()).has_value()); }
  Stored<void> commit_captured() {
    const CheckpointDelta delta = capture();
    BOOST_TEST(!delta.full);
    return store.commit({&delta});
  }
  // The digest of what `from` holds; nothing when it is empty.
  static std::optional<Digest> digest_of(RocksdbStore& from) {
    const auto reader = from.reader();
    BOOST_REQUIRE(reader.has_value());
    if (!*reader) return std::nullopt;
    Digest sum;
    const auto read = (*reader)->read({}, [&](std::string_view key, std::string_view value) {
      sum += entry_digest(key, value);
      return true;
    });
    BOOST_REQUIRE(read.has_value());
    return sum;
  }
  bool holds_state() { return digest_of(store) == state->digest(); }
};

template <class Value>
bool is_error(const Stored<Value>& stored, StoreError::Kind kind) {
  return !stored && stored.error().kind == kind;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_rocksdb_store, Fixture)

BOOST_AUTO_TEST_CASE(is_made_by_the_name_of_its_engine) {
  BOOST_TEST(make_store("rocksdb", directory.path / "made")->name() == "rocksdb");
  BOOST_TEST(!std::filesystem::exists(directory.path / "made"));
}

BOOST_AUTO_TEST_CASE(is_empty_at_first) {
  BOOST_TEST(!store.header()->has_value());
  BOOST_TEST(!*store.reader());
  run({addition("a", 1)});
  capture();
  run({addition("a", 1)});
  BOOST_TEST(is_error(commit_captured(), StoreError::Kind::lacks_base));
}

BOOST_AUTO_TEST_CASE(brings_back_what_was_committed_to_another_process) {
  const std::filesystem::path path = directory.path / "other";
  CheckpointHeader committed;
  {
    RocksdbStore earlier(path);
    run({addition("a", 1), addition("b", 2, "key")});
    BOOST_REQUIRE(rewrite(earlier, capture()).has_value());
    run({addition("a", 5), removal("b"), setting("c", 9)});
    const CheckpointDelta delta = capture();
    BOOST_REQUIRE(earlier.commit({&delta}).has_value());
    committed = delta.header;
  }
  RocksdbStore reopened(path);
  BOOST_TEST((reopened.header()->value() == committed));
  BOOST_TEST((digest_of(reopened) == state->digest()));
}

BOOST_AUTO_TEST_CASE(is_replaced_as_a_whole_by_a_rewrite) {
  run({addition("a", 1), addition("b", 1)});
  rewrite_captured();
  run({removal("a"), addition("c", 1)});
  state->forget_captures();
  rewrite_captured();
  BOOST_TEST(holds_state());
}

BOOST_AUTO_TEST_CASE(is_empty_until_a_rewrite_is_finished) {
  run({addition("a", 1)});
  rewrite_captured();
  {
    auto writer = store.rewrite();
    BOOST_REQUIRE((*writer)->put("Ca", "12345678").has_value());
  }
  BOOST_TEST(!*store.reader());
  store.close();
  BOOST_TEST(!store.header()->has_value());
}

BOOST_AUTO_TEST_CASE(refuses_what_does_not_make_its_digest) {
  run({addition("a", 1)});
  rewrite_captured();
  const Digest good = state->digest();
  run({addition("a", 1)});
  BOOST_TEST(state->flip_stored_counter());
  BOOST_TEST(is_error(commit_captured(), StoreError::Kind::digest_mismatch));
  BOOST_TEST((digest_of(store) == good));
  state->forget_captures();
  BOOST_TEST(is_error(rewrite(store, capture()), StoreError::Kind::digest_mismatch));
  BOOST_TEST(!*store.reader());
}

BOOST_AUTO_TEST_CASE(takes_several_deltas_where_the_later_ones_count) {
  run({addition("a", 1), addition("b", 1)});
  rewrite_captured();
  run({addition("a", 1), removal("b"), addition("c", 1)});
  const CheckpointDelta first = capture();
  run({addition("a", 1), addition("b", 7), removal("c")});
  const CheckpointDelta second = capture();
  BOOST_REQUIRE(store.commit({&first, &second}).has_value());
  BOOST_TEST(holds_state());
}

BOOST_AUTO_TEST_CASE(notices_a_damaged_entry_and_can_be_discarded) {
  BOOST_TEST(!store.damage());
  run({addition("a", 1)});
  rewrite_captured();
  BOOST_TEST(store.damage());
  BOOST_TEST(!holds_state());
  BOOST_REQUIRE(store.discard().has_value());
  BOOST_TEST(std::filesystem::exists(directory.path / "checkpoint.damaged-1"));
  BOOST_TEST(!*store.reader());
  state->forget_captures();
  rewrite_captured();
  BOOST_TEST(holds_state());
}

BOOST_AUTO_TEST_CASE(that_cannot_be_opened_is_an_error_and_can_be_discarded) {
  const std::filesystem::path broken = directory.path / "broken";
  std::filesystem::create_directory(broken);
  std::ofstream(broken / "CURRENT") << "nonsense";
  RocksdbStore other(broken);
  BOOST_TEST(is_error(other.header(), StoreError::Kind::unusable));
  const CheckpointDelta delta = capture();
  BOOST_TEST(is_error(other.commit({&delta}), StoreError::Kind::unusable));
  BOOST_REQUIRE(other.discard().has_value());
  BOOST_TEST(!*other.reader());
}

BOOST_AUTO_TEST_CASE(that_was_put_aside_is_never_written_over) {
  const std::filesystem::path broken = directory.path / "broken";
  RocksdbStore other(broken);
  for (int time = 1; time <= 5; ++time) {
    std::filesystem::create_directory(broken);
    std::ofstream(broken / "CURRENT") << time;
    BOOST_TEST(other.discard().has_value() == (time <= 4));
  }
  for (int time = 1; time <= 4; ++time) {
    int content = 0;
    std::ifstream(directory.path / ("broken.damaged-" + std::to_string(time)) / "CURRENT") >> content;
    BOOST_TEST(content == time);
  }
}

BOOST_AUTO_TEST_CASE(without_its_first_file_is_not_made_anew_over_the_others) {
  run({addition("a", 1)});
  rewrite_captured();
  store.close();
  const std::filesystem::path checkpoint = directory.path / "checkpoint";
  std::filesystem::remove(checkpoint / "CURRENT");
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(checkpoint)) names.insert(entry.path().filename());
    return names;
  };
  const std::set<std::string> before = files();
  BOOST_TEST(is_error(store.header(), StoreError::Kind::unusable));
  BOOST_TEST(files() == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(that_cannot_be_read_now_is_not_damaged) {
  run({addition("a", 1)});
  rewrite_captured();
  store.close();
  rlimit files{};
  BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  const int lowest = dup(0);
  close(lowest);
  // As many descriptors as make a start fail here, then there, then inside RocksDB.
  for (rlim_t more = 0; more < 24; ++more) {
    const rlimit few{static_cast<rlim_t>(lowest) + more, files.rlim_max};
    BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    const auto header = store.header();
    store.close();
    setrlimit(RLIMIT_NOFILE, &files);
    if (!header) BOOST_TEST(is_error(header, StoreError::Kind::inaccessible), header.error().detail);
  }
  BOOST_TEST(holds_state());
}

BOOST_AUTO_TEST_CASE(that_another_process_uses_is_left_alone) {
  rewrite_captured();
  store.close();
  int locked[2];
  BOOST_REQUIRE(pipe(locked) == 0);
  const pid_t other = fork();
  if (other == 0) {
    const int file = open((directory.path / "checkpoint" / "LOCK").c_str(), O_RDWR);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    const char byte = fcntl(file, F_SETLK, &lock) == 0 ? '1' : '0';
    _exit(write(locked[1], &byte, 1) == 1 && pause() ? 0 : 1);
  }
  char byte = 0;
  BOOST_REQUIRE(read(locked[0], &byte, 1) == 1);
  BOOST_REQUIRE(byte == '1');
  BOOST_TEST(is_error(store.header(), StoreError::Kind::locked));
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  for (const int end : locked) close(end);
  BOOST_TEST(holds_state());
}

BOOST_AUTO_TEST_CASE(whose_directory_was_deleted_is_empty_and_made_anew) {
  run({addition("a", 1)});
  rewrite_captured();
  std::filesystem::remove_all(directory.path / "checkpoint");
  run({addition("a", 1)});
  BOOST_TEST(is_error(commit_captured(), StoreError::Kind::lacks_base));
  state->forget_captures();
  rewrite_captured();
  store.close();
  BOOST_TEST(holds_state());
}

BOOST_AUTO_TEST_CASE(gives_entries_in_byte_order_from_any_key_on) {
  run({addition("b", 1), addition("a", 1, "key"), addition("\u00e4", 1)});
  rewrite_captured();
  std::vector<std::string> keys;
  const auto reader = store.reader();
  const auto all = [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  };
  BOOST_TEST(*(*reader)->read({}, all));
  BOOST_TEST(keys.size() == 3u + 1 + 1 + 1 + 1 + 1);  // counters, key, limits, result, session
  BOOST_TEST(std::ranges::is_sorted(keys));
  const std::vector<std::string> every = std::exchange(keys, {});
  BOOST_TEST(*(*reader)->read(every[2], all));
  BOOST_TEST(keys == std::vector<std::string>(every.begin() + 3, every.end()), boost::test_tools::per_element());
  keys.clear();
  BOOST_TEST(!*(*reader)->read(every[0], [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return keys.size() < 2;
  }));
  BOOST_TEST(keys == std::vector<std::string>(every.begin() + 1, every.begin() + 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gives_its_readers_what_was_there_until_it_is_rewritten) {
  run({addition("a", 1)});
  rewrite_captured();
  const auto reader = *store.reader();
  const Digest before = state->digest();
  run({addition("a", 1)});
  BOOST_REQUIRE(commit_captured().has_value());
  Digest sum;
  BOOST_REQUIRE(reader->read({}, [&](std::string_view key, std::string_view value) {
    sum += entry_digest(key, value);
    return true;
  }));
  BOOST_TEST((sum == before));
  BOOST_TEST((reader->header().state == before));
  state->forget_captures();
  rewrite_captured();
  BOOST_TEST(is_error(reader->read({}, [](auto, auto) { return true; }), StoreError::Kind::gone));
}

BOOST_AUTO_TEST_SUITE_END()
