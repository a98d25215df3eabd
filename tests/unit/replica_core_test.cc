// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>

#include "replica/faults.h"
#include "replica_bench.h"

using namespace tally;
using namespace tally::testing;

BOOST_AUTO_TEST_SUITE(a_replica_applies_orders)

BOOST_AUTO_TEST_CASE(one_after_the_other_and_votes_on_each) {
  Group group;
  group.count(3);
  BOOST_TEST(group.replica.applied() == 4u);
  BOOST_REQUIRE(group.replica.votes.size() == 4u);
  const Vote& vote = group.replica.votes.back();
  BOOST_TEST((vote.order == group.journal.back().id));
  BOOST_TEST((vote.incarnation == Incarnation(1)));
  BOOST_TEST((vote.recovery == Recovery(1)));
  BOOST_TEST((vote.state == group.replica.core->state()->recomputed_digest()));
  BOOST_TEST(decode_results(vote.results).at(0).operations.at(0).value == 3);
}

BOOST_AUTO_TEST_CASE(only_once_it_knows_its_standing) {
  OrderChain chain;
  Replica replica;
  const Order order = chain.next();
  replica.receive(order);
  BOOST_TEST(replica.applied() == 0u);
  replica.receive(standing_of(chain));
  replica.receive(order);
  BOOST_TEST(replica.applied() == 1u);
}

BOOST_AUTO_TEST_CASE(not_a_second_time) {
  Group group;
  group.count(2);
  for (const Order& order : group.journal) group.replica.receive(order);
  BOOST_TEST(group.replica.applied() == 3u);
  BOOST_TEST(group.replica.votes.size() == 3u);
  BOOST_TEST((group.replica.core->state()->counter("home") == 2));
}

BOOST_AUTO_TEST_CASE(without_a_vote_before_vote_from) {
  OrderChain chain;
  Replica replica;
  ReplicaStanding standing = standing_of(chain);
  standing.vote_from = Sequence(3);
  replica.receive(standing);
  for (int count = 0; count < 4; ++count) replica.receive(chain.next({open_session()}));
  BOOST_REQUIRE(replica.votes.size() == 2u);
  BOOST_TEST((replica.votes.at(0).order.sequence == Sequence(3)));
  BOOST_TEST(decode_results(replica.votes.at(0).results).size() == 1u);
}

