// SPDX-License-Identifier: Apache-2.0
// Requests in flight: what is certain of one of them, and how they are numbered together.
#include <boost/test/unit_test.hpp>
#include <vector>

#include "client/flights.h"
#include "protocol/limits.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(100);
const Instant soon = start + seconds(1);
const Instant later = start + seconds(10);
const SessionId session{{1}};

Request request() {
  Request request;
  request.session = session;
  return request;
}
Batch::Part part(std::uint64_t call, Instant deadline = later, std::size_t operations = 1) {
  return {CallId{call}, operations, deadline};
}
Flight flight(std::vector<Batch::Part> parts = {part(1)}) { return {request(), std::move(parts)}; }

RequestResult executed(std::size_t operations) {
  RequestResult result{RequestOutcome::executed, Sequence(7), {}};
  for (std::size_t count = 0; count < operations; ++count)
    result.operations.push_back({OperationStatus::ok, static_cast<std::int64_t>(10 + count), {}, {}, {}});
  return result;
}

void check(const CompletedCall& completed, std::uint64_t call, CallOutcome outcome, CallError error) {
  BOOST_TEST(completed.call.value == call);
  for (const Answer& answer : completed.answers) {
    BOOST_TEST((answer.outcome == outcome));
    BOOST_TEST(to_string(answer.error) == to_string(error));
  }
}

struct Bench {
  Flights flights;
  std::vector<CompletedCall> completed;

