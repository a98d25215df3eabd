// SPDX-License-Identifier: Apache-2.0
// A replica that is asked to seal its state, so that others can import it.
#include "replica_bench.h"

using namespace tally;
using namespace tally::testing;

namespace {

struct Sealing {
  Group group{1000};

  ReplicaStanding standing() const { return standing_of(group.chain); }
  void ask() {
    ReplicaStanding asking = standing();
    asking.seal_wanted = true;
    group.replica.receive(asking);
  }
  // The order that all seal after, and the standings that follow.
  Sequence seal_after_next() {
    Order order = group.make({request(group.session, group.number + 1, {addition("home", 1)}, group.number)});
    ++group.number;
    order.seal = true;
    group.replica.receive(order);
    tell_of(order.id.sequence);
    return order.id.sequence;
  }
  void tell_of(Sequence sealed) {
    ReplicaStanding telling = standing();
    telling.seal.checkpoint = sealed;
    group.replica.receive(telling);
  }
  const ReplicaReport& report() {
    group.replica.wait(milliseconds(300));
    return group.replica.reports.back();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_replica_that_is_to_seal, Sealing)

BOOST_AUTO_TEST_CASE(gets_ready_and_waits_for_the_order) {
  group.count(5);
  BOOST_TEST(!report().seal_ready);
  ask();
  group.count(1);
  BOOST_TEST(report().seal_ready);
  group.count(5);
  BOOST_TEST(group.replica.core->checkpoint().value == 0u);
  const Sequence sealed = seal_after_next();
  BOOST_TEST((group.replica.core->checkpoint() == sealed));
  BOOST_TEST((group.replica.sealed == std::vector<Sequence>{sealed}));
  BOOST_TEST((report().seal.checkpoint == sealed));
  BOOST_TEST(!report().seal_ready);
}

BOOST_AUTO_TEST_CASE(does_so_after_no_other_order) {
  ask();
  group.count(3);
  const Sequence sealed = seal_after_next();
  group.count(4);
  group.replica.core->receive(standing(), group.replica.now);
  group.replica.settle();
  BOOST_TEST((group.replica.sealed == std::vector<Sequence>{sealed}));
}

BOOST_AUTO_TEST_CASE(that_was_not_ready_seals_nothing_and_says_so) {
  group.count(3);
  const Sequence sealed = seal_after_next();
  BOOST_TEST(group.replica.sealed.empty());
  BOOST_TEST((report().seal.checkpoint == sealed));
  BOOST_TEST(!report().seal.is_known());
  BOOST_TEST(group.replica.core->checkpoint().value == 0u);
}

BOOST_AUTO_TEST_CASE(goes_on_when_the_order_does_not_come) {
  ask();
  group.count(3);
  group.replica.receive(standing());
  group.count(1);
  group.replica.receive(standing());
  BOOST_TEST((group.replica.core->checkpoint() == group.chain.last.sequence));
  BOOST_TEST(group.replica.sealed.empty());
  BOOST_TEST(!report().seal_ready);
}

BOOST_AUTO_TEST_CASE(says_so_when_it_could_not_write_it) {
  ask();
  group.count(3);
  group.replica.failing_commits = 1;
  const Sequence after = seal_after_next();
  BOOST_TEST(group.replica.sealed.empty());
  BOOST_TEST((report().seal == CheckpointSeal{after, {}, 0}));
}

BOOST_AUTO_TEST_CASE(gives_it_up_when_nobody_is_told_of_it_any_more) {
  ask();
  group.count(3);
  const Sequence sealed = seal_after_next();
  tell_of(sealed);
  BOOST_TEST(group.replica.unsealed == 0);
  group.replica.receive(standing());
  BOOST_TEST(group.replica.unsealed == 1);
  BOOST_TEST((report().seal == CheckpointSeal{}));
}

BOOST_AUTO_TEST_SUITE_END()
