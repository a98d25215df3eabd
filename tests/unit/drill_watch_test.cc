// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/drill/watch.h"

using namespace tally;
using namespace tally::cli;

BOOST_AUTO_TEST_SUITE(drill_watch)

namespace {

constexpr std::int64_t wall_at_zero = 1'000'000;

Instant at(std::int64_t moment) { return Instant() + milliseconds(moment); }
Moment moment(std::int64_t time) { return {at(time), {wall_at_zero + time}}; }

// A group of three in which all is well: replica N is process N, the distributor 10, the comparator
// 11.
struct Group {
  ClusterStatus status;
  std::map<std::string, pid_t> processes = {{"replica-1", 1},    {"replica-2", 2},   {"replica-3", 3},
                                            {"distributor", 10}, {"comparator", 11}, {"bridge", 12}};
  Watch watch{[this](const std::string& role) { return processes.at(role); }};

  Group() {
    status.state = GroupState::ok;
    for (std::uint64_t number = 1; number <= 3; ++number) {
      ReplicaStatus& replica = status.replicas.emplace_back();
      replica.id = ReplicaId(number);
      replica.pid = number;
      replica.state = ReplicaState::voting;
    }
    status.distributor_pid = 10;
    status.distributor_state = RoleState::ok;
    status.comparator_pid = 11;
    status.comparator_state = RoleState::ok;
    look(0);
  }
  void look(std::int64_t time) { watch.look(status, at(time)); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_replica_that_hangs_is_detected_evicted_and_votes_again) {
  Group group;
  BOOST_TEST(group.watch.all_vote());
  group.watch.strike("replica-2", moment(100));
  group.watch.take_away(2);
  group.look(101);
  BOOST_TEST(!group.watch.is_whole("replica-2"));
  BOOST_TEST(!group.watch.all_vote());
  ReplicaStatus& replica = group.status.replicas[1];
  replica.last_verdict = LastVerdict{VerdictReason::silence, Sequence(9), {wall_at_zero + 1100}};
  replica.state = ReplicaState::evicted;
  replica.evictions = 1;
  group.status.state = GroupState::degraded;
  group.look(1110);
  replica.state = ReplicaState::voting;
  group.status.state = GroupState::ok;
  group.look(1200);
  group.watch.release(2);
  group.look(2100);
  BOOST_TEST(group.watch.detected_after()->milliseconds() == 1000);
  BOOST_TEST(group.watch.evicted_after()->milliseconds() == 1010);
  BOOST_TEST(group.watch.voting_again_after()->milliseconds() == 2000);
}

BOOST_AUTO_TEST_CASE(a_killed_replica_is_whole_when_its_next_process_votes) {
  Group group;
  group.watch.strike("replica-1", moment(100));
  group.watch.take_away(1);
  group.look(110);
  group.processes["replica-1"] = 21;
  group.look(120);
  BOOST_TEST(!group.watch.is_whole("replica-1"));
  group.status.replicas[0].pid = 21;
  group.look(130);
  BOOST_TEST(group.watch.is_whole("replica-1"));
  BOOST_TEST(!group.watch.detected_after());
  BOOST_TEST(!group.watch.evicted_after());
  BOOST_TEST(group.watch.voting_again_after()->milliseconds() == 30);
}

BOOST_AUTO_TEST_CASE(a_verdict_from_before_the_fault_detects_nothing) {
  Group group;
  group.status.replicas[2].last_verdict = LastVerdict{VerdictReason::dissent, Sequence(1), {wall_at_zero + 99}};
  group.watch.strike("replica-3", moment(100));
  group.look(110);
  BOOST_TEST(!group.watch.detected_after());
}

BOOST_AUTO_TEST_CASE(what_never_stopped_voting_has_not_come_back) {
  Group group;
  group.watch.strike("replica-3", moment(100));
  group.look(110);
  BOOST_TEST(!group.watch.voting_again_after());
}

BOOST_AUTO_TEST_CASE(other_roles_are_whole_when_their_next_process_is_heard_of) {
  Group group;
  group.watch.strike("distributor", moment(100));
  group.watch.take_away(10);
  group.watch.look(std::nullopt, at(110));
  BOOST_TEST(!group.watch.is_whole("distributor"));
  BOOST_TEST(!group.watch.is_whole("replica-1"));
  group.processes["distributor"] = 30;
  group.status.distributor_pid = 30;
  group.look(150);
  BOOST_TEST(group.watch.voting_again_after()->milliseconds() == 50);
  group.processes["comparator"] = 31;
  BOOST_TEST(!group.watch.is_whole("comparator"));
}

BOOST_AUTO_TEST_SUITE_END()
