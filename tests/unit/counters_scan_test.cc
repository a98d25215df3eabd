// SPDX-License-Identifier: Apache-2.0
// The ways through all counters: by their numbers with a cursor, by their names, how many there are, and the removal of
// all of them. What each order does is bounded.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "state_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

OperationResult ok(std::int64_t value) { return answer(OperationStatus::ok, value); }

std::string names_in(const OperationResult& result) {
  std::string names;
  for (const ListedCounter& counter : result.listed) names += counter.name + "=" + std::to_string(counter.value) + " ";
  return names;
}

// A replica whose requests come from an operator.
struct OperatorFixture : StateFixture {
  OperatorFixture() {
    Request open = open_session(session_named(99));
    open.principal = Principal::bridges;
    BOOST_REQUIRE((apply_one(open).outcome == RequestOutcome::session_opened));
    session = session_named(99);
  }
  void make(const std::string& prefix, std::size_t count) {
    for (std::size_t made = 0; made < count;) {
      std::vector<OwnedOperation> operations;
      for (; made < count && operations.size() < limits::request_operations; ++made)
        operations.push_back(addition(prefix + std::to_string(made), 1));
      run(operations);
    }
  }
  std::int64_t count() { return run_one(counting()).value; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_scan)

BOOST_AUTO_TEST_CASE(goes_from_the_newest_counter_to_the_oldest) {
  StateFixture replica;
  replica.run({setting("m", 1), setting("z", 2), setting("a", 3), setting("m", 4)});
  const OperationResult first = replica.run_one(scanning(0, 2));
  BOOST_TEST(names_in(first) == "a=3 z=2 ");
  BOOST_TEST(first.value != 0);
  const OperationResult rest = replica.run_one(scanning(first.value, 2));
  BOOST_TEST(names_in(rest) == "m=4 ");
  BOOST_TEST(rest.value == 0);
}

BOOST_AUTO_TEST_CASE(of_nothing_ends_at_once_and_has_a_list_all_the_same) {
  StateFixture replica;
  BOOST_TEST((replica.run_one(scanning(0, 10)) == ok(0)));
  BOOST_TEST((replica.run_one(scanning(77, 10)) == ok(0)));
  replica.run({setting("a", 1)});
  BOOST_TEST((replica.run_one(scanning(1, 10)) == ok(0)), "nothing is below the first number");
  BOOST_TEST(names_in(replica.run_one(scanning(std::numeric_limits<std::int64_t>::max(), 10))) == "a=1 ");
}

BOOST_AUTO_TEST_CASE(ends_with_the_last_counter_and_not_one_step_later) {
  StateFixture replica;
  replica.run({setting("a", 1), setting("b", 1), setting("c", 1), setting("d", 1)});
  const std::int64_t middle = replica.run_one(scanning(0, 2)).value;
  BOOST_TEST(replica.run_one(scanning(middle, 2)).value == 0);
  BOOST_TEST(replica.run_one(scanning(0, 4)).value == 0);
}

BOOST_AUTO_TEST_CASE(that_makes_no_sense_is_malformed) {
  StateFixture replica;
  OwnedOperation named = scanning(0, 10);
  named.name = "a";
  OwnedOperation placed = scanning(0, 10);
  placed.after = "a";
  for (const OwnedOperation& operation :
       {scanning(-1, 10), scanning(0, 0), scanning(0, limits::list_entries + 1), named, placed})
    BOOST_TEST((replica.run_one(operation) == answer(OperationStatus::malformed)));
}

BOOST_AUTO_TEST_CASE(looks_at_expired_counters_and_does_not_bring_them) {
  OperatorFixture replica;
  std::vector<OwnedOperation> operations;
  for (std::size_t made = 0; made < limits::request_operations; ++made)
    operations.push_back(with(addition("e" + std::to_string(made), 1), after(10)));
  replica.run(operations);
  for (OwnedOperation& operation : operations) operation.name += "x";
  replica.run(operations);
  replica.run({addition("stays", 1)});
  replica.wait(10);
  std::int64_t cursor = 0;
  int steps = 0;
  std::string names;
  do {
    const OperationResult step = replica.run_one(scanning(cursor, 1000));
    names += names_in(step);
    cursor = step.value;
    ++steps;
  } while (cursor != 0);
  BOOST_TEST(names == "stays=1 ");
  BOOST_TEST(steps <= 6);
}

BOOST_AUTO_TEST_CASE(ends_and_misses_none_that_stays_while_names_come_and_go) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint64_t bound) {
      return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
    };
    StateFixture replica;
    std::set<std::string> present;
    std::set<std::string> stays;
    const auto change_some = [&](std::uint64_t count) {
      std::vector<OwnedOperation> operations;
      const auto remove = [&](const std::string& name) {
        present.erase(name);
        stays.erase(name);
      };
      for (; count > 0; --count) {
        const std::string name = "n" + std::to_string(below(60));
        switch (below(4)) {
          case 0:
            operations.push_back(removal(name));
            remove(name);
            break;
          case 1:
            operations.push_back(with(setting(name, 1), at(1)));  // as good as a removal
            remove(name);
            break;
          default:
            operations.push_back(setting(name, 1));
            present.insert(name);
            break;
        }
      }
      replica.run(operations);
    };
    change_some(80);
    stays = present;
    std::set<std::string> seen;
    std::int64_t cursor = 0;
    std::int64_t previous = std::numeric_limits<std::int64_t>::max();
    do {
      const OperationResult step = replica.run_one(scanning(cursor, static_cast<std::uint32_t>(1 + below(9))));
      for (const ListedCounter& counter : step.listed) {
        BOOST_TEST(present.contains(counter.name));
        seen.insert(counter.name);
      }
      cursor = step.value;
      BOOST_TEST_REQUIRE((cursor == 0 || cursor < previous));
      if (cursor != 0) previous = cursor;
      change_some(below(12));
    } while (cursor != 0);
    for (const std::string& name : stays) BOOST_TEST(seen.contains(name), name << " was missed with seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(goes_on_after_a_restore_where_it_was) {
  StateFixture replica;
  replica.run({setting("c", 1), setting("a", 1), setting("b", 1), setting("d", 1)});
  replica.run({removal("d"), setting("e", 5)});
  const std::int64_t cursor = replica.run_one(scanning(0, 2)).value;
  MemoryStore store;
  store.commit(replica.state->capture({}));
  replica.state = replica.fresh();
  BOOST_TEST_REQUIRE(store.restore(*replica.state));
  BOOST_TEST(names_in(replica.run_one(scanning(cursor, 9))) == "a=1 c=1 ");
  replica.run({setting("f", 1)});
  BOOST_TEST(names_in(replica.run_one(scanning(0, 2))) == "f=1 e=5 ");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_count)

