// SPDX-License-Identifier: Apache-2.0
// Law 14 at the membership, and what people are told of each member.
#include <boost/test/unit_test.hpp>

#include "membership_bench.h"
#include "protocol/limits.h"

using namespace tally;
using Stage = GroupRollback::Stage;

namespace {

constexpr Duration window = seconds(600);

struct Group : MembershipBench {
  static MembershipConfig usual() {
    MembershipConfig config;
    config.breaker.quarantine_window = window;
    config.probation_votes = 1;
    return config;
  }
  explicit Group(JournaledView record = {}) : MembershipBench(usual(), std::move(record)) {}

  bool no_majority(std::uint64_t sequence = 7) { return did(membership.no_majority(Sequence(sequence), at())); }
  bool reproduced(const std::vector<ReplicaId>& right = {}) { return did(membership.reproduced(right, at())); }
  bool halt() { return did(membership.halt("test")); }
  bool resume(std::uint64_t voided = 0) { return did(membership.resume(Sequence(voided), at())); }
  const JournaledView& record() const { return membership.record(); }
  Stage stage() const { return record().rollback.stage; }
  std::uint64_t recovery(std::uint64_t replica) const { return membership.member(ReplicaId(replica)).recovery.value; }
  CalendarTime since(std::uint64_t replica) const { return membership.member(ReplicaId(replica)).since; }
  std::string_view reason(std::uint64_t replica) const { return to_string(membership.reason(ReplicaId(replica))); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(membership_rollback)

// ---- law 14

BOOST_AUTO_TEST_CASE(without_a_majority_all_voters_and_only_they_roll_back_in_one_view) {
  Group group;
  group.silence(3);
  const std::uint64_t before = group.record().number.value;
  BOOST_TEST(group.no_majority());
  BOOST_TEST(group.record().number.value == before + 1);
  BOOST_TEST((group.record().rollback == GroupRollback{Stage::reproducing, Sequence(7), group.wall}));
  BOOST_TEST(group.recovery(1) == 2u);
  BOOST_TEST(group.recovery(2) == 2u);
  BOOST_TEST(group.recovery(3) == 1u);
}

BOOST_AUTO_TEST_CASE(while_it_reproduces_or_is_halted_there_is_no_new_finding) {
  Group group;
  group.no_majority();
  const JournaledView before = group.record();
  BOOST_TEST(!group.no_majority(8));
  BOOST_TEST((group.record() == before));
  group.halt();
  const JournaledView halted = group.record();
  BOOST_TEST(!group.no_majority(8));
  BOOST_TEST((group.record() == halted));
}

BOOST_AUTO_TEST_CASE(no_majority_again_within_the_window_halts_and_nobody_rolls_back) {
  Group group;
  group.no_majority();
  group.reproduced();
  group.pass(window + milliseconds(-1));
  const std::uint64_t before = group.record().number.value;
  BOOST_TEST(group.no_majority(9));
  BOOST_TEST((group.record().rollback == GroupRollback{Stage::halted, Sequence(9), group.wall}));
  BOOST_TEST(group.record().number.value == before + 1);
  BOOST_TEST(group.recovery(1) == 2u);
}

BOOST_AUTO_TEST_CASE(no_majority_again_after_the_window_rolls_back) {
  Group group;
  group.no_majority();
  group.reproduced();
  group.pass(window);
  BOOST_TEST(group.no_majority(9));
  BOOST_TEST((group.stage() == Stage::reproducing));
  BOOST_TEST(group.recovery(1) == 3u);
}

BOOST_AUTO_TEST_CASE(the_window_outlasts_a_restart) {
  Group before;
  before.no_majority();
  before.reproduced();
  Group after(before.record());
  after.pass(window / 2);
  after.no_majority(9);
  BOOST_TEST((after.stage() == Stage::halted));
}

BOOST_AUTO_TEST_CASE(only_what_is_to_be_reproduced_can_be) {
  Group group;
  BOOST_TEST(!group.reproduced());
  group.no_majority();
  const std::uint64_t before = group.record().number.value;
  BOOST_TEST(group.reproduced());
  BOOST_TEST((group.stage() == Stage::none));
  BOOST_TEST(group.record().number.value == before + 1);
  BOOST_TEST(!group.reproduced());
  group.halt();
  BOOST_TEST(!group.reproduced());
}

BOOST_AUTO_TEST_CASE(a_group_that_does_not_decide_is_resumed_and_all_voters_roll_back_once_more) {
  Group group;
  BOOST_TEST(!group.resume());
  group.no_majority();
  group.halt();
  group.pass(seconds(1));
  const std::uint64_t before = group.record().number.value;
  BOOST_TEST(group.resume());
  BOOST_TEST((group.stage() == Stage::none));
  BOOST_TEST((group.record().rollback.at == group.wall));
  BOOST_TEST(group.recovery(1) == 3u);
  BOOST_TEST(group.record().number.value == before + 1);
  BOOST_TEST(!group.resume());
}

BOOST_AUTO_TEST_CASE(with_an_order_to_void_it_is_resumed_at_any_time) {
  for (int stage = 0; stage < 3; ++stage) {
    Group group;
    if (stage > 0) group.no_majority();
    if (stage > 1) group.halt();
    BOOST_TEST(group.resume(8));
    BOOST_TEST((group.stage() == Stage::none));
    BOOST_TEST((group.record().voided == std::vector{Sequence(8)}));
  }
}

BOOST_AUTO_TEST_CASE(voided_orders_are_kept_in_order_bounded_and_forgotten_with_the_journal) {
  Group group;
  for (std::uint64_t count = 0; count < limits::voided_orders; ++count) BOOST_TEST(group.resume(1'000 - count));
  BOOST_TEST(std::ranges::is_sorted(group.record().voided));
  const JournaledView full = group.record();
  BOOST_TEST(!group.resume(2'000));
  BOOST_TEST((group.record() == full));
  group.membership.forget_voided_below(Sequence(1'000));
  BOOST_TEST((group.record().voided == std::vector{Sequence(1'000)}));
  BOOST_TEST((group.record().number == full.number));
  BOOST_TEST(group.resume(2'000));
}

// ---- what people are told

BOOST_AUTO_TEST_CASE(at_the_groups_first_start_a_state_lasts_since_then_and_later_since_it_changed) {
  Group group;
  const CalendarTime started = group.wall;
  group.pass(seconds(5));
  BOOST_TEST((group.since(1) == started));
  group.silence(3);
  const CalendarTime evicted = group.wall;
  group.pass(milliseconds(1'500));  // its cool-down is over
  const CalendarTime recovering = group.wall;
  BOOST_TEST((group.since(3) == recovering));
  BOOST_TEST((evicted < recovering));
  group.pass(seconds(1));
  group.caught_up(3);
  BOOST_TEST((group.since(3) == group.wall));
  group.pass(seconds(1));
  group.matched(3, 1);
  BOOST_TEST((group.since(3) == group.wall));
  BOOST_TEST((group.since(1) == started));
}

BOOST_AUTO_TEST_CASE(since_when_a_state_lasts_outlasts_a_restart) {
  Group before;
  before.pass(seconds(5));
  before.hold(2);
  const CalendarTime held = before.wall;
  Group after(before.record());
  after.pass(hours(1));
  BOOST_TEST((after.since(2) == held));
}

BOOST_AUTO_TEST_CASE(the_reason_is_why_a_replica_does_not_vote_or_rolls_back) {
  Group group;
  BOOST_TEST(group.reason(1) == "");
  group.silence(3);
  BOOST_TEST(group.reason(3) == "silence");
  group.pass(seconds(2));
  BOOST_TEST(group.reason(3) == "silence");  // while it recovers, too
  group.hold(3);
  BOOST_TEST(group.reason(3) == "operator");
  group.no_majority();
  BOOST_TEST(group.reason(1) == "no_majority");
  BOOST_TEST(group.reason(3) == "operator");
  group.reproduced();
  BOOST_TEST(group.reason(1) == "");
}

BOOST_AUTO_TEST_CASE(a_replica_that_was_readmitted_without_ever_being_judged_is_out_by_an_operator) {
  Group group;
  group.hold(3);
  group.readmit(3);
  BOOST_TEST(group.reason(3) == "operator");
}

BOOST_AUTO_TEST_CASE(the_recovers_at_is_the_end_of_the_cool_down_and_never_for_a_held_replica) {
  Group group;
  BOOST_TEST((group.membership.recovers_at(ReplicaId(3)) == Instant::never()));
  group.silence(3);
  BOOST_TEST((group.membership.recovers_at(ReplicaId(3)) == group.now + seconds(1)));
  group.hold(3);
  BOOST_TEST((group.membership.recovers_at(ReplicaId(3)) == Instant::never()));
}

BOOST_AUTO_TEST_SUITE_END()
