// SPDX-License-Identifier: Apache-2.0
// One fault at each call that RocksDB makes to its file system, while a checkpoint is opened, read
// and committed. What says nothing about the content is never taken for damage, and afterwards the
// checkpoint before or after the commit is there, whole. Each try has a process of its own: RocksDB
// may end it when a write fails.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <rocksdb/env.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "faulty_file_system.h"
#include "store_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

namespace fs = std::filesystem;

// What a child says by its exit code.
enum Said : int { nothing_wrong = 0, trouble = 1, damage = 2, not_reached = 3 };

struct Tries : StateInTheMaking {
  TemporaryDirectory directory;
  fs::path original = directory.path / "original";
  fs::path copy = directory.path / "copy";
  Digest before;
  Digest after;
  CheckpointDelta change;

  Tries() {
    run({addition("a", 1), addition("b", 2)});
    const CheckpointDelta full = capture();
    run({addition("a", 1), addition("c", 3)});
    const CheckpointDelta first = capture();  // so that there is a log besides a table
    BOOST_REQUIRE(in_child([&] { return write_original(full, first) ? 0 : 1; }) == 0);
    before = first.header.state;
    run({addition("a", 1), addition("d", 4)});
    change = capture();
    after = change.header.state;
  }

  // Does the work in a child, and returns its exit code; negative: a signal ended it. RocksDB is
  // used in children alone: a child of a process that has RocksDB's threads would have none of
  // them, and wait for ever for what they are to do.
  template <class Work>
  static int in_child(Work&& work) {
    const pid_t child = fork();
    if (child == 0) _exit(work());
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  bool write_original(const CheckpointDelta& full, const CheckpointDelta& first) const {
    RocksdbStore store(original);
    {
      auto writer = store.rewrite();
      if (!writer) return false;
      for (const auto& [key, value] : full.changes)
        if (!(*writer)->put(key, *value)) return false;
      if (!(*writer)->finish(full.header)) return false;
    }
    return store.commit({&first}).has_value();
  }

  static Said said(const StoreError& error) {
    const bool is_damage = error.kind == StoreError::Kind::unusable ||
                           error.kind == StoreError::Kind::digest_mismatch ||
                           error.kind == StoreError::Kind::lacks_base;
    return is_damage ? damage : trouble;
  }

  // The digest of what is read from the beginning to the end.
  static Stored<Digest> read_all(RocksdbStore& store) {
    const auto reader = store.reader();
    if (!reader) return tl::unexpected(reader.error());
    if (!*reader) return Digest{};
    Digest sum;
    const auto read = (*reader)->read({}, [&](std::string_view key, std::string_view value) {
      sum += entry_digest(key, value);
      return true;
    });
    if (!read) return tl::unexpected(read.error());
    return sum;
  }

  Said use(FileFault fault, std::uint64_t at) const {
    const auto system = std::make_shared<FaultyFileSystem>(fault, at);
    const auto environment = rocksdb::NewCompositeEnv(system);
    const auto end = [&](Said word) { return system->has_struck() ? word : not_reached; };
    RocksdbStore store(copy, environment.get());
    if (const auto header = store.header(); !header) return end(said(header.error()));
    if (const auto sum = read_all(store); !sum) return end(said(sum.error()));
    if (const auto done = store.commit({&change}); !done) return end(said(done.error()));
    store.close();
    return end(nothing_wrong);
  }

  int attempt(FileFault fault, std::uint64_t at) const {
    fs::remove_all(copy);
    fs::copy(original, copy, fs::copy_options::recursive);
    return in_child([&] { return use(fault, at); });
  }

  bool is_whole() const {
    const auto look = [&] {
      RocksdbStore store(copy);
      const auto sum = read_all(store);
      return sum && (*sum == before || *sum == after) ? 0 : 1;
    };
    return in_child(look) == 0;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_file_system_that_fails_below_a_store, Tries)

BOOST_AUTO_TEST_CASE(is_never_taken_for_damage_unless_it_is_and_costs_no_checkpoint) {
  for (const FileFault fault :
       {FileFault::io_error, FileFault::no_access, FileFault::no_descriptors, FileFault::no_room, FileFault::lost_file,
        FileFault::short_read, FileFault::flipped_bit}) {
    const bool may_be_damage =
        fault == FileFault::lost_file || fault == FileFault::short_read || fault == FileFault::flipped_bit;
    int told = 0;
    std::uint64_t at = 1;
    for (int word = nothing_wrong; word != not_reached; ++at) {
      word = attempt(fault, at);
      const std::string where = "fault " + std::to_string(static_cast<int>(fault)) + " at call " + std::to_string(at);
      BOOST_TEST((may_be_damage || word != damage), where);
      // A log of which half of a read comes, without an error, looks as if it ended there: RocksDB
      // takes it so, and forgets the rest. That is found by the digest.
      const bool may_be_lost = fault == FileFault::short_read && word == damage;
      BOOST_TEST((may_be_lost || is_whole()), where << ", which gave " << word);
      told += word == trouble || word == damage ? 1 : 0;
      BOOST_REQUIRE(at < 2000u);
    }
    BOOST_TEST(at > 20u, "so many calls there are");
    BOOST_TEST(told > 0, "some are told");
  }
}

BOOST_AUTO_TEST_SUITE_END()