BOOST_AUTO_TEST_CASE(is_of_the_counters_that_are_there) {
  StateFixture replica;
  BOOST_TEST((replica.run_one(counting()) == ok(0)));
  const std::int64_t now = replica.chain.calendar_ms();
  replica.run({setting("a", 1), with(setting("b", 1), after(10)), with(setting("c", 1), at(now + 20))});
  BOOST_TEST((replica.run_one(counting()) == ok(3)));
  replica.wait(10);
  BOOST_TEST((replica.run_one(counting()) == ok(2)));
  replica.wait(10);
  BOOST_TEST((replica.run_one(counting()) == ok(1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_list)

// Law 21: what one order does is bounded, also if very many counters expire at once.
BOOST_AUTO_TEST_CASE(says_that_too_many_expired_counters_are_in_the_way_until_they_are_not) {
  constexpr std::size_t many = limits::passed_counters_per_order + 3 * limits::expired_counters_per_order;
  StateFixture replica;
  replica.session = replica.open();
  for (std::size_t made = 0; made < many;) {
    std::vector<OwnedOperation> operations;
    for (; made < many && operations.size() < limits::request_operations; ++made)
      operations.push_back(with(addition(std::to_string(made), 1), after(60'000)));
    std::string results;
    replica.state->apply(
        replica.chain.next({request(*replica.session, replica.number + 1, operations, replica.number)}), results);
    ++replica.number;
  }
  replica.run({addition("x", 7)});
  replica.wait(60'000);
  const auto crowded = replica.run({listing("", "", 10), listing("x", "", 10), listing("", "w", 10), counting()});
  BOOST_TEST((crowded.at(0) == answer(OperationStatus::crowded)));
  BOOST_TEST(names_in(crowded.at(1)) == "x=7 ");
  BOOST_TEST(names_in(crowded.at(2)) == "x=7 ");
  BOOST_TEST((crowded.at(3) == ok(1)));
  replica.apply({});
  const auto later = replica.run({listing("", "", 10), listing("", "", 10)});
  BOOST_TEST(names_in(later.at(0)) == "x=7 ");
  BOOST_TEST((later.at(1).status == OperationStatus::crowded), "the lists of an order share what it does");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_clear)

BOOST_AUTO_TEST_CASE(is_for_operators_and_no_read) {
  StateFixture client;
  client.run({setting("a", 1)});
  BOOST_TEST((client.run_one(clearing(0, 10)) == answer(OperationStatus::forbidden)));
  OperatorFixture replica;
  replica.make("n", 3);
  Request read = request(*replica.session, replica.number + 1, {clearing(0, 10)}, replica.number);
  read.read_only = true;
  BOOST_TEST((replica.apply_one(read).operations.at(0) == answer(OperationStatus::read_only)));
  BOOST_TEST(replica.count() == 3);
}

BOOST_AUTO_TEST_CASE(removes_step_by_step_and_spares_what_is_made_above_its_cursor) {
  OperatorFixture replica;
  replica.make("n", 2500);
  OperationResult step = replica.run_one(clearing(0, 1000));
  BOOST_TEST((step.status == OperationStatus::ok));
  BOOST_TEST(replica.count() == 1500);
  replica.make("new", 2);
  step = replica.run_one(clearing(step.value, 1000));
  BOOST_TEST(replica.count() == 502);
  step = replica.run_one(clearing(step.value, 1000));
  BOOST_TEST(step.value == 0);
  BOOST_TEST(names_in(replica.run_one(listing("", "", 9))) == "new0=1 new1=1 ");
  BOOST_TEST((replica.run_one(clearing(0, 1000)) == ok(0)));
  BOOST_TEST(replica.count() == 0);
}

BOOST_AUTO_TEST_CASE(removes_counters_of_all_accounts_and_gives_their_room_back) {
  OperatorFixture replica;
  replica.make("n", 3);
  const SessionId client = replica.open();
  replica.apply_one(request(client, 1, {with(addition("theirs", 1), after(10)), addition("theirs too", 1)}));
  replica.run({clearing(0, 1000)});
  const OperationResult limits = replica.run_one({OperationKind::list_limits, {}, 0, {}, {}, 1000});
  for (const ListedCounter& limit : limits.listed)
    if (limit.name.ends_with("counter_bytes.used")) BOOST_TEST(limit.value == 0, limit.name);
}

// Law 21.
BOOST_AUTO_TEST_CASE(of_one_order_removes_so_many_and_the_next_goes_on) {
  OperatorFixture replica;
  constexpr std::size_t most = limits::cleared_counters_per_order;
  replica.make("n", most + 1500);
  std::vector<OwnedOperation> operations;
  for (std::size_t count = 0; count < most / 1000 + 3; ++count) operations.push_back(clearing(0, 1000));
  const auto results = replica.run(operations);
  BOOST_TEST(replica.count() == 1500);
  const std::int64_t cursor = results.back().value;
  BOOST_TEST(cursor != 0);
  const OperationResult step = replica.run_one(clearing(cursor, 1000));
  BOOST_TEST(replica.count() == 500);
  BOOST_TEST(replica.run_one(clearing(step.value, 1000)).value == 0);
  BOOST_TEST(replica.count() == 0);
}

BOOST_AUTO_TEST_CASE(that_makes_no_sense_is_malformed) {
  OperatorFixture replica;
  replica.make("n", 3);
  OwnedOperation named = clearing(0, 10);
  named.name = "n";
  for (const OwnedOperation& operation :
       {clearing(-1, 10), clearing(0, 0), clearing(0, limits::list_entries + 1), named, with(clearing(0, 10), after(5)),
        only_if(condition::present, clearing(0, 10))})
    BOOST_TEST((replica.run_one(operation) == answer(OperationStatus::malformed)));
  BOOST_TEST(replica.count() == 3);
}

BOOST_AUTO_TEST_CASE(is_followed_by_checkpoints_and_the_digest) {
  OperatorFixture replica;
  MemoryStore store;
  replica.make("n", 50);
  store.commit(replica.state->capture({}));
  replica.run({clearing(0, 30)});
  store.commit(replica.state->capture({}));
  BOOST_TEST(std::ranges::count_if(store.entries, [](const auto& entry) { return entry.first[0] == 'C'; }) == 20);
}

BOOST_AUTO_TEST_SUITE_END()
