// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/watched_replica.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

constexpr ReplicaId third(3);
constexpr Suspicion::Config patience{milliseconds(100), 2};

Member member_with(MemberRole role, std::uint64_t recovery = 1) { return {third, role, Recovery(recovery), {}}; }

// A voter, with all its votes in the hands of the test.
struct Voter : WatchedReplica {
  Voter() : WatchedReplica(third, patience) { adopt(member_with(MemberRole::voter)); }

  bool vote(std::uint64_t sequence, std::int64_t ms = 0, Incarnation incarnation = Incarnation(9)) {
    Vote vote = vote_on(sequence);
    vote.incarnation = incarnation;
    const bool missed = hear(vote, at_ms(ms));
    pass(Sequence(sequence));
    return missed;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_watched_replica)

BOOST_AUTO_TEST_CASE(a_view_says_what_a_replica_is) {
  WatchedReplica replica(third, patience);
  BOOST_TEST(!replica.has_role());
  const auto change = replica.adopt(member_with(MemberRole::observed));
  BOOST_TEST(replica.has_role());
  BOOST_TEST(change.new_life);
  BOOST_TEST(!change.lost_vote);
  BOOST_TEST(!change.lost_role);
}

BOOST_AUTO_TEST_CASE(a_voter_that_is_put_on_probation_loses_its_vote_and_its_matches) {
  Voter replica;
  replica.count_match(Sequence(1));
  const auto change = replica.adopt(member_with(MemberRole::observed));
  BOOST_TEST(change.lost_vote);
  BOOST_TEST(!change.lost_role);
  BOOST_TEST(replica.tally().matches == 0u);
  BOOST_TEST(replica.agreed().value == 1u);
}

BOOST_AUTO_TEST_CASE(a_promotion_loses_nothing) {
  Voter replica;
  replica.adopt(member_with(MemberRole::observed));
  replica.count_match(Sequence(1));
  const auto change = replica.adopt(member_with(MemberRole::voter));
  BOOST_TEST(!change.new_life);
  BOOST_TEST(!change.lost_vote);
  BOOST_TEST(replica.tally().matches == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_life_begins_without_votes_and_without_misses) {
  Voter replica;
  BOOST_TEST(!replica.vote(3));
  BOOST_TEST(!replica.vote(5));
  BOOST_TEST(replica.expect(Sequence(4), at_ms(0)));
  BOOST_TEST(replica.missed().size() == 1u);
  BOOST_TEST(replica.adopt(member_with(MemberRole::voter, 2)).new_life);
  BOOST_TEST(replica.missed().empty());
  BOOST_TEST(replica.tally().voted.value == 0u);
  BOOST_TEST(!replica.has_passed(Sequence(4)));
}

BOOST_AUTO_TEST_CASE(a_vote_says_that_votes_for_earlier_orders_will_not_come) {
  Voter replica;
  BOOST_TEST(!replica.vote(5));
  BOOST_TEST(replica.has_passed(Sequence(4)));
  BOOST_TEST(!replica.has_passed(Sequence(5)));
}

BOOST_AUTO_TEST_CASE(a_decision_without_a_vote_that_may_still_come_is_missed_when_its_time_is_over) {
  Voter replica;
  BOOST_TEST(!replica.expect(Sequence(1), at_ms(0)));
  BOOST_TEST((replica.next_deadline() == at_ms(100)));
  BOOST_TEST(!replica.tick(at_ms(99)));
  BOOST_TEST(replica.tick(at_ms(100)));
}

BOOST_AUTO_TEST_CASE(a_decision_without_a_vote_that_will_not_come_is_missed_at_once) {
  Voter replica;
  BOOST_TEST(!replica.vote(1));
  BOOST_TEST(!replica.vote(3));
  BOOST_TEST(replica.expect(Sequence(2), at_ms(0)));
}

BOOST_AUTO_TEST_CASE(a_vote_that_skips_an_expected_one_is_a_miss_unless_the_replica_restarted) {
  for (const bool restarted : {false, true}) {
    Voter replica;
    BOOST_TEST(!replica.vote(1));
    BOOST_TEST(!replica.expect(Sequence(2), at_ms(0)));
    BOOST_TEST(replica.vote(3, 1, Incarnation(restarted ? 10 : 9)) == !restarted);
  }
}

BOOST_AUTO_TEST_CASE(a_restarted_replica_is_not_expected_to_vote_on_what_it_missed) {
  Voter replica;
  BOOST_TEST(!replica.vote(1));
  BOOST_TEST(!replica.vote(3, 0, Incarnation(10)));
  BOOST_TEST(!replica.expect(Sequence(2), at_ms(0)));
  BOOST_TEST((replica.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(enough_misses_are_silence_and_as_many_answers_in_time_end_it) {
  Voter replica;
  for (const std::int64_t ms : {0, 1000}) {
    BOOST_TEST(!replica.expect(Sequence(static_cast<std::uint64_t>(ms) + 1), at_ms(ms)));
    BOOST_TEST(replica.tick(at_ms(ms + 100)));
  }
  BOOST_TEST(replica.is_silent());
  replica.answer_in_time();
  BOOST_TEST(!replica.is_back());
  replica.answer_in_time();
  BOOST_TEST(replica.is_back());
}

BOOST_AUTO_TEST_CASE(in_a_new_term_the_replica_may_vote_on_the_same_sequences_again) {
  Voter replica;
  BOOST_TEST(!replica.vote(5));
  BOOST_TEST(!replica.expect(Sequence(6), at_ms(0)));
  replica.begin_term();
  BOOST_TEST(!replica.has_passed(Sequence(1)));
  BOOST_TEST((replica.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(a_dissent_ends_the_row_of_matches) {
  Voter replica;
  replica.count_match(Sequence(1));
  replica.count_dissent();
  BOOST_TEST(replica.tally().matches == 0u);
  BOOST_TEST(replica.tally().dissents == 1u);
  BOOST_TEST(replica.agreed().value == 1u);
}

BOOST_AUTO_TEST_CASE(votes_without_effect_are_told_by_their_number_and_once) {
  Voter replica;
  for (int count = 0; count < 3; ++count) replica.count_ignored();
  replica.count_repeated();
  std::vector<Event> events;
  replica.tell_dropped(events);
  BOOST_REQUIRE(events.size() == 2u);
  BOOST_TEST(events[0].name == "vote_repeated");
  BOOST_TEST(events[1].name == "vote_ignored");
  BOOST_TEST(events[1].fields.at(1).value == "3");
  replica.tell_dropped(events);
  BOOST_TEST(events.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
