// SPDX-License-Identifier: Apache-2.0
// What an order is to a replica, by where the replica is in the total order.
#include <boost/test/unit_test.hpp>

#include "replica/position.h"
#include "replica_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

using Place = Position::Place;

// After so many orders of the chain, and with a checkpoint of the orders through `base`.
struct Bench {
  OrderChain chain;
  std::vector<Order> orders;
  Position position;
  ReplicaStanding standing;
  bool base_is_own = true;

  explicit Bench(std::uint64_t executed = 5, std::uint64_t base = 0) {
    chain.term = Term(2);
    for (std::uint64_t sequence = 1; sequence <= executed + 3; ++sequence) orders.push_back(chain.next());
    for (std::uint64_t sequence = 1; sequence <= executed; ++sequence) {
      position.advance(order(sequence));
      if (sequence == base) begin_at(sequence);
    }
    standing.term = chain.term;
    standing.last = chain.last;
  }
  void begin_at(std::uint64_t sequence) {
    CheckpointHeader header;
    header.applied = order(sequence).id;
    position.begin(header);
  }
  const Order& order(std::uint64_t sequence) const { return orders[sequence - 1]; }
  // What a distributor makes after `sequence` whose journal ends there, in the term that follows so many others.
  Order after(std::uint64_t sequence, std::uint64_t terms) const {
    OrderChain other = chain;
    other.term = Term(chain.term.value + terms);
    other.served = ServedTime{77};
    other.last = order(sequence).id;
    return other.next();
  }
  Place place(const Order& order) const { return position.place_of(order, standing, base_is_own); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_position)

BOOST_AUTO_TEST_CASE(is_followed_by_the_next_order_alone) {
  Bench bench;
  BOOST_TEST((bench.place(bench.order(6)) == Place::next));
  BOOST_TEST((bench.place(bench.order(7)) == Place::ahead));
  BOOST_TEST((bench.place(bench.after(5, 1)) == Place::next));
  bench.position.advance(bench.order(6));
  BOOST_TEST((bench.position.applied() == bench.order(6).id));
  BOOST_TEST((bench.place(bench.order(7)) == Place::next));
}

BOOST_AUTO_TEST_CASE(makes_nothing_of_orders_from_before) {
  Bench bench;
  bench.position.advance(bench.after(5, 2));  // term 4, order 6
  bench.standing.term = Term(4);
  BOOST_TEST((bench.place(bench.order(3)) == Place::repeated));
  BOOST_TEST((bench.place(bench.order(7)) == Place::contradiction));  // of a lower term, in the place of the next one
  BOOST_TEST((bench.place(bench.order(8)) == Place::repeated));
}

BOOST_AUTO_TEST_CASE(ignores_what_the_journal_of_a_newer_term_does_not_have) {
  Bench bench;
  bench.standing.term = Term(3);
  bench.standing.last = bench.order(6).id;
  BOOST_TEST((bench.place(bench.order(6)) == Place::next));
  BOOST_TEST((bench.place(bench.order(7)) == Place::repeated));
  bench.standing.last = bench.after(5, 1).id;
  BOOST_TEST((bench.place(bench.order(6)) == Place::repeated));
}

BOOST_AUTO_TEST_CASE(is_on_a_fork_when_a_newer_term_has_other_orders) {
  Bench bench;
  bench.standing.term = Term(3);
  BOOST_TEST((bench.place(bench.after(3, 1)) == Place::fork));
  Order next = bench.after(5, 1);
  next.previous = {9, 9};
  BOOST_TEST((bench.place(next) == Place::fork));
  // An older term may say so, too, but not against a checkpoint of its own, which holds stable orders only.
  bench.standing.term = Term(4);
  bench.standing.last = {Term(4), Sequence(9), {}};
  BOOST_TEST((bench.place(next) == Place::fork));
  bench.begin_at(5);
  BOOST_TEST((bench.place(next) == Place::contradiction));
  bench.base_is_own = false;
  BOOST_TEST((bench.place(next) == Place::fork));
}

BOOST_AUTO_TEST_CASE(is_contradicted_by_another_order_of_its_own_term) {
  Bench bench;
  Order next = bench.order(6);
  next.previous = {9, 9};
  BOOST_TEST((bench.place(next) == Place::contradiction));
}

BOOST_AUTO_TEST_CASE(is_ahead_of_a_journal_that_lost_orders) {
  Bench bench;
  BOOST_TEST(!bench.position.is_ahead_of_journal(bench.standing));
  bench.standing.term = Term(3);
  BOOST_TEST(!bench.position.is_ahead_of_journal(bench.standing));
  bench.standing.last = bench.order(5).id;
  BOOST_TEST(!bench.position.is_ahead_of_journal(bench.standing));
  bench.standing.last = bench.order(4).id;
  BOOST_TEST(bench.position.is_ahead_of_journal(bench.standing));
  bench.standing.last = bench.after(4, 1).id;  // another order 5
  BOOST_TEST(bench.position.is_ahead_of_journal(bench.standing));
  BOOST_TEST(!Position().is_ahead_of_journal(bench.standing));
}

BOOST_AUTO_TEST_CASE(is_before_a_journal_that_begins_later) {
  Bench bench;
  bench.standing.journal_first = Sequence(6);
  BOOST_TEST(!bench.position.is_before_journal(bench.standing));
  bench.standing.journal_first = Sequence(7);
  BOOST_TEST(bench.position.is_before_journal(bench.standing));
}

BOOST_AUTO_TEST_CASE(is_at_its_base_until_an_order_is_executed) {
  Bench bench(5, 5);
  BOOST_TEST(bench.position.is_at_base());
  bench.position.advance(bench.order(6));
  BOOST_TEST(!bench.position.is_at_base());
  BOOST_TEST((bench.position.base() == bench.order(5).id));
  BOOST_TEST((bench.position.calendar() == bench.order(6).calendar));
}

BOOST_AUTO_TEST_SUITE_END()
