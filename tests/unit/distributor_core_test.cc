// SPDX-License-Identifier: Apache-2.0
// Requests, orders, ballots and the clock. Replicas, comparator and people: distributor_group_test.cc.
#include "distributor_bench.h"

using namespace tally;
using Bench = DistributorBench;

namespace {

RecoveredJournal journal_of_an_earlier_term() {
  RecoveredJournal journal = Bench::empty_journal();
  journal.term = Term(8);
  journal.last = {Term(7), Sequence(40), Digest{1, 2}};
  journal.served = ServedTime{5'000};
  journal.calendar = CalendarTime{1'800'000'000'000};  // the wall clock went backwards since
  return journal;
}

// As many orders of 1024 requests each as asked for, none of them decided.
void fill_orders(Bench& bench, std::uint64_t orders, std::size_t id_bytes = 1) {
  constexpr std::uint64_t clients = limits::order_requests / limits::pending_requests_per_client;
  std::uint64_t number = 1;
  for (std::uint64_t order = 0; order < orders; ++order) {
    for (std::uint64_t each = 0; each < limits::order_requests; ++each)
      bench.put(Bench::request(number++), std::string(id_bytes, static_cast<char>('a' + each % clients)));
    bench.turn();
  }
}

std::size_t requests_of(const BallotCalls& ballots) {
  std::size_t requests = 0;
  for (const BallotCall& ballot : ballots.ballots) requests += ballot.requests.size();
  return requests;
}

// What the message takes at most: docs/protocol.md and tally.proto.
std::size_t bytes_of(const BallotCalls& ballots) {
  std::size_t bytes = 16;
  for (const BallotCall& ballot : ballots.ballots) {
    bytes += 64;
    for (const BallotEntry& entry : ballot.requests) bytes += entry.client.routing_id.size() + 40;
  }
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distributor_core)

// ---- the one total order

BOOST_AUTO_TEST_CASE(the_first_order_of_an_empty_journal_is_number_one) {
  Bench bench;
  bench.comparator_is_alive();
  BOOST_REQUIRE(bench.orders().size() == 1u);
  const Order order = bench.orders()[0];
  BOOST_TEST(order.id.sequence.value == 1u);
  BOOST_TEST(order.id.term.value == 1u);
  BOOST_TEST((order.previous == Digest{}));
  BOOST_TEST((order.id.chain == chain_of(order)));
  BOOST_TEST(order.semantics == limits::semantics_version);
}

BOOST_AUTO_TEST_CASE(each_order_continues_the_chain) {
  Started bench;
  for (std::uint64_t number = 1; number <= 3; ++number) bench.give_change(number);
  const auto orders = bench.orders();
  BOOST_REQUIRE(orders.size() == 4u);
  for (std::size_t place = 1; place < orders.size(); ++place) {
    BOOST_TEST(orders[place].id.sequence.value == orders[place - 1].id.sequence.value + 1);
    BOOST_TEST((orders[place].previous == orders[place - 1].id.chain));
    BOOST_TEST((orders[place].id.chain == chain_of(orders[place])));
  }
}

BOOST_AUTO_TEST_CASE(a_recovered_journal_is_continued_in_the_new_term) {
  Bench bench(Bench::usual_config(), journal_of_an_earlier_term());
  bench.comparator_is_alive();
  BOOST_REQUIRE(!bench.orders().empty());
  const Order order = bench.orders()[0];
  BOOST_TEST(order.id.term.value == 8u);
  BOOST_TEST(order.id.sequence.value == 41u);
  BOOST_TEST((order.previous == Digest{1, 2}));
}

BOOST_AUTO_TEST_CASE(ballots_of_earlier_terms_are_closed_at_the_start) {
  Bench bench(Bench::usual_config(), journal_of_an_earlier_term());
  bench.comparator_is_alive();
  BOOST_REQUIRE(!bench.views.empty());
  BOOST_TEST(bench.views[0].term.value == 8u);
  BOOST_TEST(bench.views[0].closed.value == 40u);
}

BOOST_AUTO_TEST_CASE(calendar_time_never_goes_backwards) {
  Bench bench(Bench::usual_config(), journal_of_an_earlier_term());
  bench.comparator_is_alive();
  BOOST_TEST(bench.orders().back().calendar.unix_milliseconds == 1'800'000'000'000);
  bench.wall = CalendarTime{1'900'000'000'000};
  bench.give_change(1);
  BOOST_TEST(bench.orders().back().calendar.unix_milliseconds == 1'900'000'000'000);
}

BOOST_AUTO_TEST_CASE(served_time_goes_on_from_the_journal_by_the_own_clock) {
  Bench bench(Bench::usual_config(), journal_of_an_earlier_term());
  bench.now = bench.now + milliseconds(3);
  bench.comparator_is_alive();
  BOOST_TEST(bench.orders()[0].served.nanoseconds == 5'000 + milliseconds(3).nanoseconds);
}

BOOST_AUTO_TEST_CASE(served_time_advances_by_a_capped_step) {
  Started bench;
  const ServedTime before = bench.orders().back().served;
  bench.now = bench.now + hours(2);
  bench.comparator_is_alive();
  BOOST_TEST(((bench.orders().back().served - before) == limits::served_time_step));
}

BOOST_AUTO_TEST_CASE(an_idle_group_makes_empty_orders_and_does_not_sync_each_of_them) {
  Started bench;
  const std::size_t before = bench.orders().size();
  const std::uint64_t syncs = bench.status().journal_syncs;
  bench.pass(seconds(10), milliseconds(50), [&] { bench.decide(); });
  const auto made = bench.orders().size() - before;
  BOOST_TEST(made >= 39u);
  BOOST_TEST(made <= 42u);
  BOOST_TEST(bench.status().journal_syncs - syncs <= 11u);
}

BOOST_AUTO_TEST_CASE(nothing_is_ordered_while_nobody_could_decide_it) {
  Bench bench;
  bench.give_change(1);
  BOOST_TEST(bench.orders().empty());
  bench.comparator_is_alive();
  BOOST_REQUIRE(bench.orders().size() == 1u);
  BOOST_TEST(bench.orders()[0].requests.size() == 1u);
}

// ---- syncs and stability

BOOST_AUTO_TEST_CASE(what_waits_during_one_sync_is_the_next_order) {
  Started bench;
  const std::size_t before = bench.orders().size();
  bench.sync_at_once = false;
  for (std::uint64_t number = 1; number <= 5; ++number) bench.give_change(number);
  BOOST_TEST(bench.orders().size() == before + 1);
  bench.sync();
  BOOST_REQUIRE(bench.orders().size() == before + 2);
  BOOST_TEST(bench.orders().back().requests.size() == 4u);
}

BOOST_AUTO_TEST_CASE(an_order_is_delivered_while_it_is_being_synced_and_balloted_afterwards) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  BOOST_TEST(bench.sync_is_asked_for());
  BOOST_TEST(bench.delivered(1).second == 2u);
  BOOST_TEST(bench.ballots.empty());
  bench.sync();
  BOOST_TEST(bench.balloted() == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_read_needs_no_sync_of_its_own) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_read(1);
  BOOST_TEST(!bench.sync_is_asked_for());
  BOOST_TEST(bench.balloted() == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_read_is_not_released_before_the_change_before_it_is_stable) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.give_read(2);
  BOOST_TEST(bench.ballots.empty());
  bench.sync();
  BOOST_TEST(bench.balloted() == (std::vector<std::uint64_t>{2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_read_among_changes_waits_for_their_sync) {
  Started bench;
  bench.sync_at_once = false;
  bench.put(Bench::request(1));
  bench.put(Bench::request(2, true), "reader");
  bench.turn();
  BOOST_REQUIRE(bench.orders().back().requests.size() == 2u);
  BOOST_TEST(bench.ballots.empty());
}

BOOST_AUTO_TEST_CASE(what_needs_no_sync_is_synced_within_about_a_second_all_the_same) {
  Started bench;
  bench.pass(seconds(2), milliseconds(50), [&] { bench.decide(); });
  bench.sync_at_once = false;
  bench.give_read(1);
  bench.pass(milliseconds(1'300), milliseconds(50), [&] { bench.decide(); });
  BOOST_TEST(bench.sync_is_asked_for());
}

BOOST_AUTO_TEST_CASE(with_durability_os_an_order_is_stable_once_appended) {
  Started bench(os_config());
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.give_change(2);
  BOOST_TEST(!bench.sync_is_asked_for());
  BOOST_TEST(bench.balloted() == (std::vector<std::uint64_t>{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(bench.status().stable.value == 3u);
}

BOOST_AUTO_TEST_CASE(with_durability_os_a_view_is_synced_all_the_same) {
  Started bench(os_config());
  bench.sync_at_once = false;
  bench.accuse(2, VerdictReason::silence);
  BOOST_TEST(bench.sync_is_asked_for());
  bench.give_change(1);  // which does not wait for it
  BOOST_TEST(bench.balloted().size() == 1u);
}

BOOST_AUTO_TEST_CASE(stable_is_what_was_appended_before_the_sync_began) {
  Started bench;
  const std::uint64_t before = bench.status().stable.value;
  bench.sync_at_once = false;
  bench.give_change(1);
  BOOST_TEST(bench.status().stable.value == before);
  bench.sync();
  BOOST_TEST(bench.status().stable.value == bench.last_sequence().value);
}

// ---- ballots

BOOST_AUTO_TEST_CASE(a_ballot_names_the_requests_of_its_order_in_their_order) {
  Started bench;
  bench.put(Bench::request(7), "a");
  bench.put(Bench::request(8), "b");
  bench.turn();
  BOOST_REQUIRE(bench.ballots.size() == 1u);
  const BallotCall& ballot = bench.ballots[0].ballots[0];
  BOOST_TEST((ballot.order == bench.orders().back().id));
  BOOST_REQUIRE(ballot.requests.size() == 2u);
  for (std::size_t place = 0; place < 2; ++place) {
    BOOST_TEST((ballot.requests[place].session == bench.orders().back().requests[place].session));
    BOOST_TEST((ballot.requests[place].number == bench.orders().back().requests[place].number));
  }
  BOOST_TEST(ballot.requests[0].client.routing_id == "a");
}

BOOST_AUTO_TEST_CASE(a_lost_ballot_is_sent_again) {
  Started bench;
  bench.give_change(1);
  bench.ballots.clear();
  bench.pass(milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_REQUIRE(!bench.ballots.empty());
  BOOST_TEST(bench.balloted()[0] == 2u);
}

BOOST_AUTO_TEST_CASE(a_ballot_that_is_not_stable_is_not_sent_again_either) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.pass(milliseconds(600), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.ballots.empty());
}

BOOST_AUTO_TEST_CASE(a_decided_ballot_is_not_sent_again) {
  Started bench;
  bench.give_change(1);
  bench.decide();
  bench.ballots.clear();
  bench.pass(milliseconds(240), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.ballots.empty());
}

BOOST_AUTO_TEST_CASE(ballots_sent_again_are_split_by_the_limits_of_a_message) {
  Started bench(os_config());
  fill_orders(bench, 40);
  bench.ballots.clear();
  bench.pass(milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.ballots.size() >= 2u);
  for (const BallotCalls& message : bench.ballots) {
    BOOST_TEST(message.ballots.size() <= limits::message_ballots);
    BOOST_TEST(requests_of(message) <= limits::message_ballot_requests);
  }
}

// A routing id may have 255 bytes, and a message beyond the receiver's limit would end the connection.
BOOST_AUTO_TEST_CASE(ballots_of_clients_with_long_routing_ids_stay_below_the_size_of_a_message) {
  Started bench(os_config());
  fill_orders(bench, 40, 255);
  bench.pass(milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });
  for (const BallotCalls& message : bench.ballots) BOOST_TEST(bytes_of(message) <= limits::message_bytes);
}

BOOST_AUTO_TEST_CASE(an_undecided_ballot_is_closed_after_its_lifetime) {
  Started bench;
  bench.give_change(1);
  bench.pass(limits::ballot_lifetime + milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.happened("ballots_expired"));
  BOOST_REQUIRE(!bench.views.empty());
  BOOST_TEST(bench.views.back().closed.value >= 2u);
  BOOST_TEST(bench.status().decided.value == 1u, "it is closed, and not decided");
}

// Those on probation may be late, and the voters may have lied.
BOOST_AUTO_TEST_CASE(while_nothing_later_is_decided_such_a_ballot_has_the_time_of_a_succession) {
  Started bench;
  bench.give_change(1);
  const Sequence undecided = bench.last_sequence();
  const auto passed = [&] {
    ComparatorReport report = bench.report(bench.decided());
    for (VoterTally& tally : report.voters) tally.voted = undecided.next();
    return report;
  };
  bench.pass(milliseconds(1'100), milliseconds(50), [&] { bench.give(passed()); });
  BOOST_TEST(!bench.happened("ballots_expired"));
  bench.pass(milliseconds(300), milliseconds(50), [&] { bench.give(passed()); });
  BOOST_TEST(bench.happened("ballots_expired"));
}

// Law 22: the loss of a vote is noticed by the later votes of the same replicas.
BOOST_AUTO_TEST_CASE(a_ballot_that_every_voter_has_passed_is_closed_before_anybody_takes_the_group_for_stalled) {
  Started bench;
  bench.give_change(1);
  const Sequence lost = bench.last_sequence();
  const auto voted_through = [&](Sequence first, Sequence others) {
    ComparatorReport report = bench.report(bench.decided());
    for (VoterTally& tally : report.voters) tally.voted = tally.replica == ReplicaId(1) ? first : others;
    report.agreed = bench.state_after(bench.last_sequence());  // later orders are decided
    return report;
  };
  bench.pass(milliseconds(400), milliseconds(50), [&] { bench.give(voted_through(lost, lost.next())); });
  BOOST_TEST(!bench.happened("ballots_expired"));
  bench.give(voted_through(lost.next(), lost.next()));
  BOOST_TEST(bench.happened("ballots_expired"));
  BOOST_TEST((bench.decided() >= lost));
  BOOST_TEST(!bench.happened("group_stalled"));
}

BOOST_AUTO_TEST_CASE(open_orders_are_bounded) {
  Started bench(os_config());
  for (std::uint64_t number = 1; number <= limits::open_orders + 10; ++number) bench.give_change(number);
  BOOST_TEST(bench.last_sequence().value == 1 + limits::open_orders);
  bench.give(bench.report(Sequence(5)));
  BOOST_TEST(bench.last_sequence().value > 1 + limits::open_orders);
}

// ---- repetitions

BOOST_AUTO_TEST_CASE(a_repetition_of_a_waiting_request_is_dropped) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.give_change(2);
  bench.give_change(2);
  bench.sync();
  BOOST_TEST(bench.orders().back().requests.size() == 1u);
  BOOST_TEST(bench.refusals().empty());
}

BOOST_AUTO_TEST_CASE(a_repetition_of_a_request_in_an_open_ballot_is_dropped) {
  Started bench;
  bench.give_change(1);
  const auto made = bench.last_sequence();
  bench.give_change(1);
  BOOST_TEST(bench.last_sequence().value == made.value);
  BOOST_TEST(bench.refusals().empty());
}

BOOST_AUTO_TEST_CASE(a_repetition_of_a_decided_request_is_ordered_again) {
  Started bench;
  bench.give_change(1);
  bench.decide();
  const auto made = bench.last_sequence();
  bench.give_change(1);
  BOOST_TEST(bench.last_sequence().value == made.value + 1);
}

BOOST_AUTO_TEST_CASE(a_repetition_of_a_request_whose_ballot_was_closed_is_ordered_again) {
  Started bench;
  bench.give_change(1);
  bench.comparator = Incarnation(78);
  bench.comparator_is_alive();
  const auto made = bench.last_sequence();
  bench.give_change(1);
  BOOST_TEST(bench.last_sequence().value == made.value + 1);
}

// Law 24.
BOOST_AUTO_TEST_CASE(a_request_is_ordered_under_the_name_that_its_secret_has_whatever_name_it_came_with) {
  Started bench;
  Request request = Bench::request(1);
  request.session = {};
  const auto send = [&](const SessionSecret& secret) {
    bench.core.receive(ClientId{"a"}, ClientRequest{secret, request}, bench.now);
  };
  send({{1}});
  send({{2}});
  send({{2}});  // a repetition
  bench.turn();
  const auto ordered = bench.orders().back().requests;
  BOOST_REQUIRE(ordered.size() == 2u);
  BOOST_TEST((ordered[0].session == session_of({{1}})));
  BOOST_TEST((ordered[1].session == session_of({{2}})));
}

BOOST_AUTO_TEST_CASE(a_request_that_acknowledges_its_own_number_is_malformed) {
  Started bench;
  Request request = Bench::request(4);
  request.acknowledged = RequestNumber(4);
  bench.give(request);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::malformed));
}

// ---- refusals

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_with_overloaded_and_says_which_attempt) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  for (std::uint64_t number = 2; number < 2 + limits::pending_requests_per_client; ++number) bench.give_change(number);
  BOOST_TEST(bench.refusals().empty());
  Request one_more = Bench::request(9'999);
  one_more.attempt = 4;
  bench.give(one_more);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  const Refusal refusal = bench.refusals()[0];
  BOOST_TEST((refusal.reason == RefusalReason::overloaded));
  BOOST_TEST((refusal.session == one_more.session));
  BOOST_TEST(refusal.number.value == 9'999u);
  BOOST_TEST(refusal.attempt == 4u);
}

BOOST_AUTO_TEST_CASE(a_refused_request_is_no_repetition_when_it_comes_again) {
  Started bench;
  bench.sync_at_once = false;
  for (std::uint64_t number = 1; number <= 2 + limits::pending_requests_per_client; ++number) bench.give_change(number);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  bench.sync_at_once = true;
  bench.sync();
  const std::size_t ordered = bench.status().requests;
  bench.give_change(2 + limits::pending_requests_per_client);
  BOOST_TEST(bench.status().requests == ordered + 1);
}

BOOST_AUTO_TEST_CASE(an_impossible_request_is_refused_as_malformed) {
  Started bench;
  Request request = Bench::request(1);
  request.result_limit = results::header_bytes - 1;
  bench.give(request);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::malformed));
}

BOOST_AUTO_TEST_CASE(a_draining_distributor_refuses_what_is_new_and_decides_what_is_open) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.give_change(2);  // waits
  bench.core.drain();
  BOOST_TEST(!bench.core.is_drained());
  bench.give_change(3);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::draining));
  bench.sync_at_once = true;
  bench.sync();
  bench.decide();
  BOOST_TEST(bench.core.is_drained());
  BOOST_TEST(bench.orders().back().requests.size() == 1u);
  BOOST_TEST((bench.status().distributor_state == RoleState::draining));
}

// It would end without a word about them.
BOOST_AUTO_TEST_CASE(a_draining_distributor_is_not_idle_while_requests_wait) {
  Bench bench;
  bench.give_change(1);  // there is no comparator yet
  bench.core.drain();
  BOOST_TEST(!bench.core.is_drained());
  bench.pass(milliseconds(1'500));
  BOOST_TEST(bench.refusals().size() == 1u);
  BOOST_TEST(bench.core.is_drained());
}

BOOST_AUTO_TEST_CASE(a_stalled_group_refuses_what_waits_and_what_is_new) {
  Started bench(os_config());
  for (std::uint64_t number = 1; number <= limits::open_orders; ++number) bench.give_change(number);
  bench.give_change(1'000);  // waits for a place
  bench.pass(milliseconds(600), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.happened("group_stalled"));
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST(bench.refusals()[0].number.value == 1'000u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::unavailable));
  bench.give_change(1'001);
  BOOST_TEST(bench.refusals().size() == 2u);
}

// Its ballots are closed before that; refusing is quicker than letting every client wait in vain.
BOOST_AUTO_TEST_CASE(a_long_ack_timeout_does_not_hide_a_stall) {
  DistributorConfig config = Bench::usual_config();
  config.ack_timeout = seconds(10);
  Started bench(config);
  bench.give_change(1);
  bench.pass(limits::ballot_lifetime + milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.happened("group_stalled"));
}

BOOST_AUTO_TEST_CASE(a_stalled_group_serves_again_with_the_next_decision) {
  Started bench;
  bench.give_change(1);
  bench.pass(seconds(8), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  bench.decide();
  BOOST_TEST(bench.happened("group_deciding"));
  BOOST_TEST((bench.status().state == GroupState::ok));
  const auto made = bench.last_sequence();
  bench.give_change(2);
  BOOST_TEST(bench.last_sequence().value == made.value + 1);
}

// What is closed unanswered is not decided: nobody voted on it.
BOOST_AUTO_TEST_CASE(a_stalled_group_stays_so_when_ballots_are_only_closed) {
  Started bench;
  bench.give_change(1);
  bench.pass(seconds(8), milliseconds(50), [&] { bench.comparator_is_alive(); });
  bench.comparator = Incarnation(78);
  bench.comparator_is_alive();
  bench.comparator_is_alive();
  BOOST_TEST((bench.status().state == GroupState::unavailable));
}

// Replicas have nothing to do with it, and what waits is bounded anyhow.
BOOST_AUTO_TEST_CASE(a_slow_disk_is_not_a_group_without_a_majority) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.pass(seconds(2), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(!bench.happened("group_stalled"));
  bench.give_change(2);
  BOOST_TEST(bench.refusals().empty());
  bench.sync();
  BOOST_TEST(bench.balloted() == (std::vector<std::uint64_t>{2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_disk_that_takes_longer_than_a_ballot_may_live_stalls_the_group) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.pass(limits::ballot_lifetime + milliseconds(300), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.happened("group_stalled"));
}

BOOST_AUTO_TEST_CASE(without_a_comparator_requests_are_refused) {
  Started bench;
  bench.pass(milliseconds(1'500));
  bench.give_change(1);
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::unavailable));
}

BOOST_AUTO_TEST_CASE(right_after_the_start_requests_wait_for_the_comparator) {
  Bench bench;
  bench.give_change(1);
  bench.pass(milliseconds(900));
  BOOST_TEST(bench.refusals().empty());
  bench.pass(milliseconds(400));
  BOOST_TEST(bench.refusals().size() == 1u);
}

// ---- waking up late

BOOST_AUTO_TEST_CASE(whoever_wakes_late_does_not_take_its_open_ballots_for_stalled) {
  Started bench;
  bench.give_change(1);
  bench.now = bench.now + seconds(30);
  bench.turn();
  BOOST_TEST(!bench.happened("group_stalled"));
  BOOST_TEST(!bench.happened("ballots_expired"));
}

BOOST_AUTO_TEST_CASE(whoever_wakes_late_refuses_nobody_for_it) {
  Started bench;
  bench.now = bench.now + seconds(30);
  bench.give_change(1);  // read in the first turn after the sleep
  BOOST_TEST(bench.refusals().empty());
  BOOST_TEST((bench.status().state == GroupState::ok));
}

BOOST_AUTO_TEST_CASE(whoever_is_awake_does_not_forgive) {
  Started bench;
  bench.give_change(1);
  bench.pass(milliseconds(600), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.happened("group_stalled"));
}

// ---- deadlines: a fake shell drives the core, and counts its turns

BOOST_AUTO_TEST_CASE(an_idle_core_rests) {
  Started bench;
  bench.turns = 0;
  bench.pass(seconds(120), milliseconds(50),
             [&] { bench.core.receive(bench.report(bench.last_sequence()), bench.now); });
  // 20 turns a second are the comparator's reports; an empty order, a beat, a sync are due 4, 4 and 1 times.
  BOOST_TEST(bench.turns <= 120u * (20 + 20));
}

BOOST_AUTO_TEST_CASE(a_core_without_a_comparator_rests) {
  Bench bench;
  bench.turns = 0;
  bench.pass(seconds(120));
  BOOST_TEST(bench.turns <= 120u * 10);
}

BOOST_AUTO_TEST_CASE(a_stalled_core_rests) {
  Started bench;
  bench.give_change(1);
  bench.turns = 0;
  bench.pass(seconds(120), milliseconds(50), [&] {
    bench.core.receive(bench.report(Sequence(1)), bench.now);
    bench.ballots.clear();
  });
  BOOST_TEST(bench.turns <= 120u * (20 + 40));
}

BOOST_AUTO_TEST_CASE(a_core_whose_disk_hangs_rests) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  bench.turns = 0;
  bench.pass(seconds(60), milliseconds(50), [&] { bench.core.receive(bench.report(Sequence(1)), bench.now); });
  BOOST_TEST(bench.turns <= 60u * (20 + 40));
}

BOOST_AUTO_TEST_CASE(a_loaded_core_takes_few_turns_beyond_its_inputs) {
  Started bench;
  std::uint64_t number = 0;
  std::uint64_t inputs = 0;
  bench.turns = 0;
  bench.pass(seconds(20), milliseconds(1), [&] {
    ++inputs;
    bench.put(Bench::request(++number));
    if (inputs % 10 != 0) return;
    bench.core.receive(bench.report(bench.last_sequence()), bench.now);
    for (std::uint64_t id = 1; id <= Bench::replicas; ++id)
      bench.core.receive(ReplicaId(id), bench.replica_report(bench.last_sequence()), bench.now);
    bench.forget();
  });
  BOOST_TEST(bench.turns <= 3 * inputs);
  BOOST_TEST(bench.status().requests >= number - 1);
}

BOOST_AUTO_TEST_CASE(a_core_whose_deliveries_fail_does_not_spin) {
  Started bench;
  std::uint64_t failures = 0;
  bench.turns = 0;
  bench.pass(seconds(20), milliseconds(50), [&] {
    bench.core.receive(bench.report(bench.last_sequence()), bench.now);
    for (const auto& delivery : bench.deliveries)
      if (delivery.replica == ReplicaId(3)) {
        bench.core.delivery_failed(ReplicaId(3), delivery.first);
        ++failures;
      }
    bench.deliveries.clear();
  });
  BOOST_TEST(failures > 10u);
  BOOST_TEST(bench.turns <= 20u * (20 + 60));
}

// Law 25: reads need no sync, so their orders would all be on the way at once, and whoever comes next would wait for
// the results of all of them.
BOOST_AUTO_TEST_CASE(no_order_is_begun_while_many_results_are_on_their_way) {
  Started bench;
  const auto ordered = [&] {
    std::size_t count = 0;
    for (const Order& order : bench.orders()) count += order.requests.size();
    return count;
  };
  constexpr std::size_t each = 500'000;
  for (std::uint64_t number = 1; number <= 60; ++number) {
    Request request = Bench::request(number, true);
    request.result_limit = each;
    bench.put(request, "client" + std::to_string(number));
  }
  bench.turn();
  const std::size_t first = ordered();
  BOOST_TEST(first * each >= limits::open_result_bytes);
  BOOST_TEST(first * each <= limits::open_result_bytes + limits::order_result_bytes);
  const Sequence last = bench.last_sequence();
  bench.pass(milliseconds(400), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(ordered() == first);
  BOOST_TEST((bench.last_sequence() > last));  // empty ones, by which a group that stands still goes on
  bench.decide();
  BOOST_TEST(ordered() > first);
}

BOOST_AUTO_TEST_SUITE_END()
