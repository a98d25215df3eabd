// SPDX-License-Identifier: Apache-2.0
// When ballots go to the comparator, again, and are given up; which requests are on their way.
#include "distributor/open_orders.h"

#include <boost/test/unit_test.hpp>
#include <variant>
#include <vector>

using namespace tally;

namespace {

const Instant start{seconds(100).nanoseconds};
const Term term(3);

struct Bench {
  OpenOrders orders{{term, 7, milliseconds(250), 4}, start};
  JournalProgress progress{true, Sequence(0), start};
  std::vector<Message> sent;

  void add(std::uint64_t sequence, Instant now = start, std::size_t result_bytes = 10) {
    OpenOrder order;
    order.ballot.order = {term, Sequence(sequence), {}};
    order.ballot.requests = {{{"client"}, {{1}}, RequestNumber(sequence)}};
    progress.appended_order(Sequence(sequence), true);
    order.stable_after = progress.stable_after();
    order.result_bytes = result_bytes;
    order.waits_since = now;
    orders.add(std::move(order));
  }
  // The sequence numbers of the ballots that are sent, message by message.
  std::vector<std::vector<std::uint64_t>> take() {
    std::vector<std::vector<std::uint64_t>> taken;
    for (const Message& message : sent) {
      taken.emplace_back();
      for (const BallotCall& ballot : std::get<BallotCalls>(message).ballots)
        taken.back().push_back(ballot.order.sequence.value);
    }
    sent.clear();
    return taken;
  }
  std::vector<std::vector<std::uint64_t>> release(Instant now = start) {
    orders.release(progress, now, sent);
    return take();
  }
  std::vector<std::vector<std::uint64_t>> resend(Instant now) {
    orders.resend(now, sent);
    return take();
  }
};

using Sent = std::vector<std::vector<std::uint64_t>>;

}  // namespace

BOOST_AUTO_TEST_SUITE(open_orders)

BOOST_AUTO_TEST_CASE(a_ballot_is_sent_once_its_order_is_stable_and_only_once) {
  Bench bench;
  bench.add(1);
  bench.add(2);
  BOOST_TEST((bench.release() == Sent{}));
  bench.progress.synced(1, start);
  BOOST_TEST((bench.release() == Sent{{1}}));
  BOOST_TEST((bench.release() == Sent{}));
  bench.progress.synced(2, start);
  BOOST_TEST((bench.release() == Sent{{2}}));
}

