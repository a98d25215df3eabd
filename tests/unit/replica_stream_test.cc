// SPDX-License-Identifier: Apache-2.0
// What a distributor sends to one replica, and what it makes of its reports.
#include "distributor/replica_stream.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

const Instant start{seconds(100).nanoseconds};
const Sequence last(10'000);
const Sequence next_ballot(9'000);

ReplicaReport reports(std::uint64_t applied, std::uint64_t recovery = 1, std::uint64_t incarnation = 5) {
  ReplicaReport report;
  report.incarnation = Incarnation(incarnation);
  report.recovery = Recovery(recovery);
  report.applied.sequence = Sequence(applied);
  return report;
}

struct Bench {
  ReplicaStream stream;
  ReplicaStream::Beginning receive(const ReplicaReport& report, Instant now = start) {
    return stream.receive(report, last, next_ballot, now);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(replica_stream)

BOOST_AUTO_TEST_CASE(a_replica_is_present_for_a_second_after_it_was_heard_of) {
  Bench bench;
  BOOST_TEST(!bench.stream.is_present(start));
  bench.receive(reports(7));
  BOOST_TEST(bench.stream.is_present(start + seconds(1)));
  BOOST_TEST(!bench.stream.is_present(start + milliseconds(1001)));
  bench.stream.forgive(start + seconds(5));
  BOOST_TEST(bench.stream.is_present(start + seconds(5)));
}

BOOST_AUTO_TEST_CASE(a_life_begins_with_a_process_a_recovery_or_a_roll_back) {
  Bench bench;
  const auto begins = [&](const ReplicaReport& report) {
    const ReplicaStream::Beginning beginning = bench.receive(report);
    return std::pair(beginning.of_process, beginning.of_stream);
  };
  BOOST_TEST((begins(reports(7)) == std::pair(true, true)));
  BOOST_TEST((begins(reports(8)) == std::pair(false, false)));
  BOOST_TEST((begins(reports(8, 2)) == std::pair(false, true)));
  BOOST_TEST((begins(reports(5, 2)) == std::pair(false, true)));
  BOOST_TEST((begins(reports(5, 2, 6)) == std::pair(true, true)));
}

BOOST_AUTO_TEST_CASE(orders_are_sent_within_the_window_and_a_turn) {
  Bench bench;
  bench.receive(reports(100));
  BOOST_TEST(bench.stream.sent().value == 100u);
  BOOST_TEST(bench.stream.room(Sequence(101)).value == 101u);
  BOOST_TEST(bench.stream.room(last).value ==
             std::min(100 + limits::replica_window_orders, 100 + limits::catch_up_orders_per_turn));
  bench.stream.delivered(Sequence(100 + limits::replica_window_orders));
  BOOST_TEST(bench.stream.room(last).value == 100 + limits::replica_window_orders);
}

BOOST_AUTO_TEST_CASE(what_was_sent_is_sent_again_to_a_new_life_and_to_who_asks) {
  Bench bench;
  bench.receive(reports(100));
  bench.stream.delivered(Sequence(150));
  bench.receive(reports(120));
  BOOST_TEST(bench.stream.sent().value == 150u);
  ReplicaReport asks = reports(120);
  asks.resend = true;
  bench.receive(asks);
  BOOST_TEST(bench.stream.sent().value == 120u);
  bench.stream.delivered(Sequence(150));
  bench.receive(reports(130, 2));
  BOOST_TEST(bench.stream.sent().value == 130u);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_sent_is_tried_again_after_a_moment) {
  Bench bench;
  bench.receive(reports(100));
  bench.stream.delivered(Sequence(150));
  BOOST_TEST(bench.stream.orders_sent() == 50u);
  bench.stream.delivery_failed(Sequence(141), start);
  BOOST_TEST(bench.stream.orders_sent() == 40u);
  BOOST_TEST(bench.stream.sent().value == 140u);
  BOOST_TEST((bench.stream.may_send_from() == start + milliseconds(5)));
}

BOOST_AUTO_TEST_CASE(it_votes_from_the_first_open_ballot_of_its_life_on) {
  Bench bench;
  bench.receive(reports(100));
  BOOST_TEST(bench.stream.vote_from(Recovery(1), Sequence(9'500)).value == next_ballot.value);
  BOOST_TEST(bench.stream.vote_from(Recovery(2), Sequence(9'500)).value == 9'500u);  // it is told of a new one
}

BOOST_AUTO_TEST_CASE(who_claims_more_than_there_is_has_not_carried_out_its_recovery) {
  Bench bench;
  bench.receive(reports(100));
  BOOST_TEST(bench.stream.has_carried_out(Recovery(1), Sequence(100)));
  BOOST_TEST(!bench.stream.has_carried_out(Recovery(1), Sequence(99)));
  BOOST_TEST(!bench.stream.has_carried_out(Recovery(2), Sequence(100)));
}

BOOST_AUTO_TEST_CASE(a_lack_of_state_is_news_once_in_a_life) {
  Bench bench;
  ReplicaReport wanting = reports(100);
  wanting.state_wanted = Sequence(1);
  bench.receive(wanting);
  BOOST_TEST(!bench.stream.begins_to_lack_state(Sequence(101)), "the journal leads on");
  BOOST_TEST(bench.stream.begins_to_lack_state(Sequence(102)));
  BOOST_TEST(!bench.stream.begins_to_lack_state(Sequence(102)));
  wanting.recovery = Recovery(2);
  bench.receive(wanting);
  BOOST_TEST(bench.stream.begins_to_lack_state(Sequence(102)));
}

BOOST_AUTO_TEST_CASE(an_unproven_import_is_no_state_to_vote_with) {
  Bench bench;
  ReplicaReport imported = reports(100);
  imported.imported = true;
  bench.receive(imported);
  BOOST_TEST(bench.stream.begins_to_lack_state(Sequence(1)));
}

BOOST_AUTO_TEST_CASE(a_fresh_report_is_measured_against_what_it_could_know) {
  Bench bench;
  bench.receive(reports(100));
  BOOST_TEST(bench.stream.reportable(Sequence(20'000), start + milliseconds(500)).value == last.value);
  BOOST_TEST(bench.stream.reportable(Sequence(20'000), start + milliseconds(501)).value == 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()
