// SPDX-License-Identifier: Apache-2.0
// An order that an operator voided (law 14): as if its requests had never been sent.
#include <boost/test/unit_test.hpp>

#include "replica/state.h"
#include "replica_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

// One replica's state, and the orders that it executes.
struct Fixture {
  State state{{}, 42};
  OrderChain chain;
  SessionId session;
  Request first;
  std::uint64_t number = 0;

  Fixture() {
    apply({open_session()});
    session = session_named(1);
    first = next({addition("home", 1, "key")});
    apply({first});
  }
  Request next(std::vector<OwnedOperation> operations) {
    ++number;
    return request(session, number, std::move(operations), number - 1);
  }
  std::vector<RequestResult> apply(std::vector<Request> requests, bool voided = false) {
    Order order = chain.next(std::move(requests));
    order.voided = voided;
    std::string results;
    state.apply(order, results);
    BOOST_REQUIRE((state.digest() == state.recomputed_digest()));
    return decode_results(results);
  }
  // One request of every kind.
  std::vector<Request> all_kinds() {
    Request read = next({reading("home")});
    read.read_only = true;
    Request malformed = next({});
    malformed.operations = "nonsense";
    return {open_session(session_named(2)),
            next({addition("home", 1), setting("other", 2), removal("home")}),
            next({addition("home", 1, "new key")}),
            read,
            malformed,
            close_session(session)};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(voided_orders)

BOOST_AUTO_TEST_CASE(answer_voided_to_every_request) {
  Fixture replica;
  const auto results = replica.apply(replica.all_kinds(), true);
  BOOST_REQUIRE(results.size() == 6u);
  for (const RequestResult& result : results)
    BOOST_TEST((result == RequestResult{RequestOutcome::voided, Sequence(3), {}}));
}

BOOST_AUTO_TEST_CASE(change_nothing) {
  Fixture replica;
  const Digest before = replica.state.digest();
  replica.apply(replica.all_kinds(), true);
  BOOST_TEST((replica.state.digest() == before));
  BOOST_TEST((replica.state.counter("home") == 1));
  BOOST_TEST(!replica.state.counter("other").has_value());
  BOOST_TEST(replica.state.sessions() == 1u);
  BOOST_TEST(replica.state.idempotency_keys() == 1u);
}

BOOST_AUTO_TEST_CASE(leave_the_state_that_an_order_without_requests_leaves) {
  Fixture voiding;
  Fixture idle;
  for (Fixture* replica : {&voiding, &idle}) replica->chain.served = replica->chain.served + hours(25);
  voiding.apply(voiding.all_kinds(), true);
  idle.apply({});
  BOOST_TEST((voiding.state.digest() == idle.state.digest()));
}

BOOST_AUTO_TEST_CASE(let_time_pass_all_the_same) {
  Fixture replica;
  replica.chain.served = replica.chain.served + hours(25);
  replica.apply(replica.all_kinds(), true);
  BOOST_TEST(replica.state.sessions() == 0u);
  BOOST_TEST(replica.state.idempotency_keys() == 0u);
}

BOOST_AUTO_TEST_CASE(leave_their_requests_to_be_executed_when_they_come_again) {
  Fixture replica;
  const Request request = replica.next({addition("home", 5)});
  replica.apply({request}, true);
  const auto results = replica.apply({request});
  BOOST_TEST((results.at(0).outcome == RequestOutcome::executed));
  BOOST_TEST((replica.state.counter("home") == 6));
}

// What was acknowledged in them still counts as kept: the watermark comes with the next request.
BOOST_AUTO_TEST_CASE(acknowledge_nothing) {
  Fixture replica;
  replica.apply({replica.next({addition("home", 5)})}, true);  // would acknowledge the first request
  const auto results = replica.apply({replica.first});
  BOOST_TEST((results.at(0).outcome == RequestOutcome::executed));
  BOOST_TEST((results.at(0).sequence == Sequence(2)), "the stored answer");
  BOOST_TEST((replica.state.counter("home") == 1));
}

BOOST_AUTO_TEST_SUITE_END()
