// SPDX-License-Identifier: Apache-2.0
// What a replica does about the recoveries that the distributor asks for.
#include <boost/test/unit_test.hpp>

#include "replica/recovering.h"

using namespace tally;

namespace {

using Step = Recovering::Step;

ReplicaStanding standing(std::uint64_t recovery, OutReason reason = OutReason::dissent) {
  ReplicaStanding standing;
  standing.recovery = Recovery(recovery);
  standing.reason = reason;
  standing.vote_from = Sequence(60);
  return standing;
}

// A replica that has carried out recovery 3, and executed orders since.
struct Bench {
  Recovering recovering;

  Bench() { follow(standing(3)); }
  Step follow(const ReplicaStanding& standing, bool is_new_term = false, bool is_untouched = false,
              std::uint64_t applied = 50) {
    return recovering.follow(standing, is_new_term, is_untouched, Sequence(applied));
  }
  std::uint64_t carried_out() const { return recovering.carried_out().value; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_recovery)

BOOST_AUTO_TEST_CASE(is_carried_out_by_a_fresh_state_whatever_its_number) {
  Bench bench;
  BOOST_TEST(bench.carried_out() == 3u);
  bench.recovering.state_is_fresh();
  BOOST_TEST((bench.follow(standing(7)) == Step::carried_out));
  BOOST_TEST(bench.carried_out() == 7u);
  BOOST_TEST((bench.follow(standing(7)) == Step::none));
}

BOOST_AUTO_TEST_CASE(after_a_dissent_means_to_roll_back) {
  Bench bench;
  BOOST_TEST((bench.follow(standing(4)) == Step::roll_back));
  BOOST_TEST(bench.carried_out() == 3u);  // until a checkpoint is loaded
  BOOST_TEST(bench.recovering.is_asked_for_by(standing(4)));
}

BOOST_AUTO_TEST_CASE(after_a_silence_keeps_the_memory) {
  Bench bench;
  BOOST_TEST((bench.follow(standing(4, OutReason::silence)) == Step::keep_state));
  BOOST_TEST(bench.carried_out() == 4u);
}

BOOST_AUTO_TEST_CASE(after_a_silence_executes_again_what_is_to_be_voted_on) {
  Bench bench;
  BOOST_TEST((bench.follow(standing(4, OutReason::silence), false, false, 60) == Step::roll_back));
}

BOOST_AUTO_TEST_CASE(after_several_of_which_one_is_not_known_means_to_roll_back) {
  Bench bench;
  BOOST_TEST((bench.follow(standing(5, OutReason::silence)) == Step::roll_back));
}

BOOST_AUTO_TEST_CASE(keeps_a_state_that_was_just_loaded_and_has_said_nothing) {
  Bench bench;
  BOOST_TEST((bench.follow(standing(5), false, true) == Step::keep_state));
}

BOOST_AUTO_TEST_CASE(of_a_lower_number_is_taken_from_a_new_term_alone) {
  Bench bench;
  BOOST_TEST((bench.follow(standing(2)) == Step::none));
  BOOST_TEST(bench.carried_out() == 3u);
  BOOST_TEST((bench.follow(standing(3), true) == Step::none));
  BOOST_TEST((bench.follow(standing(2), true) == Step::carried_out));
  BOOST_TEST(bench.carried_out() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
