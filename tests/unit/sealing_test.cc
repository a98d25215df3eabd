// SPDX-License-Identifier: Apache-2.0
// How a checkpoint is sealed by f+1 of three replicas, for one that wants a state.
#include "distributor/sealing.h"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace tally;

namespace {

const Instant start{seconds(100).nanoseconds};
const Sequence last(50);

Sealing::Replica voter() {
  Sealing::Replica replica;
  replica.is_present = replica.is_voter = true;
  return replica;
}

Sealing::Replica that_wants(std::uint64_t sequence) {
  Sealing::Replica replica;
  replica.is_present = true;
  replica.wanted = Sequence(sequence);
  return replica;
}

struct Bench {
  Sealing sealing{2};
  std::vector<Sealing::Replica> replicas = {voter(), voter(), that_wants(40)};
  std::vector<Event> events;
  Instant now = start;

  Sealing::Step consider() { return sealing.consider(replicas, last, now, events); }
  void all_are_ready() { replicas[0].is_ready = replicas[1].is_ready = true; }
  // Whether replicas are to seal after this order.
  bool make_order(std::uint64_t sequence) {
    Order order;
    order.id.sequence = Sequence(sequence);
    sealing.mark(order, now);
    return order.seal;
  }
  // Until replicas write and read the state after order 51.
  void collect() {
    consider();
    all_are_ready();
    consider();
    BOOST_REQUIRE(make_order(51));
  }
  void seals(std::size_t place, std::uint8_t content) { replicas[place].seal = {Sequence(51), {content}, 1000}; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sealing)

BOOST_AUTO_TEST_CASE(replicas_get_ready_when_one_wants_a_state) {
  Bench bench;
  BOOST_TEST(!bench.sealing.asks_to_get_ready());
  const Sealing::Step step = bench.consider();
  BOOST_TEST(step.make_order);
  BOOST_TEST(step.tell);
  BOOST_TEST(bench.sealing.asks_to_get_ready());
  BOOST_TEST(!bench.make_order(51));  // nobody is ready
}

BOOST_AUTO_TEST_CASE(the_order_after_which_they_seal_waits_for_a_majority_and_a_while_for_the_rest) {
  Bench bench;
  bench.replicas.push_back(voter());
  bench.consider();
  bench.all_are_ready();
  bench.consider();
  BOOST_TEST(!bench.make_order(51));
  bench.now = start + seconds(2);
  BOOST_TEST(bench.consider().make_order);
  BOOST_TEST(bench.make_order(52));
  BOOST_TEST(!bench.make_order(53));  // one is enough
  BOOST_TEST(bench.sealing.seal().checkpoint.value == 52u);
}

BOOST_AUTO_TEST_CASE(two_equal_seals_are_agreed) {
  Bench bench;
  bench.collect();
  bench.seals(0, 7);
  BOOST_TEST(!bench.consider().tell);
  bench.seals(1, 7);
  BOOST_TEST(bench.consider().tell);
  BOOST_TEST((bench.sealing.seal() == bench.replicas[0].seal));
}

BOOST_AUTO_TEST_CASE(two_different_seals_are_not_and_it_is_tried_again_after_a_pause) {
  Bench bench;
  bench.collect();
  bench.seals(0, 7);
  bench.seals(1, 8);
  bench.now = start + seconds(60);
  bench.consider();
  BOOST_TEST(bench.events.back().name == "checkpoint_not_agreed");
  BOOST_TEST(!bench.sealing.seal().is_known());
  BOOST_TEST(!bench.consider().tell);
  bench.now = start + seconds(65);
  BOOST_TEST(bench.consider().tell);
  BOOST_TEST(bench.sealing.asks_to_get_ready());
}

BOOST_AUTO_TEST_CASE(a_replica_that_could_not_seal_is_not_waited_for) {
  Bench bench;
  bench.collect();
  bench.seals(0, 7);
  bench.replicas[1].seal = {Sequence(51), {}, 0};
  bench.consider();
  BOOST_TEST(bench.events.back().name == "checkpoint_not_agreed");
}

BOOST_AUTO_TEST_CASE(an_agreed_seal_that_somebody_imports_is_kept_from_who_wants_more) {
  Bench bench;
  bench.collect();
  bench.seals(0, 7);
  bench.seals(1, 7);
  bench.consider();
  bench.replicas.push_back(that_wants(1000));
  bench.now = start + seconds(59);
  BOOST_TEST(!bench.sealing.consider(bench.replicas, Sequence(2000), bench.now, bench.events).tell);
  bench.replicas[2].wanted = {};  // it has got it
  BOOST_TEST(bench.sealing.consider(bench.replicas, Sequence(2000), bench.now, bench.events).tell);
}

BOOST_AUTO_TEST_CASE(when_too_few_have_a_state_those_who_have_one_may_be_asked_after_a_while) {
  Bench bench;
  bench.replicas[1] = that_wants(40);
  bench.consider();
  BOOST_TEST(bench.sealing.donors() == 0u);
  bench.now = start + seconds(3);
  bench.consider();
  BOOST_TEST(bench.sealing.donors() == 1u);
  bench.replicas[0].is_present = false;
  bench.consider();
  BOOST_TEST(bench.sealing.donors() == 0u);
}

BOOST_AUTO_TEST_CASE(when_nobody_wants_a_state_nothing_is_under_way) {
  Bench bench;
  bench.collect();
  BOOST_TEST(bench.sealing.is_worth_waiting_for(start + seconds(9)));
  BOOST_TEST(!bench.sealing.is_worth_waiting_for(start + seconds(10)));
  bench.sealing.rest();
  BOOST_TEST(!bench.sealing.is_worth_waiting_for(start));
  BOOST_TEST(bench.sealing.seal().checkpoint.value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
