// SPDX-License-Identifier: Apache-2.0
// Law 14 at a replica: it proves what its state is after the order that it is asked for, and executes a voided order as
// refused.
#include "replica_bench.h"

using namespace tally;
using namespace tally::testing;

namespace {

// After the roll-back of all: everybody is in another recovery, in a new term, and is asked for a proof.
ReplicaStanding asking(Group& group, std::uint64_t prove, std::uint64_t recovery = 2) {
  if (group.chain.term.value < recovery) group.chain.term = Term(recovery);
  ReplicaStanding standing = standing_of(group.chain, recovery);
  standing.prove = Sequence(prove);
  standing.reason = OutReason::no_majority;
  standing.vote_from = group.chain.last.sequence.next();
  return standing;
}

// Six orders, and a checkpoint of the fourth.
struct RolledBack : Group {
  RolledBack() : Group(4) {
    count(3);
    replica.receive(standing_of(chain));
    BOOST_REQUIRE((replica.core->checkpoint() == Sequence(4)));
    count(2);
    for (const Vote& vote : replica.votes) states.push_back(vote.state);
  }
  void ask(std::uint64_t prove, std::uint64_t recovery = 2) {
    replica.reports.clear();
    replica.receive(asking(*this, prove, recovery));
  }
  OrderState after(std::uint64_t sequence) const { return {journal.at(sequence - 1).id, states.at(sequence - 1)}; }
  OrderState proof() {
    replica.wait(milliseconds(300));
    return replica.reports.back().proof;
  }

  std::vector<Digest> states;  // after order 1, 2, …
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_replica_proves_its_state)

BOOST_AUTO_TEST_CASE(once_it_has_executed_the_order_that_it_is_asked_for) {
  RolledBack group;
  group.ask(5);
  BOOST_TEST(group.replica.applied() == 4u);
  BOOST_TEST((group.proof() == OrderState()));
  group.replica.reports.clear();
  group.replica.receive(group.journal.at(4));
  BOOST_REQUIRE(group.replica.reports.size() == 1u);  // at once
  BOOST_TEST((group.replica.reports[0].proof == group.after(5)));
  BOOST_TEST((group.replica.reports[0].recovery == Recovery(2)));
}

BOOST_AUTO_TEST_CASE(and_repeats_it_while_it_executes_what_follows) {
  RolledBack group;
  group.ask(5);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 6u);
  BOOST_TEST((group.proof() == group.after(5)));
  group.replica.receive(asking(group, 5));
  BOOST_TEST((group.proof() == group.after(5)));
}

BOOST_AUTO_TEST_CASE(at_once_when_its_checkpoint_is_of_exactly_that_order) {
  RolledBack group;
  group.ask(4);
  BOOST_REQUIRE(!group.replica.reports.empty());
  BOOST_TEST((group.replica.reports.back().proof == group.after(4)));
}

BOOST_AUTO_TEST_CASE(after_its_checkpoint_when_that_is_beyond_the_order) {
  RolledBack group;
  group.ask(3);
  BOOST_REQUIRE(!group.replica.reports.empty());
  BOOST_TEST((group.replica.reports.back().proof == group.after(4)));  // which is not what was asked for
}

BOOST_AUTO_TEST_CASE(from_the_beginning_when_it_has_no_checkpoint) {
  RolledBack group;
  group.replica.header.reset();
  group.ask(6);
  BOOST_TEST(group.replica.applied() == 0u);
  group.stream_from_applied();
  BOOST_TEST((group.proof() == group.after(6)));
}

BOOST_AUTO_TEST_CASE(as_a_new_process_too) {
  RolledBack group;
  group.replica.start();
  group.ask(4);
  BOOST_TEST((group.replica.reports.back().proof == group.after(4)));
  BOOST_TEST(group.replica.loads == 2, "it has rolled back by starting");
}

BOOST_AUTO_TEST_CASE(only_when_it_is_asked) {
  RolledBack group;
  group.ask(0);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 6u);
  BOOST_TEST((group.proof() == OrderState()));
}

BOOST_AUTO_TEST_CASE(and_forgets_it_when_it_rolls_back) {
  RolledBack group;
  group.ask(5);
  group.stream_from_applied();
  BOOST_TEST((group.proof() == group.after(5)));
  group.ask(0, 3);
  BOOST_TEST(group.replica.applied() == 4u);
  BOOST_TEST((group.proof() == OrderState()));
}

// It was wrong, though nothing was executed on the checkpoint.
BOOST_AUTO_TEST_CASE(and_loads_an_older_checkpoint_when_that_of_exactly_that_order_was_wrong) {
  RolledBack group;
  group.ask(4);
  ReplicaStanding again = asking(group, 4, 3);
  again.reason = OutReason::dissent;
  group.replica.receive(again);
  BOOST_TEST(group.replica.distrusted == std::vector<std::uint64_t>{4}, boost::test_tools::per_element());
  group.stream_from_applied();
  BOOST_TEST((group.proof() == group.after(4)));
}

BOOST_AUTO_TEST_CASE(not_before_it_has_rolled_back) {
  RolledBack group;
  group.replica.slow_loads = true;
  group.ask(4);
  group.replica.core->tick(group.replica.now);
  group.replica.wait(seconds(1));
  for (const ReplicaReport& report : group.replica.reports) {
    BOOST_TEST((report.recovery == Recovery()));
    BOOST_TEST((report.proof == OrderState()));
  }
}

BOOST_AUTO_TEST_CASE(as_its_own_state_is_though_that_is_wrong) {
  RolledBack group;
  group.ask(6);
  group.replica.receive(group.journal.at(4));
  BOOST_REQUIRE(group.replica.core->flip_stored_counter());
  BOOST_TEST(!group.replica.core->scrub());
  group.stream_from_applied();
  const OrderState proof = group.proof();
  BOOST_TEST((proof.order == group.after(6).order));
  BOOST_TEST((proof.state != group.after(6).state));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_meets_a_voided_order)

BOOST_AUTO_TEST_CASE(and_follows_the_same_chain_without_what_was_in_it) {
  RolledBack group;
  group.ask(0);
  for (std::size_t place = 4; place < group.journal.size(); ++place) {
    Order order = group.journal[place];
    order.voided = order.id.sequence == Sequence(5);
    group.replica.receive(order);
  }
  BOOST_TEST(group.replica.applied() == 6u);
  BOOST_TEST((group.replica.core->applied() == group.journal.back().id));
  BOOST_TEST((group.replica.core->state()->counter("home") == 4));  // of five
  BOOST_TEST((group.replica.core->state()->digest() == group.replica.core->state()->recomputed_digest()));
}

BOOST_AUTO_TEST_CASE(and_votes_that_its_requests_are_voided) {
  Group group;
  Order order = group.make({request(group.session, 1, {addition("home", 1)}), open_session()});
  order.voided = true;
  group.replica.receive(order);
  const auto results = decode_results(group.replica.votes.back().results);
  BOOST_REQUIRE(results.size() == 2u);
  for (const RequestResult& result : results) BOOST_TEST((result.outcome == RequestOutcome::voided));
}

BOOST_AUTO_TEST_SUITE_END()
