// SPDX-License-Identifier: Apache-2.0
// The scrub of a state, share by share, while orders are applied.
#include <boost/test/unit_test.hpp>
#include <string>

#include "busy_state.h"

using namespace tally;
using namespace tally::testing;

namespace {

struct Fixture : BusyState {
  Fixture() : BusyState(3000, UINT64_MAX) {}

  bool pass(std::size_t work) {
    bool right = true;
    for (;;) {
      const State::Scrubbed scrubbed = state.scrub_some(work);
      right &= scrubbed.right;
      if (scrubbed.pass_ends) return right;
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_scrub, Fixture)

BOOST_AUTO_TEST_CASE(finds_nothing_wrong_while_orders_come_and_entries_expire) {
  int passes = 0;
  for (int round = 0; round < 20'000; ++round) {
    run();
    const State::Scrubbed scrubbed = state.scrub_some(1 + below(60));
    BOOST_REQUIRE(scrubbed.right);
    passes += scrubbed.pass_ends;
    if (round % 1000 == 0) BOOST_REQUIRE((state.digest() == state.recomputed_digest()));
  }
  BOOST_TEST(passes > 20);
  BOOST_TEST(state.counters() > 500u);
  BOOST_TEST(state.idempotency_keys() > 100u);
  BOOST_TEST(state.sessions() > 10u);
}

BOOST_AUTO_TEST_CASE(finds_a_flipped_counter_within_a_pass_and_adopts_what_the_data_makes) {
  for (int round = 0; round < 500; ++round) run();
  BOOST_REQUIRE(pass(10));
  for (int time = 0; time < 30; ++time) {
    run();
    state.scrub_some(below(300));  // wherever the scrub is
    const Digest before = state.digest();
    if (!state.flip_stored_counter()) continue;
    const bool found = !pass(10) || !pass(10);
    BOOST_TEST(found);
    BOOST_TEST((state.digest() != before));
    BOOST_TEST((state.digest() == state.recomputed_digest()));
    BOOST_TEST(pass(10));
  }
}

BOOST_AUTO_TEST_CASE(of_a_restored_state_finds_nothing_wrong) {
  for (int round = 0; round < 3000; ++round) run();
  const CheckpointDelta delta = state.capture({});
  State restored(short_lives(), 2);
  for (const auto& [key, value] : delta.changes) BOOST_REQUIRE(restored.restore(key, *value));
  BOOST_REQUIRE(restored.finish_restore(delta.header));
  BOOST_TEST(restored.scrub());
  BOOST_TEST((restored.digest() == state.digest()));
  std::string results;
  for (int round = 0; round < 1000; ++round) {
    chain.served = chain.served + milliseconds(100);
    const Order order = chain.next();
    restored.apply(order, results);
    state.apply(order, results);
    BOOST_REQUIRE(restored.scrub_some(50).right);
    BOOST_REQUIRE((restored.digest() == state.digest()));
  }
  BOOST_TEST(restored.idempotency_keys() == 0u);
}

BOOST_AUTO_TEST_CASE(does_little_at_a_time) {
  for (int round = 0; round < 3000; ++round) run();
  for (int step = 0; step < 1000; ++step) {
    const State::Scrubbed scrubbed = state.scrub_some(100);
    BOOST_REQUIRE(scrubbed.work <= 100 + 512);
    BOOST_REQUIRE((scrubbed.work > 0 || scrubbed.pass_ends));
  }
}

BOOST_AUTO_TEST_CASE(of_an_empty_state_ends_at_once) {
  const State::Scrubbed scrubbed = state.scrub_some(1);
  BOOST_TEST((scrubbed.right && scrubbed.pass_ends));
}

BOOST_AUTO_TEST_SUITE_END()
