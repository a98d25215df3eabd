// SPDX-License-Identifier: Apache-2.0
// What a client session says of each call. What it sends, and when: session_test.cc.
#include "session_bench.h"

using namespace tally;
using Bench = SessionBench;

BOOST_AUTO_TEST_SUITE(session_outcomes)

// ---- refusals

BOOST_AUTO_TEST_CASE(a_request_whose_only_transmission_was_refused_is_not_applied) {
  const std::pair<RefusalReason, CallError> expected[] = {{RefusalReason::unavailable, CallError::unavailable},
                                                          {RefusalReason::undecided, CallError::undecided},
                                                          {RefusalReason::malformed, CallError::malformed}};
  for (const auto& [reason, error] : expected) {
    Bench bench;
    bench.open();
    const auto call = bench.submit(add());
    bench.refuse(bench.requests.back(), reason);
    bench.check(call, CallOutcome::not_applied, error);
  }
}

BOOST_AUTO_TEST_CASE(a_request_of_which_one_transmission_may_have_been_ordered_is_not_said_to_be_not_applied) {
  Opened bench;
  const auto call = bench.submit(add(), seconds(2));
  bench.pass(milliseconds(301));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  bench.refuse(bench.requests[1], RefusalReason::unavailable);
  BOOST_TEST(bench.answers.empty());
  bench.pass(seconds(2));
  bench.check(call, CallOutcome::unknown, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(a_request_of_which_every_transmission_was_refused_is_not_applied) {
  Opened bench;
  const auto call = bench.submit(add());
  bench.pass(milliseconds(301));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  bench.refuse(bench.requests[0], RefusalReason::unavailable);
  BOOST_TEST(bench.answers.empty());
  bench.refuse(bench.requests[1], RefusalReason::unavailable);
  bench.check(call, CallOutcome::not_applied, CallError::unavailable);
}

BOOST_AUTO_TEST_CASE(an_overload_is_waited_out_with_growing_pauses) {
  Opened bench;
  const auto call = bench.submit(add());
  std::vector<std::int64_t> pauses;
  for (int count = 0; count < 9; ++count) {
    bench.refuse(bench.requests.back(), RefusalReason::overloaded);
    const Instant refused = bench.now;
    bench.now = bench.core.next_deadline();
    bench.turn();
    pauses.push_back((bench.now - refused).milliseconds());
  }
  BOOST_TEST(pauses == (std::vector<std::int64_t>{10, 20, 40, 80, 160, 320, 640, 1'280, 1'280}),
             boost::test_tools::per_element());
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

BOOST_AUTO_TEST_CASE(an_overload_or_a_drain_until_the_timeout_is_not_applied) {
  const std::pair<RefusalReason, CallError> expected[] = {{RefusalReason::overloaded, CallError::overloaded},
                                                          {RefusalReason::draining, CallError::draining}};
  for (const auto& [reason, error] : expected) {
    Bench bench;
    bench.open();
    const auto call = bench.submit(add(), seconds(3));
    std::size_t refused = 0;
    while (!bench.answers.contains(call)) {
      while (refused < bench.requests.size()) bench.refuse(bench.requests[refused++], reason);
      bench.now = bench.core.next_deadline();
      bench.turn();
    }
    bench.check(call, CallOutcome::not_applied, error);
  }
}

BOOST_AUTO_TEST_CASE(a_request_that_a_draining_distributor_refused_is_answered_by_its_successor) {
  Opened bench;
  const auto call = bench.submit(add());
  bench.refuse(bench.requests.back(), RefusalReason::draining);
  BOOST_TEST(!bench.answers.contains(call));
  const std::size_t sent = bench.requests.size();
  bench.welcome_from_distributor(Term(2));
  BOOST_REQUIRE(bench.requests.size() == sent + 1);  // at once, whatever the pause
  bench.answer(bench.requests.back());
  bench.check(call, CallOutcome::done, CallError::none);
}

BOOST_AUTO_TEST_CASE(refusals_of_others_of_the_future_and_of_the_past_are_ignored) {
  Opened bench;
  bench.submit(add());
  Request request = bench.requests.back();
  request.session.bytes[0] ^= 1;
  bench.refuse(request, RefusalReason::unavailable);
  request = bench.requests.back();
  request.number = RequestNumber(55);
  bench.refuse(request, RefusalReason::unavailable);
  request = bench.requests.back();
  request.attempt = 2;
  bench.refuse(request, RefusalReason::unavailable);
  request.attempt = 0;
  bench.refuse(request, RefusalReason::unavailable);
  BOOST_TEST(bench.answers.empty());
}

BOOST_AUTO_TEST_CASE(one_refusal_that_comes_twice_counts_once) {
  Opened bench;
  bench.submit(add());
  bench.refuse(bench.requests[0], RefusalReason::overloaded);
  bench.pass(milliseconds(11));
  BOOST_REQUIRE(bench.requests.size() == 2u);
  bench.refuse(bench.requests[0], RefusalReason::unavailable);
  BOOST_TEST(bench.answers.empty());
}

// ---- timeouts

BOOST_AUTO_TEST_CASE(a_call_that_was_never_sent_times_out_as_not_applied) {
  Bench bench;
  const auto call = bench.submit(add(), seconds(2));
  bench.pass(milliseconds(1'999));
  BOOST_TEST(bench.answers.empty());
  bench.pass(milliseconds(1));
  bench.check(call, CallOutcome::not_applied, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_behind_others_times_out_as_not_applied) {
  Opened bench(1);
  const auto sent = bench.submit(add(), seconds(5));
  const auto waits = bench.submit(add(), seconds(2));
  bench.pass(seconds(3));
  bench.check(waits, CallOutcome::not_applied, CallError::timed_out);
  BOOST_TEST(!bench.answers.contains(sent));
}

BOOST_AUTO_TEST_CASE(a_call_that_was_sent_times_out_as_unknown) {
  Opened bench;
  const auto call = bench.submit(add(), seconds(2));
  bench.pass(seconds(2));
  bench.check(call, CallOutcome::unknown, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(calls_of_one_request_time_out_each_for_itself) {
  Opened bench;
  const auto hasty = bench.put(add("a"), seconds(1));
  const auto patient = bench.put(add("b"), seconds(5));
  bench.turn();
  bench.pass(seconds(2));
  bench.check(hasty, CallOutcome::unknown, CallError::timed_out);
  BOOST_TEST(!bench.answers.contains(patient));
  bench.answer(bench.requests.front(), 10);
  BOOST_TEST(bench.only_answer(patient).result.value == 11);
}

BOOST_AUTO_TEST_CASE(a_request_that_was_given_up_is_not_sent_again_and_gets_acknowledged) {
  Opened bench;
  bench.submit(add(), milliseconds(900));  // too soon for the breaker
  const Request abandoned = bench.requests.back();
  bench.pass(milliseconds(900));
  const std::size_t sent = bench.requests.size();
  bench.pass(seconds(30));
  BOOST_TEST(bench.requests.size() == sent);
  bench.submit(add());
  BOOST_TEST((bench.requests.back().acknowledged == abandoned.number));
  bench.answer(abandoned);  // comes late
  BOOST_TEST(bench.answers.size() == 1u);
}

// ---- decisions

BOOST_AUTO_TEST_CASE(a_decision_that_comes_twice_counts_once) {
  Opened bench;
  bench.submit(add());
  const Request request = bench.requests.back();
  bench.answer(request);
  bench.answer(request);  // the bench complains of a call that completes twice
  BOOST_TEST(bench.answers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(decisions_for_others_are_ignored) {
  Opened bench;
  bench.submit(add());
  Request foreign = bench.requests.back();
  foreign.session.bytes[0] ^= 1;
  bench.answer(foreign);
  foreign = bench.requests.back();
  foreign.number = RequestNumber(9);
  bench.answer(foreign);
  BOOST_TEST(bench.answers.empty());
}

BOOST_AUTO_TEST_CASE(a_result_that_cannot_be_read_is_as_good_as_none) {
  Opened bench;
  const auto call = bench.submit(add(), seconds(2));
  for (const std::string& bytes : {std::string(), std::string("nonsense"), Bench::executed(1) + 'x'})
    bench.decide(bench.requests.back(), bytes);
  BOOST_TEST(bench.answers.empty());
  bench.pass(seconds(2));
  BOOST_TEST(bench.requests.size() > 1u);
  bench.check(call, CallOutcome::unknown, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(too_few_results_leave_the_others_unknown) {
  Opened bench;
  const auto first = bench.put(add());
  const auto second = bench.put(many(2));
  bench.turn();
  bench.decide(bench.requests.back(), Bench::executed(2));
  bench.check(first, CallOutcome::done, CallError::none);
  BOOST_REQUIRE(bench.answers[second].size() == 2u);
  BOOST_TEST((bench.answers[second][0].outcome == CallOutcome::unknown));
}

BOOST_AUTO_TEST_CASE(what_the_group_did_not_execute_is_not_applied_if_it_was_sent_once) {
  const std::pair<RequestOutcome, CallError> expected[] = {{RequestOutcome::results_full, CallError::tables_full},
                                                           {RequestOutcome::malformed, CallError::malformed},
                                                           {RequestOutcome::results_too_large, CallError::malformed},
                                                           {RequestOutcome::beyond_window, CallError::session_expired}};
  for (const auto& [outcome, error] : expected) {
    Bench once;
    once.open();
    const auto call = once.submit(add());
    once.decide(once.requests.back(), Bench::outcome(outcome));
    once.check(call, CallOutcome::not_applied, error);

    Bench twice;  // the other transmission may be executed yet
    twice.open();
    const auto other = twice.submit(add());
    twice.pass(milliseconds(301));
    twice.decide(twice.requests.back(), Bench::outcome(outcome));
    twice.check(other, CallOutcome::unknown, error);
  }
}

// ---- a session that is gone

BOOST_AUTO_TEST_CASE(in_a_session_that_is_gone_only_the_request_that_was_told_so_is_not_applied) {
  Opened bench;
  const auto told = bench.submit(add("a"));
  const auto other = bench.submit(add("b"));  // may have been executed before, and its decision be lost
  bench.decide(bench.requests[0], Bench::outcome(RequestOutcome::session_expired));
  bench.check(told, CallOutcome::not_applied, CallError::session_expired);
  bench.check(other, CallOutcome::unknown, CallError::session_expired);
}

BOOST_AUTO_TEST_CASE(in_a_session_that_is_gone_a_request_that_was_sent_twice_is_unknown) {
  Opened bench;
  const auto call = bench.submit(add());
  bench.pass(milliseconds(301));
  bench.decide(bench.requests.back(), Bench::outcome(RequestOutcome::session_expired));
  bench.check(call, CallOutcome::unknown, CallError::session_expired);
}

BOOST_AUTO_TEST_CASE(what_only_waited_moves_to_the_next_session) {
  Opened bench(1);
  bench.submit(add("sent"));
  const auto waits = bench.submit(add("waits"));
  const SessionId lost = bench.requests.back().session;
  bench.decide(bench.requests.back(), Bench::outcome(RequestOutcome::session_expired));
  BOOST_TEST(!bench.answers.contains(waits));
  BOOST_TEST((bench.requests.back().kind == RequestKind::open_session));
  const SessionId next = bench.requests.back().session;
  BOOST_TEST((next != lost));
  bench.answer_opening();
  BOOST_TEST(names_in(bench.requests.back().operations) == "waits ");
  BOOST_TEST((bench.requests.back().session == next));
  BOOST_TEST(bench.requests.back().number.value == 1u);
  BOOST_TEST(bench.requests.back().acknowledged.value == 0u);
}

BOOST_AUTO_TEST_CASE(decisions_of_a_session_that_is_gone_are_ignored) {
  Opened bench;
  bench.submit(add());
  const Request before = bench.requests.back();
  bench.decide(before, Bench::outcome(RequestOutcome::session_expired));
  bench.answer_opening();
  const auto call = bench.submit(add());
  bench.answer(before);
  bench.decide(before, Bench::outcome(RequestOutcome::session_expired));
  BOOST_TEST(!bench.answers.contains(call));
}

// ---- transmissions that did not leave

BOOST_AUTO_TEST_CASE(what_never_left_is_sent_again_and_the_group_still_refuses_for_certain) {
  Opened bench;
  const auto call = bench.submit(add());
  bench.core.not_sent(bench.requests.back(), bench.now);
  bench.pass(milliseconds(20));
  BOOST_TEST(bench.requests.back().attempt == 2u);
  bench.refuse(bench.requests.back(), RefusalReason::unavailable);
  BOOST_REQUIRE(bench.answers.contains(call));
  BOOST_TEST((bench.answers[call][0].outcome == CallOutcome::not_applied));
  BOOST_TEST((bench.answers[call][0].error == CallError::unavailable));
}

BOOST_AUTO_TEST_CASE(what_never_left_until_its_time_was_up_is_not_applied) {
  Opened bench;
  const auto call = bench.submit(add());
  for (int count = 0; count < 100'000 && !bench.answers.contains(call); ++count) {
    if (!bench.requests.empty()) bench.core.not_sent(bench.requests.back(), bench.now);
    bench.pass(milliseconds(10));
  }
  BOOST_REQUIRE(bench.answers.contains(call));
  BOOST_TEST((bench.answers[call][0].outcome == CallOutcome::not_applied));
  BOOST_TEST((bench.answers[call][0].error == CallError::timed_out));
}

// The request goes on for the sake of the others in it, and then that call is applied with them.
BOOST_AUTO_TEST_CASE(a_call_whose_time_is_up_in_a_request_that_is_sent_again_is_unknown_though_none_left_before) {
  Opened bench;
  const auto hasty = bench.put(add("hasty"), milliseconds(500));
  const auto patient = bench.put(add("patient"));
  bench.turn();
  for (const Instant end = bench.now + milliseconds(500); bench.now < end; bench.pass(milliseconds(1)))
    for (const Request& request : std::exchange(bench.requests, {})) bench.core.not_sent(request, bench.now);
  bench.check(hasty, CallOutcome::unknown, CallError::timed_out);
  bench.pass(milliseconds(20));
  BOOST_REQUIRE(!bench.requests.empty());
  BOOST_TEST(names_in(bench.requests.back().operations) == "hasty patient ");
  bench.answer(bench.requests.back());
  bench.check(patient, CallOutcome::done, CallError::none);
}

BOOST_AUTO_TEST_CASE(the_first_welcome_of_a_distributor_repeats_nothing) {
  Bench bench;
  bench.core.receive(ComparatorWelcome{Incarnation(1)}, bench.now);
  bench.submit(add());
  bench.turn();
  const std::size_t sent = bench.requests.size();
  bench.core.receive(DistributorWelcome{Term(4), GroupState::ok}, bench.now);
  bench.turn();
  BOOST_TEST(sent == 1u);
  BOOST_TEST(bench.requests.size() == sent);
}

BOOST_AUTO_TEST_SUITE_END()
