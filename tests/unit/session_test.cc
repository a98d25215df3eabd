// SPDX-License-Identifier: Apache-2.0
// What a client session sends, and when. What it says of each call: session_outcomes_test.cc.
#include "session_bench.h"

using namespace tally;
using Bench = SessionBench;

BOOST_AUTO_TEST_SUITE(session)

// ---- finding the group

BOOST_AUTO_TEST_CASE(it_says_hello_to_both_until_they_answer) {
  Bench bench;
  bench.turn();
  BOOST_TEST(bench.hellos_to_distributor == 1u);
  BOOST_TEST(bench.hellos_to_comparator == 1u);
  bench.pass(milliseconds(500));
  BOOST_TEST(bench.hellos_to_distributor == 3u);
  bench.welcome_from_distributor();
  bench.pass(milliseconds(500));
  BOOST_TEST(bench.hellos_to_distributor == 3u);
  BOOST_TEST(bench.hellos_to_comparator == 5u);
  bench.welcome_from_comparator();
  bench.pass(seconds(5));
  BOOST_TEST(bench.hellos_to_comparator == 5u);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_the_comparator_has_welcomed) {
  Bench bench;
  bench.submit(add());
  bench.welcome_from_distributor();
  bench.pass(seconds(1));
  BOOST_TEST(bench.requests.empty());
  bench.welcome_from_comparator();
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST((bench.requests[0].kind == RequestKind::open_session));
}

BOOST_AUTO_TEST_CASE(no_session_is_opened_before_it_is_wanted) {
  Bench bench;
  bench.welcome();
  bench.pass(seconds(10));
  BOOST_TEST(bench.requests.empty());
}

BOOST_AUTO_TEST_CASE(requests_wait_for_the_session) {
  Bench bench;
  bench.welcome();
  bench.submit(add());
  bench.submit(add());
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST(bench.requests[0].result_limit == results::header_bytes);
  bench.answer_opening();
  BOOST_REQUIRE(bench.requests.size() == 2u);
  BOOST_TEST((bench.requests[1].session == bench.requests[0].session));
  BOOST_TEST(bench.requests[1].number.value == 1u);
  BOOST_TEST(bench.requests[1].acknowledged.value == 0u);
}

BOOST_AUTO_TEST_CASE(the_opening_is_sent_again_under_its_number) {
  Bench bench;
  bench.welcome();
  bench.submit(add());
  bench.random = 0;
  bench.pass(milliseconds(301));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  BOOST_TEST((bench.requests[0].number == bench.requests[1].number));
}

BOOST_AUTO_TEST_CASE(a_full_group_opens_no_session_and_is_asked_again_later) {
  Bench bench;
  bench.welcome();
  const auto call = bench.submit(add());
  bench.decide(bench.requests.back(), Bench::outcome(RequestOutcome::sessions_full));
  bench.check(call, CallOutcome::not_applied, CallError::tables_full);
  bench.submit(add());
  BOOST_TEST(bench.requests.size() == 1u);
  bench.pass(milliseconds(400));
  BOOST_TEST(bench.requests.size() == 2u);
}

// So that whoever asks whether this client serves is told the truth.
BOOST_AUTO_TEST_CASE(a_client_without_a_session_is_not_available_and_asks_for_one_by_itself) {
  Bench bench;
  bench.welcome();
  bench.submit(add());
  bench.decide(bench.requests.back(), Bench::outcome(RequestOutcome::sessions_full));
  BOOST_TEST(!bench.core.available());
  bench.pass(milliseconds(400));
  bench.decide(bench.requests.back(), Bench::outcome(RequestOutcome::sessions_full));
  BOOST_TEST(!bench.core.available());
  bench.pass(milliseconds(400));
  BOOST_TEST(bench.requests.size() == 3u);
  bench.answer_opening();
  BOOST_TEST(bench.core.available());
}

