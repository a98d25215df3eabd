// SPDX-License-Identifier: Apache-2.0
// What is found on ballots that the voters do not decide. When it is looked for, and what the
// report makes of it: comparator_succession_test.cc and comparator_no_majority_test.cc.
#include <boost/test/unit_test.hpp>

#include "comparator/undecided.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

const ReplicaSet all = set_of({1, 2, 3});

struct Bench {
  Undecided undecided;
  std::vector<Event> events;

  // Replicas 1 and 3 agree.
  bool propose(std::uint64_t sequence) {
    const Ballot ballot = voted_ballot(sequence, {"right", "wrong", "right"});
    return undecided.propose(ballot, ballot.first_of(ReplicaId(1)), all, events);
  }
  Undecided::NoMajority find_no_majority(std::uint64_t sequence, std::int64_t ms = 0) {
    Ballot ballot = voted_ballot(sequence, {"one", "two", "three"});
    return undecided.find_no_majority(ballot, at_ms(ms), events);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_undecided)

BOOST_AUTO_TEST_CASE(whoever_gave_the_answer_is_proposed_if_it_has_a_role) {
  Bench bench;
  const Ballot ballot = voted_ballot(1, {"right", "right", "right", "wrong"});
  BOOST_TEST(bench.undecided.propose(ballot, ballot.first_of(ReplicaId(1)), set_of({1, 3, 4}), bench.events));
  const std::vector<ReplicaId> proposed{ReplicaId(1), ReplicaId(3)};
  BOOST_TEST((bench.undecided.succession().replicas == proposed));
  BOOST_REQUIRE(bench.events.size() == 1u);
  BOOST_TEST(bench.events[0].name == "succession_proposed");
  BOOST_TEST(bench.events[0].fields.at(1).value == "1,3");
}

BOOST_AUTO_TEST_CASE(the_earliest_ballot_is_proposed) {
  Bench bench;
  BOOST_TEST(bench.propose(2));
  BOOST_TEST(!bench.propose(2));
  BOOST_TEST(!bench.propose(3));
  BOOST_TEST(bench.propose(1));
  BOOST_TEST(bench.undecided.succession().ballot.value == 1u);
}

BOOST_AUTO_TEST_CASE(a_succession_ends_when_its_ballot_is_decided_or_closed_and_with_the_view) {
  Bench bench;
  BOOST_TEST(bench.propose(2));
  bench.undecided.decided(Sequence(1));
  BOOST_TEST(bench.undecided.has_succession());
  bench.undecided.decided(Sequence(2));
  BOOST_TEST(!bench.undecided.has_succession());
  BOOST_TEST(bench.propose(4));
  BOOST_TEST(!bench.undecided.close_through(Sequence(4)));
  BOOST_TEST(!bench.undecided.has_succession());
  BOOST_TEST(bench.propose(5));
  bench.undecided.begin_view();
  BOOST_TEST(!bench.undecided.has_succession());
}

BOOST_AUTO_TEST_CASE(a_ballot_without_a_majority_is_news_told_and_recorded_with_its_states) {
  Bench bench;
  const auto found = bench.find_no_majority(1);
  BOOST_TEST(found.is_news);
  BOOST_TEST(found.is_to_be_recorded);
  BOOST_TEST(bench.undecided.undecidable().value == 1u);
  BOOST_REQUIRE(bench.events.size() == 1u);
  BOOST_TEST(bench.events[0].name == "ballot_undecidable");
  BOOST_TEST(bench.events[0].fields.size() == 4u);  // the sequence, and a state per replica
}

BOOST_AUTO_TEST_CASE(one_ballot_is_told_and_recorded_once) {
  Bench bench;
  Ballot ballot = voted_ballot(1, {"one", "two", "three"});
  bench.undecided.find_no_majority(ballot, at_ms(0), bench.events);
  const auto again = bench.undecided.find_no_majority(ballot, at_ms(5000), bench.events);
  BOOST_TEST(!again.is_news);
  BOOST_TEST(!again.is_to_be_recorded);
  BOOST_TEST(bench.events.size() == 1u);
}

BOOST_AUTO_TEST_CASE(of_later_ballots_at_most_one_in_a_second_is_told_and_none_recorded) {
  Bench bench;
  bench.find_no_majority(1, 0);
  BOOST_TEST(!bench.find_no_majority(2, 999).is_news);
  BOOST_TEST(bench.events.size() == 1u);
  BOOST_TEST(!bench.find_no_majority(3, 1000).is_to_be_recorded);
  BOOST_TEST(bench.events.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_earlier_ballot_is_told_and_recorded_at_once) {
  Bench bench;
  bench.find_no_majority(2, 0);
  const auto found = bench.find_no_majority(1, 1);
  BOOST_TEST(found.is_news);
  BOOST_TEST(found.is_to_be_recorded);
  BOOST_TEST(bench.undecided.undecidable().value == 1u);
}

BOOST_AUTO_TEST_CASE(when_the_undecidable_ballot_is_closed_others_are_to_be_looked_at) {
  Bench bench;
  bench.find_no_majority(3);
  BOOST_TEST(!bench.undecided.close_through(Sequence(2)));
  BOOST_TEST(bench.undecided.close_through(Sequence(3)));
  BOOST_TEST(bench.undecided.undecidable().value == 0u);
  BOOST_TEST(!bench.undecided.close_through(Sequence(4)));
}

BOOST_AUTO_TEST_CASE(a_new_term_or_view_forgets_what_was_found) {
  Bench bench;
  bench.find_no_majority(1);
  bench.undecided.begin_term();
  BOOST_TEST(bench.undecided.undecidable().value == 0u);
  bench.undecided.begin_view();
  BOOST_TEST(bench.find_no_majority(2, 1).is_to_be_recorded, "the view may change what is found");
}

BOOST_AUTO_TEST_SUITE_END()
