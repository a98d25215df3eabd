// SPDX-License-Identifier: Apache-2.0
// Captures in steps, while orders are applied.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "busy_state.h"

using namespace tally;
using namespace tally::testing;

namespace {

struct Fixture : BusyState {
  std::map<std::string, std::string> store;

  Fixture() : BusyState(300, 500) {}

  void commit(const CheckpointDelta& delta) {
    if (delta.full) store.clear();
    for (const EntryChange* change : newest_changes({&delta})) {
      if (change->value)
        store[change->key] = *change->value;
      else
        store.erase(change->key);
    }
    Digest sum;
    for (const auto& [key, value] : store) sum += entry_digest(key, value);
    BOOST_REQUIRE((sum == delta.header.state));
    BOOST_REQUIRE((sum == state.recomputed_digest()));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_capture, Fixture)

BOOST_AUTO_TEST_CASE(in_steps_brings_the_state_as_it_is_at_its_end) {
  for (int round = 0; round < 400; ++round) {
    for (std::uint64_t count = below(20); count > 0; --count) run();
    if (below(8) == 0) state.forget_captures();
    for (std::uint64_t count = below(30); count > 0; --count) {
      state.capture_some(1 + below(40));
      run();
    }
    commit(state.capture({}));
  }
  BOOST_TEST(state.idempotency_keys() > 50u);
}

BOOST_AUTO_TEST_CASE(in_steps_comes_to_an_end) {
  for (int round = 0; round < 1000; ++round) run();
  int steps = 0;
  while (!state.capture_some(10)) ++steps;
  BOOST_TEST(steps < 200);
}

BOOST_AUTO_TEST_CASE(of_a_restored_state_brings_what_changed) {
  for (int round = 0; round < 300; ++round) run();
  const CheckpointDelta all = state.capture({});
  commit(all);
  State restored(short_lives(), 2);
  for (const auto& [key, value] : store) BOOST_REQUIRE(restored.restore(key, value));
  BOOST_REQUIRE(restored.finish_restore(all.header));
  BOOST_TEST(restored.capture({}).changes.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(newest_of_several_changes)

BOOST_AUTO_TEST_CASE(stand_once_each_in_byte_order) {
  CheckpointDelta first;
  first.changes = {{"Cb", "1"}, {"Ca", "1"}, {"Cc", "1"}};
  CheckpointDelta second;
  second.changes = {{"Cc", std::nullopt}, {"Ca", "2"}};
  const auto newest = newest_changes({&first, &second});
  BOOST_REQUIRE(newest.size() == 3u);
  BOOST_TEST((*newest[0] == EntryChange{"Ca", "2"}));
  BOOST_TEST((*newest[1] == EntryChange{"Cb", "1"}));
  BOOST_TEST((*newest[2] == EntryChange{"Cc", std::nullopt}));
}

BOOST_AUTO_TEST_SUITE_END()
