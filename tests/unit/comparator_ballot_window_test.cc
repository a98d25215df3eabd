// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/ballot_window.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

constexpr ReplicaId one(1);

struct Bench {
  BallotWindow window;

  // Votes of replica 1 alone decide.
  void decide(std::uint64_t sequence, std::string_view answer = "right") {
    Ballot* ballot = window.open(ballot_on(sequence), at_ms(0));
    BOOST_REQUIRE(ballot != nullptr);
    window.cast(*ballot, one, vote_on(sequence, answer));
    window.decide(*ballot, ballot->first_of(one), {});
    window.settle(*ballot);
  }
  void forget_finished() {
    window.advance([](const Ballot&) { return true; });
  }
  void keep_all() {
    window.advance([](const Ballot&) { return false; });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_ballot_window)

BOOST_AUTO_TEST_CASE(decided_goes_up_to_the_first_gap) {
  Bench bench;
  bench.decide(2);
  bench.keep_all();
  BOOST_TEST(bench.window.decided().value == 0u);
  bench.decide(1);
  bench.keep_all();
  BOOST_TEST(bench.window.decided().value == 2u);
}

BOOST_AUTO_TEST_CASE(votes_are_awaited_while_an_opened_ballot_is_not_decided) {
  Bench bench;
  BOOST_TEST(!bench.window.awaits_votes());
  bench.window.at(Sequence(1));  // a vote that runs ahead opens nothing
  BOOST_TEST(!bench.window.awaits_votes());
  bench.window.open(ballot_on(1), at_ms(0));
  BOOST_TEST(bench.window.awaits_votes());
  bench.window.close_through(Sequence(1));
  BOOST_TEST(!bench.window.awaits_votes());
}

BOOST_AUTO_TEST_CASE(a_ballot_is_opened_once_and_neither_beyond_the_window_nor_before_it) {
  Bench bench;
  bench.window.restart(Sequence(5));
  BOOST_TEST(bench.window.open(ballot_on(5), at_ms(0)) == nullptr);
  BOOST_TEST(bench.window.open(ballot_on(6), at_ms(0)) != nullptr);
  BOOST_TEST(bench.window.open(ballot_on(6), at_ms(0)) == nullptr);
  BOOST_TEST(bench.window.open(ballot_on(5 + limits::vote_lead + 1), at_ms(0)) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_decided_ballot_is_there_until_it_is_finished) {
  Bench bench;
  bench.decide(1);
  bench.keep_all();
  BOOST_TEST(bench.window.at(Sequence(1)) != nullptr);
  bench.forget_finished();
  BOOST_TEST(bench.window.at(Sequence(1)) == nullptr);
}

BOOST_AUTO_TEST_CASE(of_decided_ballots_the_newest_are_kept) {
  Bench bench;
  for (std::uint64_t sequence = 1; sequence <= limits::compared_ballots + 1; ++sequence) {
    bench.decide(sequence);
    bench.keep_all();
  }
  BOOST_TEST(bench.window.at(Sequence(1)) == nullptr);
  BOOST_TEST(bench.window.at(Sequence(2)) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_replica_has_room_for_so_many_bytes_of_undecided_results) {
  Bench bench;
  const std::string most(BallotWindow::held_result_bytes, 'x');
  Ballot* ballot = bench.window.open(ballot_on(1), at_ms(0));
  bench.window.cast(*ballot, one, vote_on(1, most));
  BOOST_TEST(!bench.window.has_room(one, 1));
  BOOST_TEST(bench.window.has_room(ReplicaId(2), 1));
  bench.window.strike(*ballot, one);
  BOOST_TEST(bench.window.has_room(one, most.size()));
}

BOOST_AUTO_TEST_CASE(a_decision_a_closure_and_a_restart_leave_room) {
  const std::string most(BallotWindow::held_result_bytes, 'x');
  for (const int way : {0, 1, 2}) {
    Bench bench;
    Ballot* ballot = bench.window.open(ballot_on(1), at_ms(0));
    bench.window.cast(*ballot, one, vote_on(1, most));
    if (way == 0) bench.window.decide(*ballot, ballot->first_of(one), {});
    if (way == 1) bench.window.close_through(Sequence(1));
    if (way == 2) bench.window.restart(Sequence());
    BOOST_TEST(bench.window.has_room(one, most.size()));
  }
}

BOOST_AUTO_TEST_CASE(decided_results_are_kept_whole_while_there_is_room) {
  Bench bench;
  const std::string big(limits::order_result_bytes, 'x');
  const std::uint64_t most = limits::kept_result_bytes / big.size();
  for (std::uint64_t sequence = 1; sequence <= most + 1; ++sequence) bench.decide(sequence, big);
  BOOST_TEST(bench.window.at(Sequence(most))->kept_bytes() == big.size());
  BOOST_TEST(bench.window.at(Sequence(most + 1))->kept_bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