BOOST_AUTO_TEST_CASE(not_while_it_is_evicted_or_quarantined) {
  for (const ReplicaState state : {ReplicaState::evicted, ReplicaState::quarantined}) {
    Group group;
    ReplicaStanding standing = standing_of(group.chain);
    standing.state = state;
    group.replica.receive(standing);
    group.deliver();
    BOOST_TEST(group.replica.applied() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(until_one_has_semantics_that_it_does_not_know) {
  Group group;
  Order order = group.make();
  order.semantics = limits::semantics_version + 1;
  order.id.chain = chain_of(order);
  group.replica.receive(order);
  BOOST_TEST(group.replica.happened("semantics_unknown"));
  BOOST_TEST(group.replica.applied() == 1u);
  BOOST_TEST(group.replica.votes.size() == 1u);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_misses_orders)

BOOST_AUTO_TEST_CASE(and_asks_for_them_at_once_then_every_50_ms) {
  Group group;
  group.make();  // lost
  group.replica.reports.clear();
  group.deliver();
  BOOST_REQUIRE(group.replica.reports.size() == 1u);
  BOOST_TEST(group.replica.reports.back().resend);
  BOOST_TEST((group.replica.reports.back().applied == group.journal.front().id));
  group.deliver();
  BOOST_TEST(group.replica.reports.size() == 1u);
  group.replica.wait(milliseconds(49));
  BOOST_TEST(group.replica.reports.size() == 1u);
  group.replica.wait(milliseconds(1));
  BOOST_TEST(group.replica.reports.size() == 2u);
  BOOST_TEST(group.replica.reports.back().resend);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 4u);
  group.replica.reports.clear();
  group.replica.wait(milliseconds(1000));
  BOOST_TEST(!group.replica.reports.empty());
  for (const ReplicaReport& report : group.replica.reports) BOOST_TEST(!report.resend);
}

BOOST_AUTO_TEST_CASE(and_a_second_gap_is_asked_for_too) {
  Group group;
  group.make();
  group.deliver();
  group.stream_from_applied();
  group.make();
  group.replica.reports.clear();
  group.deliver();
  BOOST_TEST(group.replica.reports.empty());  // a resend was asked for less than 50 ms ago
  group.replica.wait(milliseconds(50));
  BOOST_REQUIRE(!group.replica.reports.empty());
  BOOST_TEST(group.replica.reports.back().resend);
}

BOOST_AUTO_TEST_CASE(and_does_not_ask_again_while_they_come) {
  Group group;
  const Order missing[] = {group.make(), group.make()};
  group.deliver();
  group.replica.receive(missing[0]);
  group.replica.reports.clear();
  group.replica.wait(milliseconds(50));
  BOOST_TEST(group.replica.reports.size() == 1u);
  BOOST_TEST(!group.replica.reports.back().resend);
  group.replica.wait(milliseconds(50));  // none came any more
  BOOST_TEST(group.replica.reports.size() == 2u);
  BOOST_TEST(group.replica.reports.back().resend);
}

BOOST_AUTO_TEST_CASE(and_the_loss_of_the_last_one_shows_in_its_standing) {
  Group group;
  group.make();
  group.replica.wait(milliseconds(300));
  group.replica.receive(standing_of(group.chain));
  group.replica.reports.clear();
  group.replica.wait(milliseconds(250));
  BOOST_REQUIRE(!group.replica.reports.empty());
  BOOST_TEST(group.replica.reports.back().resend);
}

BOOST_AUTO_TEST_CASE(and_a_damaged_one_is_as_good_as_lost) {
  Group group;
  group.count(2);
  Order damaged = group.make({request(group.session, 3, {addition("home", 1)})});
  damaged.requests[0].acknowledged = RequestNumber(9);
  group.replica.reports.clear();
  group.replica.receive(damaged);
  BOOST_TEST(group.replica.applied() == 3u);
  BOOST_TEST(group.replica.loads == 1);
  BOOST_REQUIRE(group.replica.reports.size() == 1u);
  BOOST_TEST(group.replica.reports.back().resend);
  Order older = group.journal.front();
  older.id.term = Term(9);  // a damaged identity is no reason to roll back
  group.replica.receive(older);
  BOOST_TEST(group.replica.loads == 1);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_rolls_back)

BOOST_AUTO_TEST_CASE(when_a_new_terms_journal_ends_before_what_it_applied) {
  Group group;
  group.count(5);
  group.lose_tail(3);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.happened("rolled_back"));
  BOOST_TEST(group.replica.applied() == 0u);
  BOOST_TEST(group.replica.reports.back().resend);
  BOOST_TEST((group.replica.reports.back().recovery == Recovery(1)));
  group.number = 2;
  group.count(1);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 4u);
  BOOST_TEST((group.replica.core->state()->counter("home") == 3));
}

BOOST_AUTO_TEST_CASE(when_a_new_terms_last_order_is_another_one) {
  Group group;
  group.count(2);
  group.lose_tail(2);
  group.make();
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.happened("rolled_back"));
}

BOOST_AUTO_TEST_CASE(when_the_next_order_has_another_predecessor) {
  Group group;
  group.count(2);
  group.lose_tail(2);
  group.make();
  group.make();
  group.replica.receive(standing_of(group.chain));  // its last order is beyond what this replica applied
  BOOST_TEST(group.replica.loads == 1);
  group.replica.receive(group.journal.back());
  BOOST_TEST(group.replica.loads == 2);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 4u);
  BOOST_TEST((group.replica.core->applied() == group.chain.last));
}

