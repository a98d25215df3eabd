// SPDX-License-Identifier: Apache-2.0
// What the distributor does for a replica that wants a state: sealing.h.
#include <boost/test/unit_test.hpp>

#include "distributor_bench.h"

using namespace tally;

namespace {

struct Group : DistributorBench {
  ReplicaReport reports[3];
  std::uint64_t there = 3;  // 1 to this one, and the third

  Group() {
    start();
    for (ReplicaReport& report : reports) report = replica_report(last_sequence());
  }
  void live(Duration duration) {
    pass(duration, milliseconds(50), [this] {
      for (std::uint64_t id = 1; id <= 3; ++id)
        if (id <= there || id == 3) {
          reports[id - 1].applied = {term(), last_sequence(), {}};
          core.receive(ReplicaId(id), reports[id - 1], now);
        }
      agree();
    });
  }
  const ReplicaStanding& standing() const { return standings.at(3).back(); }
  std::vector<Sequence> sealed_after() const {
    std::vector<Sequence> found;
    for (const Order& order : orders())
      if (order.seal) found.push_back(order.id.sequence);
    return found;
  }
  void replica_wants_a_state(std::uint64_t sequence = 1) { reports[2].state_wanted = Sequence(sequence); }
  // Until the order that all are to seal after.
  Sequence get_ready() {
    replica_wants_a_state();
    reports[0].seal_ready = reports[1].seal_ready = true;
    live(seconds(1));
    reports[0].seal_ready = reports[1].seal_ready = false;
    BOOST_REQUIRE(sealed_after().size() == 1u);
    return sealed_after().front();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_state_that_a_replica_wants, Group)

BOOST_AUTO_TEST_CASE(nobody_wants_one_and_nobody_seals) {
  reports[0].seal_ready = reports[1].seal_ready = true;
  live(seconds(3));
  BOOST_TEST(!standing().seal_wanted);
  BOOST_TEST(sealed_after().empty());
}

BOOST_AUTO_TEST_CASE(is_asked_for_until_enough_are_ready) {
  replica_wants_a_state();
  live(seconds(1));
  BOOST_TEST(standing().seal_wanted);
  reports[0].seal_ready = true;
  live(seconds(10));
  BOOST_TEST(sealed_after().empty());
  reports[1].seal_ready = true;
  live(seconds(1));
  BOOST_REQUIRE(sealed_after().size() == 1u);
  BOOST_TEST(!standing().seal_wanted);
  BOOST_TEST((standing().seal == CheckpointSeal{sealed_after().front(), {}, 0}));
}

BOOST_AUTO_TEST_CASE(may_be_imported_when_enough_have_sealed_the_same) {
  const Sequence after = get_ready();
  reports[0].seal = {after, {1}, 100};
  live(seconds(1));
  BOOST_TEST(!standing().seal.is_known());
  reports[1].seal = {after, {2}, 100};  // one of them lies
  live(seconds(1));
  BOOST_TEST(!standing().seal.is_known());
  reports[1].seal = {after, {1}, 99};
  live(seconds(1));
  BOOST_TEST(!standing().seal.is_known());
  reports[1].seal = {after, {1}, 100};
  live(seconds(1));
  BOOST_TEST((standing().seal == reports[1].seal));
  BOOST_TEST(standing().donors == 0u);
  live(seconds(20));
  BOOST_TEST(sealed_after().size() == 1u);  // it is what is wanted
  reports[2].state_wanted = {};
  live(seconds(1));
  BOOST_TEST((standing().seal == CheckpointSeal{}));
}

BOOST_AUTO_TEST_CASE(is_sealed_anew_when_nobody_could_give_it) {
  const Sequence after = get_ready();
  reports[0].seal = reports[1].seal = {after, {1}, 100};
  live(seconds(1));
  replica_wants_a_state(after.value + 1);
  reports[0].seal_ready = reports[1].seal_ready = true;
  live(seconds(20));
  BOOST_TEST(sealed_after().size() == 2u);
}

BOOST_AUTO_TEST_CASE(is_tried_again_at_once_when_one_could_not_be_sealed) {
  const Sequence after = get_ready();
  reports[0].seal = {after, {1}, 100};
  reports[1].seal = {after, {}, 0};
  live(seconds(1));
  BOOST_TEST((standing().seal == CheckpointSeal{}));
  live(seconds(5));
  BOOST_TEST(standing().seal_wanted);
}

// One that lies has a state, and wants more and more: what another one imports stays, and nothing new is begun that
// could not come to an end.
BOOST_AUTO_TEST_CASE(is_not_taken_from_one_by_the_wishes_of_another) {
  const Sequence after = get_ready();
  reports[0].seal = reports[1].seal = {after, {1}, 100};
  live(seconds(1));
  reports[1].state_wanted = Sequence(UINT64_MAX);
  reports[0].seal_ready = reports[1].seal_ready = true;
  live(seconds(50));
  BOOST_TEST((standing().seal == reports[0].seal));
  live(seconds(100));
  BOOST_TEST(sealed_after().size() == 1u);
}

// Two disks of three are lost. Whoever is left is asked, and nobody who has left.
BOOST_AUTO_TEST_CASE(is_taken_without_a_seal_where_too_few_have_one) {
  replica_wants_a_state();
  there = 1;
  live(seconds(3));
  BOOST_TEST(standing().donors == 0u);  // replica 2 may be back in a moment
  live(seconds(3));
  BOOST_TEST(standing().donors == 0b001u);
  there = 3;
  live(seconds(1));
  BOOST_TEST(standing().donors == 0u);
  reports[0].state_wanted = Sequence(1);
  live(seconds(4));
  BOOST_TEST(standing().donors == 0b010u);
}

BOOST_AUTO_TEST_SUITE_END()