BOOST_AUTO_TEST_CASE(ballots_travel_in_messages_within_their_limits) {
  Bench bench;
  for (std::uint64_t sequence = 1; sequence <= limits::message_ballots + 1; ++sequence) bench.add(sequence);
  bench.progress.synced(limits::message_ballots + 1, start);
  const Sent sent = bench.release();
  BOOST_REQUIRE(sent.size() == 2u);
  BOOST_TEST(sent[0].size() == limits::message_ballots);
  BOOST_TEST(sent[1].size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_ballot_is_sent_again_while_nothing_moves) {
  Bench bench;
  bench.add(1);
  BOOST_TEST((bench.resend(start + seconds(1)) == Sent{}));  // it was never sent
  bench.progress.synced(1, start);
  bench.release(start + seconds(2));
  BOOST_TEST((bench.resend(start + seconds(2) + milliseconds(99)) == Sent{}));
  BOOST_TEST((bench.resend(start + seconds(2) + milliseconds(100)) == Sent{{1}}));
  BOOST_TEST((bench.resend(start + seconds(2) + milliseconds(199)) == Sent{}));
  BOOST_TEST((bench.resend(start + seconds(2) + milliseconds(200)) == Sent{{1}}));
}

BOOST_AUTO_TEST_CASE(what_is_closed_is_open_no_more_and_its_requests_may_come_again) {
  Bench bench;
  BOOST_TEST(bench.orders.begin_request({{1}}, RequestNumber(1)));
  BOOST_TEST(!bench.orders.begin_request({{1}}, RequestNumber(1)));
  bench.add(1);
  bench.add(2);
  bench.orders.close(Sequence(1));
  BOOST_TEST(bench.orders.begin_request({{1}}, RequestNumber(1)));
  BOOST_TEST(!bench.orders.empty());
  bench.orders.close(Sequence(9));
  BOOST_TEST(bench.orders.empty());
}

BOOST_AUTO_TEST_CASE(a_request_that_was_refused_may_come_again) {
  Bench bench;
  BOOST_TEST(bench.orders.begin_request({{1}}, RequestNumber(1)));
  bench.orders.end_request({{1}}, RequestNumber(1));
  BOOST_TEST(bench.orders.begin_request({{1}}, RequestNumber(1)));
}

BOOST_AUTO_TEST_CASE(orders_and_the_bytes_of_their_results_are_bounded) {
  Bench bench;
  bench.add(1, start, limits::open_result_bytes);
  BOOST_TEST(!bench.orders.has_room_for_results());
  bench.orders.close(Sequence(1));
  BOOST_TEST(bench.orders.has_room_for_results());
  for (std::uint64_t sequence = 2; sequence < limits::open_orders + 2; ++sequence) {
    BOOST_TEST(bench.orders.has_room());
    bench.add(sequence);
  }
  BOOST_TEST(!bench.orders.has_room());
}

// ---- what is given up

BOOST_AUTO_TEST_CASE(an_order_expires_after_the_life_of_a_ballot) {
  Bench bench;
  bench.add(1);
  BOOST_TEST((bench.orders.expires_at({}) == start + limits::ballot_lifetime));
  BOOST_TEST(bench.orders.expired({}, start + limits::ballot_lifetime + milliseconds(-1)).value == 0u);
  BOOST_TEST(bench.orders.expired({}, start + limits::ballot_lifetime).value == 1u);
}

BOOST_AUTO_TEST_CASE(an_order_that_all_have_passed_and_a_later_decision_has_overtaken_expires_soon) {
  Bench bench;
  bench.add(1);
  bench.add(2);
  bench.progress.synced(2, start);
  bench.release();
  const OpenOrders::Votes passed{Sequence(2), {}};
  const OpenOrders::Votes overtaken{{}, Sequence(2)};
  const OpenOrders::Votes both{Sequence(2), Sequence(2)};
  const Duration succession = milliseconds(250) * 5;
  BOOST_TEST((bench.orders.expires_at(passed) == start + succession));
  BOOST_TEST((bench.orders.expires_at(overtaken) == start + succession));
  BOOST_TEST((bench.orders.expires_at(both) == start + milliseconds(250)));
  BOOST_TEST(bench.orders.expired(both, start + milliseconds(250)).value == 1u);  // the second waits on
}

BOOST_AUTO_TEST_CASE(an_order_whose_ballot_was_not_sent_is_not_passed) {
  Bench bench;
  bench.add(1);
  BOOST_TEST((bench.orders.expires_at({Sequence(2), Sequence(2)}) == start + limits::ballot_lifetime));
}

BOOST_AUTO_TEST_CASE(the_group_stalls_when_a_ballot_that_was_sent_is_not_decided) {
  Bench bench;
  BOOST_TEST((bench.orders.stalls_at() == Instant::never()));
  bench.add(1);
  BOOST_TEST((bench.orders.stalls_at() == start + limits::ballot_lifetime));  // the disk may be slow
  bench.progress.synced(1, start);
  bench.release(start + milliseconds(10));
  BOOST_TEST((bench.orders.stalls_at() == start + milliseconds(510)));
  bench.orders.restart_timers(start + seconds(9));
  BOOST_TEST((bench.orders.stalls_at() == start + seconds(9) + milliseconds(500)));
}

BOOST_AUTO_TEST_SUITE_END()
