// SPDX-License-Identifier: Apache-2.0
// What a replica says and remembers, and when: votes, reports, its witness, the pace of its scrub, the state it wants.
#include <boost/test/unit_test.hpp>

#include "replica/remembering.h"
#include "replica/reporting.h"
#include "replica/scrubbing.h"
#include "replica/voting.h"
#include "replica/wanted_state.h"

using namespace tally;

namespace {

const Instant start{seconds(100).nanoseconds};

OrderIdentity order(std::uint64_t sequence) { return {Term(1), Sequence(sequence), {sequence, sequence}}; }

ReplicaStanding standing(std::uint64_t agreed, std::uint64_t term = 1) {
  ReplicaStanding standing;
  standing.term = Term(term);
  standing.group = GroupId(77);
  standing.state = ReplicaState::voting;
  standing.agreed.order = order(agreed);
  return standing;
}

Position at(std::uint64_t sequence) {
  CheckpointHeader header;
  header.applied = order(sequence);
  Position position;
  position.begin(header);
  return position;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(a_replicas_votes)

BOOST_AUTO_TEST_CASE(carry_what_executing_an_order_gave) {
  Voting voting{Incarnation(5)};
  voting.results(true).append("results");
  const Vote vote = voting.vote(order(9), Recovery(2), {3, 4});
  BOOST_TEST((vote == Vote{order(9), Incarnation(5), Recovery(2), {3, 4}, "results"}));
  BOOST_TEST(voting.has_voted());
  BOOST_TEST(voting.results(true).empty());
}

BOOST_AUTO_TEST_CASE(are_not_made_of_results_that_nobody_wants) {
  Voting voting{Incarnation(5)};
  voting.results(false).append("unwanted");
  BOOST_TEST(!voting.has_voted());
  BOOST_TEST(voting.results(true).empty());
}

BOOST_AUTO_TEST_CASE(and_proofs_are_of_one_state_alone) {
  Voting voting{Incarnation(5)};
  BOOST_TEST(!voting.has_proven());
  voting.results(true);
  voting.prove({order(9), {1, 2}});
  BOOST_TEST(voting.has_proven());
  voting.begin();
  BOOST_TEST(!voting.has_proven());
  BOOST_TEST(!voting.has_voted());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replicas_memory_of_its_group)

BOOST_AUTO_TEST_CASE(holds_one_group_for_ever) {
  Remembering remembering(GroupId(), {});
  BOOST_TEST(remembering.belongs_to(GroupId(77)));
  remembering.join(GroupId(77));
  BOOST_TEST(remembering.belongs_to(GroupId(77)));
  BOOST_TEST(!remembering.belongs_to(GroupId(78)));
}

BOOST_AUTO_TEST_CASE(holds_the_newest_term_and_what_was_decided) {
  Remembering remembering(GroupId(77), {});
  BOOST_TEST(remembering.learn(standing(10, 3), true));
  BOOST_TEST(!remembering.learn(standing(10, 3), true));  // no news
  BOOST_TEST(!remembering.learn(standing(9, 2), true));
  BOOST_TEST((remembering.witness().newest_term == Term(3)));
  BOOST_TEST((remembering.witness().decided == order(10)));
  remembering.was_decided(order(12));
  BOOST_TEST((remembering.witness().decided == order(12)));
}

BOOST_AUTO_TEST_CASE(holds_a_state_once_it_is_decided_and_proven) {
  Remembering remembering(GroupId(77), {});
  remembering.add({order(10), {1, 2}});
  remembering.add({order(20), {3, 4}});
  remembering.learn(standing(9), true);
  BOOST_TEST(remembering.witness().states.empty());
  remembering.learn(standing(10), false);  // on trial
  BOOST_TEST(remembering.witness().states.empty());
  BOOST_TEST(remembering.learn(standing(10), true));
  BOOST_TEST(remembering.witness().states.size() == 1u);
  remembering.forget_states();
  BOOST_TEST(remembering.learn(standing(30), true));
  BOOST_TEST(remembering.witness().states.size() == 1u);
}

BOOST_AUTO_TEST_CASE(is_bounded) {
  Remembering remembering(GroupId(77), {});
  for (std::uint64_t sequence = 1; sequence <= 2 * Witness::most_states; ++sequence)
    remembering.add({order(sequence), {}});
  remembering.learn(standing(1000), true);
  BOOST_TEST(remembering.witness().states.size() == Witness::most_states);
  BOOST_TEST((remembering.witness().states.front().order == order(Witness::most_states + 1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replicas_reports)

BOOST_AUTO_TEST_CASE(say_only_that_it_is_there_while_it_has_no_state) {
  Reporting reporting;
  BOOST_TEST((reporting.next_deadline({}) == Instant::never()));
  reporting.request(start);
  BOOST_TEST(!reporting.take({}));
  reporting.tick_without_state(start);
  BOOST_TEST(!reporting.take({}));
  BOOST_TEST((reporting.next_deadline({}) == start + Reporting::idle_period));
  reporting.tick_without_state(start + Reporting::idle_period);
  BOOST_TEST(reporting.take({}).has_value());
  BOOST_TEST(!reporting.take({}));
  reporting.restart(start + seconds(1));
  const auto due = reporting.take(Sequence(5));
  BOOST_REQUIRE(due);
  BOOST_TEST(due->resend);
}

BOOST_AUTO_TEST_CASE(are_frequent_while_something_is_missing) {
  Reporting reporting;
  reporting.restart(start);
  reporting.take(Sequence(5));
  BOOST_TEST((reporting.next_deadline(Sequence(5)) == start + Reporting::idle_period));
  reporting.missed(Sequence(8), Sequence(5), start + seconds(1));
  const auto due = reporting.take(Sequence(5));
  BOOST_REQUIRE(due);
  BOOST_TEST(due->resend);
  BOOST_TEST((reporting.next_deadline(Sequence(5)) == start + seconds(1) + Reporting::busy_period));
  BOOST_TEST((reporting.next_deadline(Sequence(8)) == start + seconds(1) + Reporting::busy_period));
  reporting.missed(Sequence(8), Sequence(5), start + seconds(1));  // it was asked for just now
  BOOST_TEST(!reporting.take(Sequence(5)));
}

BOOST_AUTO_TEST_CASE(come_again_from_the_beginning_after_a_state_was_lost) {
  Reporting reporting;
  reporting.restart(start);
  reporting.take(Sequence(5));
  reporting.await_state();
  BOOST_TEST((reporting.next_deadline(Sequence(5)) == Instant::never()));
  reporting.request(start + seconds(1));
  BOOST_TEST(!reporting.take(Sequence(5)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_pace_of_the_scrub)

BOOST_AUTO_TEST_CASE(follows_the_work_and_leaves_pauses) {
  Scrubbing scrubbing;
  scrubbing.begin(start);
  BOOST_TEST((scrubbing.next() == start + seconds(1)));
  const Instant first = scrubbing.next();
  scrubbing.done(1'000, false, first);
  BOOST_TEST((scrubbing.next() == first + milliseconds(60)));
  scrubbing.done(10, false, first);
  BOOST_TEST((scrubbing.next() == first + milliseconds(20)));
}

BOOST_AUTO_TEST_CASE(lets_a_pass_over_little_last_a_second) {
  Scrubbing scrubbing;
  scrubbing.begin(start);
  const Instant first = scrubbing.next();
  scrubbing.done(10, true, first);
  BOOST_TEST((scrubbing.next() == first + seconds(1)));
  scrubbing.done(10, true, scrubbing.next());
  BOOST_TEST((scrubbing.next() == first + seconds(2)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_state_of_another_replica)

BOOST_AUTO_TEST_CASE(is_not_wanted_while_the_journal_leads_on) {
  WantedState wanted({ReplicaId(1), 3, 1000});
  ReplicaStanding told = standing(50);
  told.last = order(1050);
  told.journal_first = Sequence(51);
  BOOST_TEST((wanted.of(told, at(50)) == Sequence()));
  BOOST_TEST(!wanted.goal(told, at(50)));
}

BOOST_AUTO_TEST_CASE(is_wanted_when_the_journal_begins_too_late) {
  WantedState wanted({ReplicaId(1), 3, 1000});
  ReplicaStanding told = standing(50);
  told.last = order(100);
  told.journal_first = Sequence(52);
  BOOST_TEST((wanted.of(told, at(50)) == Sequence(51)));
  BOOST_TEST(!wanted.goal(told, at(50)));  // nobody may give one yet
  told.donors = 0b001;                     // nor may it ask itself
  BOOST_TEST(!wanted.goal(told, at(50)));
  told.donors = 0b011;
  const auto unsealed = wanted.goal(told, at(50));
  BOOST_REQUIRE(unsealed);
  BOOST_TEST(unsealed->donors == 0b010u);
  told.seal = {Sequence(60), {1}, 100};
  const auto sealed = wanted.goal(told, at(50));
  BOOST_REQUIRE(sealed);
  BOOST_TEST((sealed->seal == told.seal));
  BOOST_TEST(sealed->donors == 0u);
}

BOOST_AUTO_TEST_CASE(is_rather_imported_than_very_many_orders_executed_but_tried_once) {
  WantedState wanted({ReplicaId(1), 3, 1000});
  ReplicaStanding told = standing(50);
  told.last = order(1051);
  told.donors = 0b110;
  BOOST_TEST((wanted.of(told, at(50)) == Sequence(1050)));
  BOOST_TEST(!wanted.goal(told, at(50)));  // without a seal it rather executes
  told.seal = {Sequence(1050), {1}, 100};
  BOOST_TEST(wanted.goal(told, at(50)).has_value());
  wanted.tried();
  BOOST_TEST((wanted.of(told, at(50)) == Sequence()));
  wanted.begin();
  BOOST_TEST((wanted.of(told, at(50)) == Sequence(1050)));
}

BOOST_AUTO_TEST_CASE(is_wanted_of_a_later_order_than_what_nobody_could_give) {
  WantedState wanted({ReplicaId(1), 3, 1000});
  ReplicaStanding told = standing(50);
  told.last = order(100);
  told.journal_first = Sequence(52);
  told.seal = {Sequence(60), {1}, 100};
  wanted.was_not_given(Sequence(60));
  BOOST_TEST((wanted.of(told, at(50)) == Sequence(61)));
  BOOST_TEST(!wanted.goal(told, at(50)));
}

BOOST_AUTO_TEST_CASE(is_not_wanted_by_who_is_evicted_or_alone) {
  ReplicaStanding told = standing(50);
  told.journal_first = Sequence(52);
  BOOST_TEST((WantedState({ReplicaId(1), 1, 1000}).of(told, at(50)) == Sequence()));
  told.state = ReplicaState::evicted;
  BOOST_TEST((WantedState({ReplicaId(1), 3, 1000}).of(told, at(50)) == Sequence()));
}

BOOST_AUTO_TEST_SUITE_END()
