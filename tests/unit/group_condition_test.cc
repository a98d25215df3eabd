// SPDX-License-Identifier: Apache-2.0
#include "distributor/group_condition.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

GroupCondition well() {
  GroupCondition condition;
  condition.has_comparator = condition.has_room = condition.has_decided = true;
  condition.replicas = condition.voters = 3;
  condition.majority = 2;
  return condition;
}

void check(const GroupCondition& condition, GroupState state, GroupTrouble trouble) {
  BOOST_TEST((state_of(condition) == state));
  BOOST_TEST(to_string(trouble_of(condition)) == to_string(trouble));
  BOOST_TEST(advice_on(trouble, condition).empty() == (trouble == GroupTrouble::none));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(group_condition)

BOOST_AUTO_TEST_CASE(a_group_that_is_well_has_no_trouble) { check(well(), GroupState::ok, GroupTrouble::none); }

BOOST_AUTO_TEST_CASE(each_trouble_has_its_word_and_its_advice) {
  GroupCondition condition = well();
  condition.voters = 2;
  check(condition, GroupState::degraded, GroupTrouble::replicas_out);
  condition.has_decided = false;
  check(condition, GroupState::unavailable, GroupTrouble::starting);
  condition.is_stalled = true;
  check(condition, GroupState::unavailable, GroupTrouble::no_majority);
  condition.has_anybody_state = false;
  check(condition, GroupState::unavailable, GroupTrouble::no_state);
  condition.is_journal_slow = true;
  check(condition, GroupState::unavailable, GroupTrouble::journal_slow);
  condition.has_room = false;
  check(condition, GroupState::unavailable, GroupTrouble::no_room);
  condition.has_comparator = false;
  check(condition, GroupState::unavailable, GroupTrouble::no_comparator);
  condition.rollback = GroupRollback::Stage::reproducing;
  check(condition, GroupState::unavailable, GroupTrouble::rolling_back);
  condition.rollback = GroupRollback::Stage::halted;
  check(condition, GroupState::halted, GroupTrouble::halted);
}

BOOST_AUTO_TEST_CASE(a_term_that_ends_rolls_back) {
  GroupCondition condition = well();
  condition.is_ending_term = true;
  check(condition, GroupState::unavailable, GroupTrouble::rolling_back);
}

BOOST_AUTO_TEST_CASE(the_advice_names_a_replica_that_only_a_person_can_bring_back) {
  GroupCondition condition = well();
  condition.voters = 2;
  BOOST_TEST(advice_on(GroupTrouble::replicas_out, condition).find("readmit") == std::string::npos);
  condition.waiting = ReplicaId(3);
  BOOST_TEST(advice_on(GroupTrouble::replicas_out, condition).find("`tally replica readmit 3`") != std::string::npos);
  BOOST_TEST(advice_on(GroupTrouble::no_majority, condition).find("`tally replica readmit 3`") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