BOOST_AUTO_TEST_CASE(when_a_new_term_puts_another_order_at_a_place_that_it_applied) {
  Group group;
  group.count(4);
  group.lose_tail(2);
  group.replica.receive(group.make());
  BOOST_TEST(group.replica.loads == 2);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 3u);
}

BOOST_AUTO_TEST_CASE(when_its_standing_tells_it_to_recover) {
  Group group(2);
  group.count(5);
  group.replica.receive(standing_of(group.chain));  // commits the checkpoint of order 2
  group.replica.reports.clear();
  group.replica.receive(standing_of(group.chain, 2));
  BOOST_TEST(group.replica.loads == 2);
  BOOST_TEST(group.replica.applied() == 2u);
  BOOST_REQUIRE(!group.replica.reports.empty());
  BOOST_TEST((group.replica.reports.back().recovery == Recovery(2)));
  group.replica.receive(standing_of(group.chain, 2));
  BOOST_TEST(group.replica.loads == 2);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 6u);
  BOOST_TEST((group.replica.votes.back().recovery == Recovery(2)));
}

BOOST_AUTO_TEST_CASE(but_not_when_it_has_just_started) {
  OrderChain chain;
  Replica replica;
  BOOST_TEST((replica.reports.back().recovery == Recovery()));
  replica.receive(standing_of(chain, 7));
  BOOST_TEST(replica.loads == 1);
  BOOST_TEST((replica.reports.back().recovery == Recovery(7)));
  BOOST_TEST((replica.reports.back().group == GroupId(77)));
}

BOOST_AUTO_TEST_CASE(but_a_recovery_that_its_distributor_forgot_is_taken_back) {
  Group group;
  group.replica.receive(standing_of(group.chain, 5));
  group.chain.term = Term(2);
  group.replica.receive(standing_of(group.chain, 4));
  BOOST_TEST((group.replica.reports.back().recovery == Recovery(4)));
  BOOST_TEST(group.replica.loads == 2);
}

BOOST_AUTO_TEST_CASE(but_not_for_a_lower_term) {
  Group group;
  group.count(3);
  OrderChain dead = group.chain;
  group.chain.term = Term(2);
  group.replica.receive(standing_of(group.chain));
  group.count(2);
  dead.last = group.journal.at(1).id;
  group.replica.receive(standing_of(dead));
  group.replica.receive(dead.next());
  group.replica.receive(dead.next());
  dead.last = group.chain.last;
  group.replica.reports.clear();
  group.replica.receive(dead.next());  // would fit, but its term is over
  BOOST_TEST(group.replica.loads == 1);
  BOOST_TEST(group.replica.applied() == 6u);
}

BOOST_AUTO_TEST_CASE(but_not_for_the_lost_tail_of_an_earlier_term) {
  Group group;
  group.count(3);
  OrderChain dead = group.chain;
  const Order lost = dead.next();
  group.chain.term = Term(2);
  group.replica.receive(standing_of(group.chain));
  group.replica.receive(lost);  // arrives late; the new journal ends before it
  BOOST_TEST(group.replica.applied() == 4u);
  group.count(1);
  BOOST_TEST(group.replica.applied() == 5u);
  BOOST_TEST(group.replica.loads == 1);
}

BOOST_AUTO_TEST_CASE(but_not_for_a_term_that_its_last_order_ended_before_any_standing_said_so) {
  Group group;
  group.count(3);
  OrderChain dead = group.chain;
  dead.next();
  const Order lost = dead.next();
  group.chain.term = Term(2);
  group.deliver();  // before the standing of its term
  group.replica.receive(lost);
  BOOST_TEST(group.replica.loads == 1);
  BOOST_TEST(group.replica.applied() == 5u);
}

