// SPDX-License-Identifier: Apache-2.0
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "membership_bench.h"

using namespace tally;

namespace {

constexpr Duration cooldown = seconds(1);
constexpr Duration cooldown_most = seconds(60);
constexpr std::uint64_t probation_votes = 4;

// Membership with the clock, and one replica's way through it.
struct Group : MembershipBench {
  static MembershipConfig usual(std::uint32_t replicas) {
    MembershipConfig config;
    config.replicas = replicas;
    config.breaker = {cooldown, cooldown_most, 3, seconds(600)};
    config.probation_votes = probation_votes;
    return config;
  }

  explicit Group(std::uint32_t replicas = 3, JournaledView record = {})
      : MembershipBench(usual(replicas), std::move(record)) {}

  bool lacks_state(std::uint64_t replica) { return did(membership.lacks_state(ReplicaId(replica), at())); }
  bool end_cooldown(std::uint64_t replica) { return did(membership.end_cooldown(ReplicaId(replica), at())); }
  bool succeed(std::initializer_list<std::uint64_t> replicas) {
    Succession succession{Sequence(7), {}};
    for (const std::uint64_t replica : replicas) succession.replicas.emplace_back(replica);
    return did(membership.succeed(succession, at()));
  }
  ReplicaState state(std::uint64_t replica) const { return membership.member(ReplicaId(replica)).state; }
  std::uint64_t view() const { return membership.record().number.value; }