BOOST_AUTO_TEST_CASE(a_session_is_opened_at_once_where_that_is_asked_for) {
  Bench bench;
  SessionConfig config = bench.config(1);
  config.opens_at_once = true;
  bench.core = SessionCore(config, bench.now);
  bench.welcome();
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST((bench.requests[0].kind == RequestKind::open_session));
  bench.answer_opening();
  bench.pass(limits::unused_session_lifetime);
  BOOST_TEST(bench.requests.size() > 1u, "an empty request keeps it");
}

BOOST_AUTO_TEST_CASE(an_overloaded_group_is_asked_again_for_the_session_while_calls_wait) {
  Bench bench;
  bench.welcome();
  const auto call = bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::overloaded);
  BOOST_TEST(bench.answers.empty());
  bench.pass(milliseconds(20));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  bench.answer_opening();
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

// ---- requests

BOOST_AUTO_TEST_CASE(an_answer_says_value_order_and_votes) {
  Opened bench;
  const auto call = bench.submit(add());
  bench.answer(bench.requests.back(), 42);
  bench.check(call, CallOutcome::done, CallError::none);
  const Answer& answer = bench.only_answer(call);
  BOOST_TEST((answer.result.status == OperationStatus::ok));
  BOOST_TEST(answer.result.value == 42);
  BOOST_TEST(answer.sequence.value == 99u);
  BOOST_TEST(answer.votes == 2u);
}

BOOST_AUTO_TEST_CASE(an_operation_that_was_executed_before_is_answered_with_its_first_order) {
  Opened bench;
  const auto call = bench.submit(add());
  std::string bytes;
  results::append_header(bytes, RequestOutcome::executed, Sequence(99), 1);
  append_number(bytes, static_cast<std::uint8_t>(1 | results::has_first_sequence));
  append_number(bytes, std::int64_t{42});
  append_number(bytes, std::uint64_t{33});
  bench.decide(bench.requests.back(), bytes);
  BOOST_TEST(bench.only_answer(call).sequence.value == 33u);
}