BOOST_AUTO_TEST_CASE(but_not_below_its_checkpoint_for_an_order_of_an_earlier_term) {
  Group group(2);
  group.count(1);
  group.replica.receive(standing_of(group.chain));  // checkpoint 2, of term 1
  OrderChain dead = group.chain;                    // term 2 lost its journal's tail, or this is its late duplicate
  dead.term = Term(2);
  dead.last.chain.low += 1;
  const Order lost = dead.next();
  group.chain.term = Term(3);
  for (int count = 0; count < 4; ++count) group.make();
  group.replica.start();
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.applied() == 2u);
  group.replica.receive(lost);
  BOOST_TEST(group.replica.applied() == 2u);
  BOOST_TEST(!group.replica.happened("checkpoint_ahead_of_journal"));
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 6u);
}

BOOST_AUTO_TEST_CASE(but_an_outdated_view_changes_nothing) {
  Group group;
  ReplicaStanding standing = standing_of(group.chain);
  standing.view = ViewNumber(5);
  group.replica.receive(standing);
  standing.view = ViewNumber(4);
  standing.state = ReplicaState::evicted;
  group.replica.receive(standing);
  group.deliver();
  BOOST_TEST(group.replica.applied() == 2u);
}

BOOST_AUTO_TEST_CASE(to_nothing_when_even_its_checkpoint_is_ahead_of_the_journal) {
  Group group(2);
  group.count(3);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.core->checkpoint().value == 2u);
  group.lose_tail(1);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.happened("checkpoint_ahead_of_journal"));
  BOOST_TEST(group.replica.applied() == 0u);
  group.count(1);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 2u);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.full_commits == 2);
}

BOOST_AUTO_TEST_CASE(and_catches_up_with_orders_of_earlier_terms) {
  Group group;
  group.count(3);
  group.chain.term = Term(2);
  group.count(3);
  group.chain.term = Term(3);
  group.count(3);
  group.replica.receive(standing_of(group.chain, 2));
  BOOST_TEST(group.replica.applied() == 0u);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 10u);
  BOOST_TEST((group.replica.core->state()->counter("home") == 9));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_belongs_to_one_group)