  Bench() { flights.add(request(), {}); }  // the opening
  void open() { flights.clear(); }
  Flight& add(std::uint64_t call, Instant deadline = later) { return flights.add(request(), {part(call, deadline)}); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flight_alone)

BOOST_AUTO_TEST_CASE(a_request_is_certainly_not_ordered_only_if_each_of_its_transmissions_was_refused) {
  Flight one = flight();
  BOOST_TEST(!one.was_never_ordered());
  BOOST_TEST(one.refused(1, CallError::overloaded));
  BOOST_TEST(one.was_never_ordered());
  one.begin_next_attempt(seconds(2));
  BOOST_TEST(!one.was_never_ordered());
  BOOST_TEST(one.refused(2, CallError::unavailable));
  BOOST_TEST(one.was_never_ordered());
  BOOST_TEST((one.last_refusal() == CallError::unavailable));
}

BOOST_AUTO_TEST_CASE(an_attempt_of_which_nothing_is_known_stays_uncertain_whatever_is_said_of_later_ones) {
  Flight one = flight();
  one.begin_next_attempt(seconds(2));
  BOOST_TEST(one.refused(2, CallError::unavailable));
  BOOST_TEST(!one.was_never_ordered());
}

BOOST_AUTO_TEST_CASE(a_transmission_that_never_left_was_not_ordered_either) {
  Flight one = flight();
  one.not_sent(1);
  BOOST_TEST(one.was_never_ordered());
  BOOST_TEST(!one.last_refusal());
}

BOOST_AUTO_TEST_CASE(refusals_that_are_known_already_and_those_of_no_transmission_say_nothing) {
  Flight one = flight();
  BOOST_TEST(!one.refused(0, CallError::overloaded));
  BOOST_TEST(!one.refused(2, CallError::overloaded));
  BOOST_TEST(one.refused(1, CallError::overloaded));
  BOOST_TEST(!one.refused(1, CallError::unavailable));
  BOOST_TEST((one.last_refusal() == CallError::overloaded));
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest_one) {
  Flight one = flight();
  std::vector<std::int64_t> pauses;
  for (int count = 0; count < 4; ++count) {
    pauses.push_back(one.pause().milliseconds());
    one.begin_next_attempt(seconds(1));
  }
  BOOST_TEST(pauses == (std::vector<std::int64_t>{300, 600, 1'000, 1'000}), boost::test_tools::per_element());
  BOOST_TEST(one.request().attempt == 5u);
}

BOOST_AUTO_TEST_CASE(each_call_gets_the_results_of_its_own_operations) {
  Flight one = flight({part(1), part(2, later, 2)});
  std::vector<CompletedCall> completed;
  one.complete(executed(3), 2, completed);
  BOOST_REQUIRE(completed.size() == 2u);
  check(completed[1], 2, CallOutcome::done, CallError::none);
  BOOST_TEST(completed[1].answers[1].value().value() == 12);
  BOOST_TEST(completed[1].answers[1].sequence.value == 7u);
  BOOST_TEST(completed[1].answers[1].votes == 2u);
}

BOOST_AUTO_TEST_CASE(what_the_group_refuses_by_vote_is_refused_and_has_no_value) {
  Flight one = flight({part(1, later, 2)});
  RequestResult result = executed(2);
  result.operations[1].status = OperationStatus::overflow;
  std::vector<CompletedCall> completed;
  one.complete(result, 2, completed);
  const Answer& done = completed.at(0).answers.at(0);
  const Answer& refused = completed.at(0).answers.at(1);
  BOOST_TEST(static_cast<bool>(done));
  BOOST_TEST(!refused);
  BOOST_TEST((refused.outcome == CallOutcome::refused));
  BOOST_TEST(refused.is_decided());
  BOOST_TEST(!refused.value());
}

BOOST_AUTO_TEST_CASE(calls_for_which_there_are_no_results_are_unknown) {
  Flight one = flight({part(1), part(2)});
  std::vector<CompletedCall> completed;
  one.complete(executed(1), 2, completed);
  BOOST_REQUIRE(completed.size() == 2u);
  check(completed[0], 1, CallOutcome::done, CallError::none);
  check(completed[1], 2, CallOutcome::unknown, CallError::malformed);
}

BOOST_AUTO_TEST_CASE(a_call_is_completed_once) {
  Flight one = flight();
  std::vector<CompletedCall> completed;
  one.fail(CallOutcome::unknown, CallError::closed, completed);
  one.fail(CallOutcome::unknown, CallError::closed, completed);
  one.complete(executed(1), 2, completed);
  one.expire(later, completed);
  BOOST_TEST(completed.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_is_needed_until_the_last_of_its_calls_has_ended) {
  Flight one = flight({part(1, soon), part(2, later)});
  std::vector<CompletedCall> completed;
  one.not_sent(1);
  BOOST_TEST((one.earliest_deadline() == soon));
  BOOST_TEST(one.any_expired(soon));
  BOOST_TEST(one.expire(soon, completed));
  check(completed.at(0), 1, CallOutcome::unknown, CallError::timed_out);  // it is sent again, for the other one
  BOOST_TEST((one.earliest_deadline() == later));
  BOOST_TEST(!one.any_expired(soon));
  BOOST_TEST(!one.expire(later, completed));
  check(completed.at(1), 2, CallOutcome::not_applied, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(a_call_whose_time_is_up_after_refusals_alone_is_told_the_last_of_them) {
  Flight one = flight();
  std::vector<CompletedCall> completed;
  one.refused(1, CallError::draining);
  BOOST_TEST(!one.expire(later, completed));
  check(completed.at(0), 1, CallOutcome::not_applied, CallError::draining);
}

BOOST_AUTO_TEST_CASE(a_request_without_calls_is_the_sessions_own_and_never_expires) {
  Flight one = flight({});
  std::vector<CompletedCall> completed;
  BOOST_TEST(one.is_own());
  BOOST_TEST(one.expire(later, completed));
  BOOST_TEST((one.earliest_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(flights_together)

BOOST_AUTO_TEST_CASE(the_opening_has_number_zero_and_the_requests_follow) {
  Bench bench;
  BOOST_TEST(bench.flights.begin()->first.value == 0u);
  BOOST_TEST(bench.flights.acknowledged().value == 0u);
  bench.open();
  BOOST_TEST(bench.flights.acknowledged().value == 0u);
  BOOST_TEST(bench.add(1).request().number.value == 1u);
  BOOST_TEST(bench.add(2).request().number.value == 2u);
}

BOOST_AUTO_TEST_CASE(a_new_session_is_numbered_anew) {
  Bench bench;
  bench.open();
  bench.add(1);
  bench.flights.clear();
  bench.flights.begin_session();
  BOOST_TEST(bench.flights.add(request(), {}).request().number.value == 0u);
}

BOOST_AUTO_TEST_CASE(the_watermark_stays_below_the_oldest_that_is_in_flight) {
  Bench bench;
  bench.open();
  for (std::uint64_t call = 1; call <= 3; ++call) bench.add(call);
  bench.flights.finish(RequestNumber(2));
  BOOST_TEST(bench.flights.acknowledged().value == 0u);
  bench.flights.finish(RequestNumber(1));
  BOOST_TEST(bench.flights.acknowledged().value == 2u);
  bench.flights.finish(RequestNumber(3));
  BOOST_TEST(bench.flights.acknowledged().value == 3u);
}

BOOST_AUTO_TEST_CASE(the_window_closes_when_the_oldest_is_far_behind) {
  Bench bench;
  bench.open();
  bench.add(1);
  for (std::uint64_t number = 2; number <= limits::session_window; ++number) {
    BOOST_REQUIRE(bench.flights.window_is_open());
    bench.add(number);
    bench.flights.finish(RequestNumber(number));
  }
  BOOST_TEST(!bench.flights.window_is_open());
  bench.flights.finish(RequestNumber(1));
  BOOST_TEST(bench.flights.window_is_open());
}

BOOST_AUTO_TEST_CASE(a_request_is_found_by_its_session_and_number) {
  Bench bench;
  bench.open();
  bench.add(1);
  BOOST_TEST((bench.flights.find(session, RequestNumber(1)) != nullptr));
  BOOST_TEST((bench.flights.find(session, RequestNumber(2)) == nullptr));
  BOOST_TEST((bench.flights.find(SessionId{{2}}, RequestNumber(1)) == nullptr));
}

BOOST_AUTO_TEST_CASE(requests_that_nobody_needs_any_more_are_given_up_when_their_time_is_up) {
  Bench bench;
  bench.open();
  bench.add(1, soon);
  bench.add(2, later);
  BOOST_TEST((bench.flights.earliest_deadline() == soon));
  BOOST_TEST(!bench.flights.any_expired(start));
  BOOST_TEST(bench.flights.any_expired(soon));
  bench.flights.expire(soon, bench.completed);
  BOOST_REQUIRE(bench.completed.size() == 1u);
  check(bench.completed[0], 1, CallOutcome::unknown, CallError::timed_out);
  BOOST_TEST(bench.flights.size() == 1u);
  BOOST_TEST(bench.flights.acknowledged().value == 1u);
  BOOST_TEST((bench.flights.earliest_deadline() == later));
}

BOOST_AUTO_TEST_CASE(those_that_were_never_ordered_fail_with_their_own_refusal_and_the_others_stay) {
  Bench bench;
  bench.open();
  bench.add(1).refused(1, CallError::overloaded);
  bench.add(2).not_sent(1);
  bench.add(3);
  bench.flights.add(request(), {}).not_sent(1);  // the session's own
  bench.flights.fail_never_ordered(CallError::unavailable, bench.completed);
  BOOST_REQUIRE(bench.completed.size() == 2u);
  check(bench.completed[0], 1, CallOutcome::not_applied, CallError::overloaded);
  check(bench.completed[1], 2, CallOutcome::not_applied, CallError::unavailable);
  BOOST_TEST(bench.flights.size() == 2u);
  BOOST_TEST((bench.flights.own() != nullptr));
}

BOOST_AUTO_TEST_CASE(of_those_that_are_given_up_only_what_is_certain_is_not_applied) {
  Bench bench;
  bench.open();
  bench.add(1);
  bench.add(2);
  bench.add(3).refused(1, CallError::overloaded);
  bench.flights.give_up(CallError::session_expired, RequestNumber(1), bench.completed);
  BOOST_REQUIRE(bench.completed.size() == 3u);
  check(bench.completed[0], 1, CallOutcome::not_applied, CallError::session_expired);
  check(bench.completed[1], 2, CallOutcome::unknown, CallError::session_expired);
  check(bench.completed[2], 3, CallOutcome::not_applied, CallError::session_expired);
  BOOST_TEST(bench.flights.empty());
}

BOOST_AUTO_TEST_CASE(what_the_group_did_not_execute_is_unknown_if_it_was_sent_twice) {
  Bench bench;
  bench.open();
  bench.add(1).begin_next_attempt(seconds(2));
  bench.flights.give_up(CallError::session_expired, RequestNumber(1), bench.completed);
  check(bench.completed.at(0), 1, CallOutcome::unknown, CallError::session_expired);
}

BOOST_AUTO_TEST_CASE(the_next_repetition_is_that_of_the_first_that_is_due) {
  Bench bench;
  bench.open();
  BOOST_TEST((bench.flights.earliest_retry() == Instant::never()));
  bench.add(1).transmit(RequestNumber(0), later);
  const Request& sent = bench.add(2).transmit(RequestNumber(1), soon);
  BOOST_TEST(sent.acknowledged.value == 1u);
  BOOST_TEST((bench.flights.earliest_retry() == soon));
}

BOOST_AUTO_TEST_SUITE_END()