BOOST_AUTO_TEST_CASE(an_answer_with_a_detail_says_how_long_the_counter_still_has) {
  const auto expires_in_ms = [](const CounterDetail& detail) {
    Bench bench;
    bench.open();
    const auto call = bench.submit(add());
    std::string bytes;
    results::append_header(bytes, RequestOutcome::executed, Sequence(99), 1);
    append_number(bytes, static_cast<std::uint8_t>(1 | results::has_detail));
    append_number(bytes, std::int64_t{42});
    append_number(bytes, detail.expires_in_ms);
    append_number(bytes, detail.expires_at_ms);
    append_number(bytes, detail.last_change);
    bench.decide(bench.requests.back(), bytes);
    const Answer& answer = bench.only_answer(call);
    BOOST_TEST((answer.result.detail == detail));
    return answer.expires_in_ms();
  };
  BOOST_TEST((expires_in_ms({59'999, 1'795'403'700'123, 7}) == 59'999));
  BOOST_TEST((expires_in_ms({CounterDetail::never, CounterDetail::never, 7}) == std::nullopt));
  BOOST_TEST((expires_in_ms({}) == 0), "a counter that is gone has no time left");
  BOOST_TEST((Answer().expires_in_ms() == std::nullopt));
}

BOOST_AUTO_TEST_CASE(what_waits_travels_in_one_request_and_each_call_gets_its_own_answers) {
  Opened bench;
  const auto first = bench.put(add("a"));
  const auto second = bench.put(many(3, add("b")[0]));
  const auto third = bench.put(add("c"));
  bench.turn();
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST(names_in(bench.requests[0].operations) == "a b b b c ");
  bench.answer(bench.requests[0], 10);
  BOOST_TEST(bench.only_answer(first).result.value == 10);
  BOOST_REQUIRE(bench.answers[second].size() == 3u);
  BOOST_TEST(bench.answers[second][2].result.value == 13);
  BOOST_TEST(bench.only_answer(third).result.value == 14);
}

BOOST_AUTO_TEST_CASE(a_request_is_read_only_when_all_its_operations_are) {
  Opened bench;
  bench.put(get());
  bench.put(list(10));
  bench.turn();
  BOOST_TEST(bench.requests.back().read_only);
  bench.put(get());
  bench.put(add());
  bench.turn();
  BOOST_TEST(!bench.requests.back().read_only);
}

BOOST_AUTO_TEST_CASE(a_request_asks_for_as_many_result_bytes_as_its_operations_can_take) {
  Opened bench;
  bench.put(get());
  bench.put(list(7));
  bench.turn();
  BOOST_TEST(bench.requests.back().result_limit == worst_result_bytes({get()[0].view(), list(7)[0].view()}));
}

BOOST_AUTO_TEST_CASE(a_request_has_no_more_operations_than_allowed) {
  Opened bench;
  for (int count = 0; count < 3; ++count) bench.put(many(limits::request_operations / 2));
  bench.turn();
  BOOST_REQUIRE(bench.requests.size() == 2u);
  BOOST_TEST(operations_in(bench.requests[0].operations).size() == limits::request_operations);
}

BOOST_AUTO_TEST_CASE(a_request_has_no_more_bytes_than_allowed) {
  Opened bench(16);
  const std::string name(256, 'n');
  for (int count = 0; count < 10; ++count) bench.put(many(1'000, add(name)[0]));
  bench.turn();
  BOOST_TEST(bench.requests.size() > 4u);
  std::size_t operations = 0;
  for (const Request& request : bench.requests) {
    BOOST_TEST(request.operations.size() <= limits::request_bytes);
    operations += operations_in(request.operations).size();
  }
  BOOST_TEST(operations == 10'000u);
}

BOOST_AUTO_TEST_CASE(a_request_asks_for_no_more_result_bytes_than_allowed) {
  Opened bench(16);
  for (int count = 0; count < 10; ++count) bench.put(list(500));
  bench.turn();
  BOOST_TEST(bench.requests.size() == 4u);
  for (const Request& request : bench.requests) BOOST_TEST(request.result_limit <= limits::request_result_bytes);
}

// With header and all: exactly what one request may ask for.
BOOST_AUTO_TEST_CASE(a_call_with_the_largest_possible_results_is_sent) {
  Opened bench;
  std::vector<OwnedOperation> operations = {list(1'000)[0], list(970)[0]};
  while (true) {
    std::vector<Operation> views;
    for (const OwnedOperation& operation : operations) views.push_back(operation.view());
    if (worst_result_bytes(views) + results::operation_bytes > limits::request_result_bytes) break;
    operations.push_back(get()[0]);
  }
  bench.submit(operations);
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST(operations_in(bench.requests[0].operations).size() == operations.size());
}

BOOST_AUTO_TEST_CASE(an_impossible_call_is_refused_at_once) {
  Opened bench;
  const std::vector<std::vector<OwnedOperation>> impossible = {
      many(limits::request_operations + 1), many(3, list(1'000)[0]), {add(std::string(limits::request_bytes, 'n'))}};
  for (const auto& operations : impossible) {
    const auto call = bench.submit(operations);
    BOOST_REQUIRE(bench.answers.contains(call));
    BOOST_TEST(bench.answers[call].size() == operations.size());
    BOOST_TEST((bench.answers[call][0].outcome == CallOutcome::not_applied));
    BOOST_TEST((bench.answers[call][0].error == CallError::malformed));
  }
  const auto nothing = bench.submit({});
  BOOST_TEST(bench.answers.contains(nothing));
  BOOST_TEST(bench.requests.empty());
}

BOOST_AUTO_TEST_CASE(so_many_operations_wait_and_no_more) {
  Bench bench;
  std::size_t waiting = 0;
  while (waiting + limits::request_operations <= limits::client_waiting_operations) {
    bench.put(many(limits::request_operations));
    waiting += limits::request_operations;
  }
  const auto rest = limits::client_waiting_operations - waiting;
  const auto too_many = bench.put(many(rest + 1));
  bench.turn();
  BOOST_REQUIRE(bench.answers.contains(too_many));
  BOOST_TEST((bench.answers[too_many][0].error == CallError::overloaded));
  const auto fits = bench.put(many(rest));
  bench.turn();
  BOOST_TEST(!bench.answers.contains(fits));
}

// ---- how many, and the watermark

BOOST_AUTO_TEST_CASE(only_so_many_requests_are_in_flight) {
  Opened bench(2);
  for (int count = 0; count < 5; ++count) bench.submit(add());
  BOOST_REQUIRE(bench.requests.size() == 2u);
  bench.answer(bench.requests[0]);
  BOOST_REQUIRE(bench.requests.size() == 3u);
  BOOST_TEST(operations_in(bench.requests[2].operations).size() == 3u);  // what waited, together
}

BOOST_AUTO_TEST_CASE(the_watermark_follows_the_oldest_that_is_not_answered) {
  Bench bench(3);
  bench.open();  // number 1
  for (int count = 0; count < 3; ++count) bench.submit(add());
  bench.answer(bench.requests[1]);
  bench.submit(add());
  BOOST_TEST(bench.requests.back().number.value == 5u);
  BOOST_TEST(bench.requests.back().acknowledged.value == 1u);
  bench.answer(bench.requests[0]);
  bench.submit(add());
  BOOST_TEST(bench.requests.back().acknowledged.value == 3u);
}

BOOST_AUTO_TEST_CASE(no_request_is_beyond_the_window) {
  Opened bench(4);
  bench.submit(add(), hours(1));  // never answered
  const Request first = bench.requests.back();
  for (int count = 0; count < 100; ++count) {
    bench.submit(add(), hours(1));
    if (bench.requests.back().number != first.number) bench.answer(bench.requests.back());
  }
  BOOST_TEST(bench.requests.back().number.value == first.acknowledged.value + limits::session_window);
  bench.answer(first);
  BOOST_TEST(bench.requests.back().number.value > first.acknowledged.value + limits::session_window);
}

// ---- sending again

BOOST_AUTO_TEST_CASE(an_unanswered_request_is_sent_again_as_it_was_with_growing_pauses) {
  Opened bench;
  bench.submit(add(), hours(1));
  const Instant begun = bench.now;
  std::vector<std::int64_t> times;
  while (bench.requests.size() < 6) {
    const std::size_t before = bench.requests.size();
    bench.now = bench.core.next_deadline();
    bench.turn();
    if (bench.requests.size() > before) times.push_back((bench.now - begun).milliseconds());
  }
  BOOST_TEST(times == (std::vector<std::int64_t>{300, 900, 2'100, 4'100, 6'100}), boost::test_tools::per_element());
  for (std::size_t place = 0; place < bench.requests.size(); ++place) {
    Request same = bench.requests[place];
    BOOST_TEST(same.attempt == place + 1);
    same.attempt = 1;
    BOOST_TEST((same == bench.requests[0]));
  }
}

BOOST_AUTO_TEST_CASE(pauses_are_spread_by_a_quarter_to_both_sides) {
  for (const auto& [random, expected] : {std::pair(0ul, 225), std::pair(511ul, 374), std::pair(~0ul, 374)}) {
    Bench bench;
    bench.open();
    bench.random = random;
    bench.submit(add());
    const Duration pause = bench.core.next_deadline() - bench.now;
    BOOST_TEST(pause.milliseconds() == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_new_term_makes_it_send_again_at_once) {
  Opened bench;
  bench.submit(add());
  bench.submit(add());
  bench.welcome_from_distributor(Term(1));
  BOOST_TEST(bench.requests.size() == 2u);
  bench.welcome_from_distributor(Term(2));
  BOOST_REQUIRE(bench.requests.size() == 4u);
  BOOST_TEST(bench.requests[2].attempt == 2u);
  BOOST_TEST((bench.requests[2].number == bench.requests[0].number));
  bench.welcome_from_distributor(Term(1));  // comes late
  BOOST_TEST(bench.requests.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_new_comparator_makes_it_send_again_at_once) {
  Opened bench;
  bench.submit(add());
  bench.welcome_from_comparator(Incarnation(9));
  BOOST_TEST(bench.requests.size() == 1u);
  bench.welcome_from_comparator(Incarnation(10));
  BOOST_TEST(bench.requests.size() == 2u);
}

// ---- keeping alive

BOOST_AUTO_TEST_CASE(an_idle_session_is_kept_alive) {
  Opened bench;
  bench.pass(keep_alive + milliseconds(-100));
  BOOST_TEST(bench.requests.empty());
  bench.pass(milliseconds(200));
  BOOST_REQUIRE(bench.requests.size() == 1u);
  BOOST_TEST(bench.requests[0].read_only);
  BOOST_TEST(bench.requests[0].operations.empty());
  BOOST_TEST(bench.requests[0].acknowledged.value == 1u);
  bench.answer(bench.requests[0]);
  bench.pass(keep_alive);
  BOOST_TEST(bench.requests.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_session_at_work_needs_nothing_to_keep_it_alive) {
  Opened bench;
  for (int count = 0; count < 20; ++count) {
    bench.pass(keep_alive / 2);
    bench.submit(add());
    bench.answer(bench.requests.back());
  }
  BOOST_TEST(bench.requests.size() == 20u);
}

// ---- closing

BOOST_AUTO_TEST_CASE(closing_tells_the_group_and_waits_for_its_word) {
  Opened bench;
  bench.submit(add());
  bench.answer(bench.requests.back());
  const SessionId session = bench.requests.back().session;
  bench.core.close(bench.now);
  bench.turn();
  const Request request = bench.requests.back();
  BOOST_TEST((request.kind == RequestKind::close_session));
  BOOST_TEST((request.session == session));
  BOOST_TEST(request.number.value == 3u);
  BOOST_TEST(request.acknowledged.value == 2u);
  BOOST_TEST(!bench.core.closed());
  bench.decide(request, Bench::outcome(RequestOutcome::session_closed));
  BOOST_TEST(bench.core.closed());
}

BOOST_AUTO_TEST_CASE(closing_completes_every_call) {
  Opened bench(1);
  const auto sent = bench.submit(add());
  const auto waits = bench.submit(add());
  bench.core.close(bench.now);
  bench.turn();
  bench.check(sent, CallOutcome::unknown, CallError::closed);
  bench.check(waits, CallOutcome::not_applied, CallError::closed);
  const auto late = bench.submit(add());
  bench.check(late, CallOutcome::not_applied, CallError::closed);
}

BOOST_AUTO_TEST_CASE(without_a_session_closing_is_quick) {
  Bench bench;
  const auto call = bench.submit(add());
  bench.core.close(bench.now);
  bench.turn();
  BOOST_TEST(bench.core.closed());
  bench.check(call, CallOutcome::not_applied, CallError::closed);
}

BOOST_AUTO_TEST_CASE(a_group_that_refuses_the_closing_is_not_waited_for) {
  Opened bench;
  bench.core.close(bench.now);
  bench.turn();
  bench.refuse(bench.requests.back(), RefusalReason::draining);
  BOOST_TEST(bench.core.closed());
}

// ---- deadlines

BOOST_AUTO_TEST_CASE(a_client_that_never_calls_rests) {
  Bench bench;
  bench.welcome();
  bench.turns = 0;
  bench.pass(hours(3));
  BOOST_TEST(bench.turns <= 10u);
}

BOOST_AUTO_TEST_CASE(a_client_whose_group_is_gone_rests_between_its_hellos) {
  Bench bench;
  bench.submit(add(), hours(3));
  bench.turns = 0;
  bench.pass(hours(1));
  BOOST_TEST(bench.turns <= 3'600u * 4 + 10);
}

BOOST_AUTO_TEST_CASE(a_client_without_answers_rests_between_its_repetitions) {
  Opened bench;
  for (int count = 0; count < 10; ++count) bench.submit(add(), hours(3));
  bench.turns = 0;
  bench.pass(hours(1));
  BOOST_TEST(bench.turns <= 4u * 3'600);
}

BOOST_AUTO_TEST_CASE(a_closing_client_rests) {
  Opened bench;
  bench.core.close(bench.now);
  bench.turns = 0;
  bench.pass(hours(1));
  BOOST_TEST(bench.turns <= 2u * 3'600);
}

BOOST_AUTO_TEST_SUITE_END()