BOOST_AUTO_TEST_CASE(and_another_groups_distributor_is_fatal) {
  Group group;
  ReplicaStanding standing = standing_of(group.chain);
  standing.group = GroupId(78);
  group.replica.receive(standing);
  BOOST_TEST(group.replica.fatal.has_value());
  group.deliver();
  BOOST_TEST(group.replica.applied() == 1u);
  BOOST_TEST((group.replica.core->next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(as_its_checkpoint_says) {
  Group group(1);
  group.replica.receive(standing_of(group.chain));
  group.replica.start();
  BOOST_TEST((group.replica.reports.back().group == GroupId(77)));
  ReplicaStanding standing = standing_of(group.chain);
  standing.group = GroupId(78);
  group.replica.receive(standing);
  BOOST_TEST(group.replica.fatal.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_takes_checkpoints)

BOOST_AUTO_TEST_CASE(at_places_that_differ_between_replicas) {
  OrderChain chain;
  Replica replicas[] = {Replica(1, 9), Replica(2, 9), Replica(3, 9)};
  for (Replica& replica : replicas) replica.receive(standing_of(chain));
  std::vector<std::uint64_t> checkpoints[3];
  for (int count = 0; count < 20; ++count) {
    const Order order = chain.next();
    for (std::size_t place = 0; place < 3; ++place) {
      const Sequence before = replicas[place].core->checkpoint();
      replicas[place].receive(order);
      replicas[place].receive(standing_of(chain));
      if (replicas[place].core->checkpoint() != before)
        checkpoints[place].push_back(replicas[place].core->checkpoint().value);
    }
  }
  BOOST_TEST(checkpoints[0] == (std::vector<std::uint64_t>{9, 18}), boost::test_tools::per_element());
  BOOST_TEST(checkpoints[1] == (std::vector<std::uint64_t>{6, 15}), boost::test_tools::per_element());
  BOOST_TEST(checkpoints[2] == (std::vector<std::uint64_t>{3, 12}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_of_orders_that_are_stable_and_agreed_and_as_a_voter) {
  Group group(4);
  group.count(5);
  const auto checkpoint_after = [&](auto&& change) {
    ReplicaStanding standing = standing_of(group.chain);
    change(standing);
    group.replica.receive(standing);
    return group.replica.core->checkpoint().value;
  };
  BOOST_TEST(checkpoint_after([](ReplicaStanding& standing) { standing.stable = Sequence(3); }) == 0u);
  BOOST_TEST(checkpoint_after([](ReplicaStanding& standing) { standing.agreed.order.sequence = Sequence(3); }) == 0u);
  BOOST_TEST(checkpoint_after([](ReplicaStanding& standing) { standing.state = ReplicaState::probation; }) == 0u);
  BOOST_TEST(checkpoint_after([](ReplicaStanding& standing) {
               standing.stable = standing.agreed.order.sequence = Sequence(4);
             }) == 4u);
}

BOOST_AUTO_TEST_CASE(not_of_a_tail_that_a_new_term_replaced) {
  Group group(4);
  group.count(3);  // captured at 4
  group.lose_tail(2);
  for (int count = 0; count < 6; ++count) group.make();
  group.replica.receive(standing_of(group.chain));  // stable and agreed beyond 4, but another 4
  BOOST_TEST(group.replica.core->checkpoint().value == 0u);
  group.stream_from_applied();  // the next order shows it
  BOOST_TEST(group.replica.happened("rolled_back"));
  group.stream_from_applied();
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST((group.replica.header->applied == group.journal.at(3).id));
}

BOOST_AUTO_TEST_CASE(with_the_times_of_the_last_order) {
  Group group(2);
  group.chain.served = ServedTime{5'000'000};
  group.count(1);
  group.replica.receive(standing_of(group.chain));
  const CheckpointHeader& header = *group.replica.header;
  BOOST_TEST((header.group == GroupId(77)));
  BOOST_TEST((header.applied == group.chain.last));
  BOOST_TEST((header.served == group.chain.served));
  BOOST_TEST((header.calendar == group.journal.back().calendar));
  BOOST_TEST(header.semantics == limits::semantics_version);
  group.replica.start();
  group.replica.receive(standing_of(group.chain));
  for (int count = 0; count < 2; ++count) {
    Order order = group.make();
    order.calendar = {};  // what came before does not matter to any replica
    order.served = {};
    order.previous = group.replica.core->applied().chain;
    order.id.chain = chain_of(order);
    group.chain.last = order.id;
    group.replica.receive(order);
  }
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST((group.replica.header->applied.sequence == Sequence(4)));
  BOOST_TEST((group.replica.header->calendar == CalendarTime{}));
  BOOST_TEST((group.replica.header->served == ServedTime{}));
}

BOOST_AUTO_TEST_CASE(early_when_much_changed) {
  Group group;
  group.replica.early = 3;
  group.replica.start();
  group.replica.receive(standing_of(group.chain));
  group.stream_from_applied();
  group.deliver({request(group.session, 1, {addition("a", 1), addition("b", 1), addition("c", 1)})});
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.core->checkpoint().value == 2u);
}

// The journal is cut behind checkpoints: few large orders must not fill it.
BOOST_AUTO_TEST_CASE(early_when_the_orders_were_large) {
  Group group;
  group.replica.early_bytes = 100'000;
  group.replica.start();
  group.replica.receive(standing_of(group.chain));
  group.stream_from_applied();
  const auto deliver = [&](std::uint64_t number, std::size_t bytes) {
    Request large = request(group.session, number, {addition("a", 1)});
    large.operations.append(bytes, '\0');
    group.deliver({large});
    group.replica.receive(standing_of(group.chain));
  };
  deliver(1, 60'000);
  BOOST_TEST(group.replica.core->checkpoint().value == 0u);
  deliver(2, 60'000);
  BOOST_TEST(group.replica.core->checkpoint().value == 3u);
  deliver(3, 60'000);
  BOOST_TEST(group.replica.core->checkpoint().value == 3u);
  deliver(4, 60'000);
  BOOST_TEST(group.replica.core->checkpoint().value == 5u);
}

BOOST_AUTO_TEST_CASE(and_loses_no_change_when_a_commit_fails) {
  Group group(2);
  group.count(3);
  group.replica.receive(standing_of(group.chain));  // 2
  BOOST_TEST(group.replica.full_commits == 1);
  group.deliver({request(group.session, 50, {addition("only here", 1)})});  // 5
  group.count(1);                                                           // 6, captured
  group.replica.failing_commits = 2;
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.core->checkpoint().value == 2u);
  BOOST_TEST(group.replica.happened("checkpoint_failed"));
  group.count(2);  // 8
  group.replica.receive(standing_of(group.chain));
  group.count(2);  // 10
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.core->checkpoint().value == 10u);
  BOOST_TEST(group.replica.full_commits == 1);
  BOOST_TEST(group.replica.entries.contains("Conly here"));
}

BOOST_AUTO_TEST_CASE(and_a_changed_memory_convicts_itself_instead_of_reaching_the_store) {
  Group group(2);
  group.count(3);
  group.replica.receive(standing_of(group.chain));
  group.count(2);
  BOOST_TEST(group.replica.core->flip_stored_counter());
  group.replica.failing_commits = 1;
  group.replica.failure = CommitFailure::digest_mismatch;  // as a store finds it
  const Digest before = group.replica.votes.back().state;
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.happened("state_mismatch"));
  group.deliver();
  BOOST_TEST((group.replica.votes.back().state != before));
  BOOST_TEST(group.replica.core->checkpoint().value == 2u);
}

BOOST_AUTO_TEST_CASE(and_writes_a_damaged_store_anew) {
  Group group(2);
  group.count(3);
  group.replica.receive(standing_of(group.chain));
  group.count(2);
  group.replica.failing_commits = 1;
  group.replica.failure = CommitFailure::digest_mismatch;
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(!group.replica.happened("state_mismatch"));
  group.count(2);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.full_commits == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_reports)

BOOST_AUTO_TEST_CASE(every_50_ms_while_it_moves_and_every_250_otherwise) {
  Group group;
  group.replica.wait(milliseconds(1000));
  group.replica.reports.clear();
  group.replica.wait(milliseconds(1000));
  BOOST_TEST(group.replica.reports.size() == 4u);
  group.replica.reports.clear();
  for (int count = 0; count < 20; ++count) {
    group.deliver();
    group.replica.wait(milliseconds(50));
  }
  BOOST_TEST(group.replica.reports.size() == 20u);
  BOOST_TEST((group.replica.reports.back().applied == group.chain.last));
  BOOST_TEST(group.replica.reports.back().store == "memory");
  BOOST_TEST(group.replica.reports.back().pid == 4711u);
}

BOOST_AUTO_TEST_CASE(after_a_quarter_of_the_window) {
  Group group;
  group.replica.wait(milliseconds(1000));
  group.replica.reports.clear();
  for (std::uint64_t count = 0; count < limits::replica_window_orders; ++count) group.deliver();
  BOOST_TEST(group.replica.reports.size() == 4u);
}

BOOST_AUTO_TEST_CASE(at_once_on_a_new_connection) {
  Group group;
  group.replica.reports.clear();
  group.replica.core->connected(group.replica.now);
  group.replica.settle();
  BOOST_TEST(group.replica.reports.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(replicas_agree)

BOOST_AUTO_TEST_CASE(whatever_they_went_through) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
    OrderChain chain;
    std::vector<Order> journal;
    Replica replicas[] = {Replica(1, 7), Replica(2, 13), Replica(3, 1000)};
    std::uint64_t recoveries[] = {1, 1, 1};
    for (Replica& replica : replicas) replica.receive(standing_of(chain));
    for (int round = 0; round < 300; ++round) {
      chain.served = chain.served + seconds(below(100));
      if (below(40) == 0) chain.term = chain.term.next();
      std::vector<Request> requests;
      if (round % 30 == 0) requests.push_back(open_session(session_named(static_cast<std::uint64_t>(round) / 30)));
      for (std::uint32_t count = below(4); count > 0; --count) {
        const SessionId session = session_named(below(static_cast<std::uint32_t>(round) / 30 + 1));
        const std::string name = "n" + std::to_string(below(20));
        const std::string key = below(3) ? "" : "k" + std::to_string(below(50));
        requests.push_back(request(session, static_cast<std::uint64_t>(round) + below(5),
                                   {addition(name, below(9), key), below(4) ? reading(name) : removal(name)},
                                   static_cast<std::uint64_t>(std::max(0, round - 10))));
      }
      journal.push_back(chain.next(requests));
      for (std::size_t place = 0; place < 3; ++place) {
        Replica& replica = replicas[place];
        if (below(10) == 0) continue;  // lost, or late
        if (below(30) == 0) replica.start();
        if (below(30) == 0) ++recoveries[place];
        replica.receive(standing_of(chain, recoveries[place]));
        for (const Order& order : journal)
          if (order.id.sequence > replica.core->applied().sequence) replica.receive(order);
        BOOST_REQUIRE((replica.core->applied() == chain.last));
      }
    }
    std::map<Sequence, std::pair<Digest, std::string>> answers;
    for (Replica& replica : replicas) {
      BOOST_TEST(replica.loads > 1);
      for (const Vote& vote : replica.votes) {
        const auto [known, is_new] = answers.try_emplace(vote.order.sequence, vote.state, vote.results);
        BOOST_REQUIRE((is_new || known->second == std::pair(vote.state, vote.results)));
      }
    }
    BOOST_TEST(replicas[0].core->checkpoint().value > 200u);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(faults_on_purpose)

BOOST_AUTO_TEST_CASE(strike_while_they_last_with_their_probability) {
  double drawn = 0.4;
  FaultInjector injector([&] { return drawn; });
  const Instant start{1000};
  BOOST_TEST(!injector.applies(FaultKind::silent, start));
  injector.set({FaultKind::silent, seconds(2), 0.5}, start);
  BOOST_TEST(injector.applies(FaultKind::silent, start));
  BOOST_TEST(!injector.applies(FaultKind::slow, start));
  drawn = 0.5;
  BOOST_TEST(!injector.applies(FaultKind::silent, start));
  drawn = 0;
  BOOST_TEST(!injector.applies(FaultKind::silent, start + seconds(2)));
  BOOST_TEST((injector.current(start + seconds(2)) == FaultKind::none));
  injector.set({FaultKind::silent, {}, 1}, start);
  BOOST_TEST(injector.applies(FaultKind::silent, start + hours(1000)));
  injector.set({FaultKind::none, {}, 1}, start);
  BOOST_TEST(!injector.applies(FaultKind::silent, start));
  BOOST_TEST(!injector.applies(FaultKind::none, start));
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_plausible_and_keeps_the_layout) {
  Group group;
  group.deliver({request(group.session, 1, {addition("a", 1), addition("b", 1, "key"), listing("", "", 9)}),
                 request(group.session, 2, {addition("a", 1), addition("b", 1, "key")}), open_session(),
                 request(group.session, 3, {})});
  const Vote honest = group.replica.votes.back();
  Vote lie = honest;
  FaultInjector::corrupt(lie);
  BOOST_TEST((lie.state == honest.state));
  std::vector<RequestResult> expected = decode_results(honest.results);
  ++expected.at(0).operations.at(2).value;
  ++expected.at(1).operations.at(1).value;
  BOOST_TEST((decode_results(lie.results) == expected));
}

BOOST_AUTO_TEST_SUITE_END()