  // From evicted to voting, without waiting longer than the cool-down asks for.
  void come_back(std::uint64_t replica) {
    while (state(replica) == ReplicaState::evicted) pass(milliseconds(100));
    BOOST_TEST(caught_up(replica));
    BOOST_TEST(matched(replica, probation_votes));
  }
  // How long the replica cools down, to a tenth of a second.
  Duration cooling(std::uint64_t replica) {
    const Instant begun = now;
    while (state(replica) == ReplicaState::evicted) pass(milliseconds(100));
    return now - begun;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(membership)

BOOST_AUTO_TEST_CASE(at_the_first_start_all_vote) {
  const Group group;
  BOOST_TEST(group.membership.voters() == 3u);
  BOOST_TEST(group.view() == 1u);
  BOOST_TEST((group.membership.role(ReplicaId(3)) == MemberRole::voter));
  BOOST_TEST((group.membership.next_deadline() == Instant::never()));
}

// ---- the circuit breaker

BOOST_AUTO_TEST_CASE(a_verdict_opens_it) {
  Group group;
  BOOST_TEST(group.silence(2));
  BOOST_TEST((group.state(2) == ReplicaState::evicted));
  BOOST_TEST((group.membership.role(ReplicaId(2)) == MemberRole::none));
  BOOST_TEST(group.view() == 2u);
  const JournaledMember& member = group.membership.member(ReplicaId(2));
  BOOST_TEST(member.evictions == 1u);
  BOOST_TEST((member.last_verdict == LastVerdict{VerdictReason::silence, Sequence(7), group.wall}));
  BOOST_TEST(member.recovery.value == 1u);
}

BOOST_AUTO_TEST_CASE(after_its_cool_down_a_replica_recovers_in_a_new_life) {
  Group group;
  group.silence(2);
  BOOST_TEST((group.membership.next_deadline() == group.now + cooldown));
  BOOST_TEST(!group.pass(cooldown + milliseconds(-1)));
  BOOST_TEST(group.pass(milliseconds(1)));
  BOOST_TEST((group.state(2) == ReplicaState::recovering));
  BOOST_TEST(group.membership.member(ReplicaId(2)).recovery.value == 2u);
  BOOST_TEST((group.membership.role(ReplicaId(2)) == MemberRole::none));
  BOOST_TEST(group.view() == 3u);
  BOOST_TEST(!group.pass(hours(1)));
}

BOOST_AUTO_TEST_CASE(whoever_has_caught_up_is_observed) {
  Group group;
  BOOST_TEST(!group.caught_up(2));
  group.silence(2);
  BOOST_TEST(!group.caught_up(2));
  group.pass(cooldown);
  BOOST_TEST(!group.membership.anybody_on_probation());
  BOOST_TEST(group.caught_up(2));
  BOOST_TEST(group.membership.anybody_on_probation());
  BOOST_TEST((group.membership.role(ReplicaId(2)) == MemberRole::observed));
  BOOST_TEST(!group.caught_up(2));
}

BOOST_AUTO_TEST_CASE(enough_matches_in_a_row_close_it) {
  Group group;
  group.silence(2);
  BOOST_TEST(!group.matched(2, probation_votes));
  group.pass(cooldown);
  BOOST_TEST(!group.matched(2, probation_votes));
  group.caught_up(2);
  BOOST_TEST(!group.matched(2, probation_votes - 1));
  BOOST_TEST(group.matched(2, probation_votes));
  BOOST_TEST((group.state(2) == ReplicaState::voting));
  BOOST_TEST(group.membership.member(ReplicaId(2)).readmissions == 1u);
  BOOST_TEST(group.membership.member(ReplicaId(2)).recovery.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_verdict_on_probation_opens_it_again) {
  Group group;
  group.silence(2);
  group.pass(cooldown);
  group.caught_up(2);
  BOOST_TEST(group.dissent(2));
  BOOST_TEST((group.state(2) == ReplicaState::evicted));
  BOOST_TEST(group.membership.member(ReplicaId(2)).evictions == 2u);
}

BOOST_AUTO_TEST_CASE(a_verdict_on_a_recovering_replica_opens_it_again) {
  Group group;
  group.silence(2);
  group.pass(cooldown);
  BOOST_TEST(group.silence(2));
  BOOST_TEST((group.state(2) == ReplicaState::evicted));
}

BOOST_AUTO_TEST_CASE(whoever_is_out_already_is_not_judged) {
  Group group;
  group.silence(2);
  BOOST_TEST(!group.dissent(2));
  BOOST_TEST(group.view() == 2u);
}

BOOST_AUTO_TEST_CASE(a_verdict_of_another_life_is_ignored) {
  Group group;
  for (const std::uint64_t recovery : {0, 2})
    BOOST_TEST(!group.evict({ReplicaId(2), Recovery(recovery), VerdictReason::dissent, Sequence(7)}));
}

BOOST_AUTO_TEST_CASE(a_verdict_on_a_replica_that_there_is_not_is_ignored) {
  Group group;
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{4}, ~std::uint64_t{0}})
    BOOST_TEST(!group.evict({ReplicaId(id), Recovery(1), VerdictReason::dissent, Sequence(7)}));
}

// ---- cool-down

BOOST_AUTO_TEST_CASE(the_cool_down_doubles_with_each_eviction_up_to_its_cap) {
  Group group;
  for (const std::int64_t expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
    group.silence(2);
    BOOST_TEST(group.cooling(2).milliseconds() == expected * 1'000);
    group.caught_up(2);
    group.matched(2, probation_votes);
  }
}

BOOST_AUTO_TEST_CASE(the_cool_down_doubles_also_while_a_replica_never_comes_back) {
  Group group;
  for (const std::int64_t expected : {1, 2, 4, 8}) {
    group.silence(2);
    BOOST_TEST(group.cooling(2).milliseconds() == expected * 1'000);
  }
}

BOOST_AUTO_TEST_CASE(whoever_voted_well_for_long_enough_starts_small_again) {
  Group group;
  for (int count = 0; count < 3; ++count) {
    group.silence(2);
    group.come_back(2);
  }
  BOOST_TEST((group.membership.next_deadline() == group.now + cooldown_most));
  group.pass(cooldown_most);
  BOOST_TEST((group.membership.next_deadline() == Instant::never()));
  group.silence(2);
  BOOST_TEST((group.cooling(2) == cooldown));
}

BOOST_AUTO_TEST_CASE(the_cool_down_of_one_is_not_that_of_another) {
  Group group;
  group.silence(2);
  group.come_back(2);
  group.silence(3);
  BOOST_TEST((group.cooling(3) == cooldown));
}

BOOST_AUTO_TEST_CASE(a_cool_down_begins_again_when_the_distributor_restarts) {
  Group before;
  before.silence(2);
  Group after(3, before.membership.record());
  BOOST_TEST((after.state(2) == ReplicaState::evicted));
  BOOST_TEST((after.cooling(2) == cooldown));
}

// ---- the floor of f+1 voters

BOOST_DATA_TEST_CASE(an_eviction_never_leaves_fewer_than_a_majority, boost::unit_test::data::make({3, 5, 7}), size) {
  const auto replicas = static_cast<std::uint32_t>(size);
  for (const VerdictReason reason : {VerdictReason::silence, VerdictReason::dissent}) {
    Group group(replicas);
    for (std::uint64_t id = 1; id <= replicas; ++id) BOOST_TEST(group.accuse(id, reason) == (id <= replicas / 2));
    BOOST_TEST(group.membership.voters() == replicas / 2 + 1);
    BOOST_TEST(!group.hold(replicas));
  }
}

BOOST_AUTO_TEST_CASE(at_the_floor_whoever_does_not_vote_anyhow_may_be_evicted) {
  Group group;
  group.silence(2);
  group.pass(cooldown);
  group.caught_up(2);
  BOOST_TEST(group.membership.voters() == 2u);
  BOOST_TEST(group.silence(2));
}

BOOST_AUTO_TEST_CASE(a_verdict_that_still_stands_is_carried_out_once_there_are_enough_voters) {
  Group group;
  group.silence(2);
  BOOST_TEST(!group.silence(3));
  group.come_back(2);
  BOOST_TEST(group.silence(3));
}

// ---- succession

BOOST_AUTO_TEST_CASE(those_on_probation_that_a_succession_names_become_voters_in_one_view_and_nobody_goes) {
  Group group(5);
  for (const std::uint64_t replica : {4, 5}) group.silence(replica);
  group.pass(cooldown);
  for (const std::uint64_t replica : {4, 5}) group.caught_up(replica);
  const std::uint64_t before = group.view();
  BOOST_TEST(group.succeed({1, 4, 5}));
  BOOST_TEST(group.view() == before + 1);
  BOOST_TEST(group.membership.voters() == 5u);
  BOOST_TEST(group.membership.member(ReplicaId(4)).readmissions == 1u);
  BOOST_TEST(group.membership.member(ReplicaId(2)).evictions == 0u);
}

BOOST_AUTO_TEST_CASE(a_succession_makes_voters_of_those_on_probation_only) {
  Group group;
  BOOST_TEST(!group.succeed({1, 2}));  // voters
  group.silence(3);
  BOOST_TEST(!group.succeed({1, 3}));  // evicted
  group.pass(cooldown);
  BOOST_TEST(!group.succeed({1, 3}));  // recovering
  group.caught_up(3);
  BOOST_TEST(!group.succeed({0, 4, ~std::uint64_t{0}}));
  BOOST_TEST(!group.succeed({}));
  BOOST_TEST(group.membership.voters() == 2u);
}

BOOST_AUTO_TEST_CASE(a_cool_down_can_be_ended_once_in_five_seconds) {
  Group group;
  const auto end_cooldown = [&] { return group.end_cooldown(3); };
  BOOST_TEST(!end_cooldown());  // it votes
  group.silence(3);
  BOOST_TEST(end_cooldown());
  BOOST_TEST((group.state(3) == ReplicaState::recovering));
  group.silence(3);
  BOOST_TEST(!end_cooldown());
  group.pass(milliseconds(1));
  BOOST_TEST(!end_cooldown());
  group.now = group.now + ReplicaBreaker::leniency_period;
  BOOST_TEST(end_cooldown());
}

BOOST_AUTO_TEST_CASE(a_voter_without_a_state_recovers_without_blame_once_in_five_seconds) {
  Group group;
  const auto lacks_state = [&] { return group.lacks_state(3); };
  BOOST_TEST(lacks_state());
  BOOST_TEST((group.state(3) == ReplicaState::recovering));
  BOOST_TEST(group.membership.member(ReplicaId(3)).evictions == 0u);
  const std::uint64_t first = group.view();
  for (int flap = 0; flap < 100; ++flap) {
    group.caught_up(3);
    group.matched(3, probation_votes);
    BOOST_TEST(!lacks_state());
  }
  BOOST_TEST(group.view() == first + 2);  // on probation, and readmitted
  BOOST_TEST((group.state(3) == ReplicaState::voting));
  BOOST_TEST(group.silence(3));  // its silence is judged as anybody's
  group.come_back(3);
  group.pass(ReplicaBreaker::leniency_period);
  BOOST_TEST(lacks_state());
}

BOOST_AUTO_TEST_CASE(whoever_is_held_or_quarantined_waits_for_an_operator) {
  Group group;
  group.hold(3);
  BOOST_TEST(!group.end_cooldown(3));
  group.readmit(3);
  for (int count = 0; count < 3; ++count) {
    group.dissent(3);
    if (count < 2) group.come_back(3);
  }
  BOOST_REQUIRE((group.state(3) == ReplicaState::quarantined));
  BOOST_TEST(!group.end_cooldown(3));
}

// ---- quarantine

BOOST_AUTO_TEST_CASE(too_many_dissents_lead_to_quarantine) {
  Group group;
  for (int count = 0; count < 2; ++count) {
    group.dissent(2);
    group.come_back(2);
  }
  group.dissent(2);
  BOOST_TEST((group.state(2) == ReplicaState::quarantined));
  BOOST_TEST((group.membership.role(ReplicaId(2)) == MemberRole::none));
  BOOST_TEST((group.membership.next_deadline() == Instant::never()));
  BOOST_TEST(!group.pass(hours(100)));
  BOOST_TEST((group.state(2) == ReplicaState::quarantined));
}

BOOST_AUTO_TEST_CASE(silence_never_leads_to_quarantine) {
  Group group;
  for (int count = 0; count < 100; ++count) {
    BOOST_TEST(group.silence(2));
    BOOST_TEST((group.state(2) == ReplicaState::evicted));
    group.come_back(2);
  }
}

BOOST_AUTO_TEST_CASE(silence_does_not_count_among_the_dissents) {
  Group group;
  for (int count = 0; count < 2; ++count) {
    group.dissent(2);
    group.come_back(2);
    group.silence(2);
    group.come_back(2);
  }
  group.silence(2);
  BOOST_TEST((group.state(2) == ReplicaState::evicted));
}

BOOST_AUTO_TEST_CASE(dissents_long_ago_do_not_count) {
  Group group;
  for (int count = 0; count < 10; ++count) {
    group.dissent(2);
    BOOST_TEST((group.state(2) == ReplicaState::evicted));
    group.come_back(2);
    group.pass(seconds(301));
  }
}

BOOST_AUTO_TEST_CASE(an_operator_ends_a_quarantine_and_what_was_before_is_forgotten) {
  Group group;
  for (int count = 0; count < 3; ++count) {
    group.dissent(2);
    if (count < 2) group.come_back(2);
  }
  BOOST_TEST(group.readmit(2));
  BOOST_TEST((group.state(2) == ReplicaState::recovering));
  BOOST_TEST(group.dissent(2));
  BOOST_TEST((group.state(2) == ReplicaState::evicted));
  BOOST_TEST((group.cooling(2) == cooldown));
}

// ---- operators

BOOST_AUTO_TEST_CASE(an_operators_eviction_holds) {
  Group group;
  BOOST_TEST(group.hold(2));
  BOOST_TEST((group.state(2) == ReplicaState::evicted));
  BOOST_TEST(group.membership.member(ReplicaId(2)).held);
  BOOST_TEST(!group.membership.member(ReplicaId(2)).last_verdict.has_value());
  BOOST_TEST((group.membership.next_deadline() == Instant::never()));
  BOOST_TEST(!group.pass(hours(100)));
  BOOST_TEST(!group.hold(2));
}

BOOST_AUTO_TEST_CASE(an_operators_eviction_holds_beyond_a_restart) {
  Group before;
  before.hold(2);
  Group after(3, before.membership.record());
  BOOST_TEST(!after.pass(hours(1)));
  BOOST_TEST((after.state(2) == ReplicaState::evicted));
  BOOST_TEST(after.readmit(2));
}

BOOST_AUTO_TEST_CASE(an_operator_may_hold_a_replica_that_is_out_already) {
  Group group;
  group.silence(2);
  BOOST_TEST(group.hold(2));
  BOOST_TEST(!group.pass(hours(1)));
}

BOOST_AUTO_TEST_CASE(an_operator_readmits_without_waiting_for_the_cool_down) {
  Group group;
  group.silence(2);
  BOOST_TEST(group.readmit(2));
  BOOST_TEST((group.state(2) == ReplicaState::recovering));
  BOOST_TEST(group.membership.member(ReplicaId(2)).recovery.value == 2u);
  BOOST_TEST(!group.pass(hours(1)));  // the cool-down is over, not ended a second time
}

BOOST_AUTO_TEST_CASE(only_who_is_out_can_be_readmitted) {
  Group group;
  BOOST_TEST(!group.readmit(2));
  group.silence(2);
  group.readmit(2);
  BOOST_TEST(!group.readmit(2));
  group.caught_up(2);
  BOOST_TEST(!group.readmit(2));
}

// ---- the journal's record

BOOST_AUTO_TEST_CASE(every_change_makes_a_new_view_and_nothing_else_does) {
  Group group;
  std::uint64_t expected = 1;
  const auto changes = [&](bool changed) {
    expected += changed ? 1 : 0;
    BOOST_TEST(group.view() == expected);
  };
  changes(group.silence(2));
  changes(group.silence(2));
  changes(group.pass(cooldown));
  changes(group.pass(cooldown));
  changes(group.caught_up(2));
  changes(group.matched(2, probation_votes));
  changes(group.matched(2, probation_votes));
  changes(group.hold(3));
  changes(group.readmit(3));
  BOOST_TEST(expected == 7u);
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_from_the_record) {
  Group before;
  before.membership.remember_audit_head("12:abc");
  before.dissent(1);
  before.pass(cooldown);
  const Group after(3, before.membership.record());
  BOOST_TEST((after.membership.record() == before.membership.record()));
  BOOST_TEST(after.membership.record().audit_head == "12:abc");
  BOOST_TEST((after.state(1) == ReplicaState::recovering));
}

BOOST_AUTO_TEST_SUITE_END()
