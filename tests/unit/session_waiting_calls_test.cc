// SPDX-License-Identifier: Apache-2.0
// Calls that wait: what is taken in, what travels together, and what becomes of the rest.
#include "client/waiting_calls.h"
#include "session_bench.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(100);
const Instant deadline = start + seconds(10);

std::vector<OwnedOperation> adds(std::size_t count, const std::string& name = "a") {
  return std::vector<OwnedOperation>(count, {OperationKind::add, name, 1, "", "", 0});
}
std::vector<OwnedOperation> one(OperationKind kind, std::uint32_t limit = 0) { return {{kind, "r", 0, "", "", limit}}; }

struct Bench {
  WaitingCalls calls;
  std::vector<CompletedCall> completed;

  CallError add(std::uint64_t id, const std::vector<OwnedOperation>& operations, Instant until = deadline) {
    return calls.add(CallId{id}, operations, until);
  }
  void check_completed(std::uint64_t id, CallError error) const {
    BOOST_REQUIRE(!completed.empty());
    BOOST_TEST(completed.back().call.value == id);
    for (const Answer& answer : completed.back().answers) {
      BOOST_TEST((answer.outcome == CallOutcome::not_applied));
      BOOST_TEST((answer.error == error));
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(waiting_calls)

BOOST_AUTO_TEST_CASE(calls_that_wait_travel_together_in_the_order_in_which_they_came) {
  Bench bench;
  BOOST_TEST((bench.add(1, adds(1, "a")) == CallError::none));
  BOOST_TEST((bench.add(2, adds(2, "b")) == CallError::none));
  const Batch batch = bench.calls.take_batch();
  BOOST_TEST(names_in(batch.operations) == "a b b ");
  BOOST_REQUIRE(batch.parts.size() == 2u);
  BOOST_TEST(batch.parts[0].call.value == 1u);
  BOOST_TEST(batch.parts[1].operations == 2u);
  BOOST_TEST((batch.parts[1].deadline == deadline));
  BOOST_TEST(bench.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_batch_is_read_only_when_all_its_operations_are) {
  Bench bench;
  bench.add(1, one(OperationKind::get));
  bench.add(2, one(OperationKind::list, 5));
  BOOST_TEST(bench.calls.take_batch().read_only);
  bench.add(3, one(OperationKind::get));
  bench.add(4, one(OperationKind::add));
  BOOST_TEST(!bench.calls.take_batch().read_only);
}

BOOST_AUTO_TEST_CASE(a_batch_asks_for_as_many_result_bytes_as_its_operations_can_take) {
  Bench bench;
  bench.add(1, adds(3));
  bench.add(2, one(OperationKind::list, 7));
  std::vector<OwnedOperation> all = adds(3);
  all.push_back(one(OperationKind::list, 7)[0]);
  std::vector<Operation> views;
  for (const OwnedOperation& operation : all) views.push_back(operation.view());
  BOOST_TEST(bench.calls.take_batch().result_limit == worst_result_bytes(views));
}

BOOST_AUTO_TEST_CASE(a_call_that_does_not_fit_into_the_batch_waits_for_the_next_one) {
  Bench bench;
  bench.add(1, adds(limits::request_operations - 1));
  bench.add(2, adds(2));
  bench.add(3, adds(1));
  BOOST_TEST(bench.calls.take_batch().parts.size() == 1u);
  BOOST_TEST(bench.calls.take_batch().parts.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_call_that_no_request_could_carry_is_malformed) {
  Bench bench;
  std::vector<OwnedOperation> long_results = one(OperationKind::list, limits::list_entries);
  long_results.resize(3, long_results[0]);
  BOOST_TEST((bench.add(1, {}) == CallError::malformed));
  BOOST_TEST((bench.add(2, adds(limits::request_operations + 1)) == CallError::malformed));
  BOOST_TEST((bench.add(3, long_results) == CallError::malformed));
  BOOST_TEST((bench.add(4, adds(1, std::string(limits::request_bytes, 'n'))) == CallError::malformed));
  BOOST_TEST(bench.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_check_passes_over_operations_of_its_own_call_and_of_no_other) {
  Bench bench;
  std::vector<OwnedOperation> call = one(OperationKind::check, 2);
  call.push_back(adds(1)[0]);
  BOOST_TEST((bench.add(1, one(OperationKind::check, 1)) == CallError::malformed));
  BOOST_TEST((bench.add(2, call) == CallError::malformed));
  BOOST_TEST(bench.calls.empty());
  call.push_back(adds(1)[0]);
  BOOST_TEST((bench.add(3, call) == CallError::none));
  BOOST_TEST((bench.add(4, one(OperationKind::check, 0)) == CallError::none));
}

BOOST_AUTO_TEST_CASE(a_full_queue_takes_no_call_until_others_have_left_it) {
  Bench bench;
  std::size_t waiting = 0;
  for (; waiting + limits::request_operations <= limits::client_waiting_operations;
       waiting += limits::request_operations)
    BOOST_REQUIRE((bench.add(1, adds(limits::request_operations)) == CallError::none));
  const std::size_t room = limits::client_waiting_operations - waiting;
  BOOST_TEST((bench.add(2, adds(room + 1)) == CallError::overloaded));
  BOOST_TEST((bench.add(3, adds(room)) == CallError::none));
  BOOST_TEST((bench.add(4, adds(1)) == CallError::overloaded));
  bench.calls.take_batch();
  BOOST_TEST((bench.add(5, adds(1)) == CallError::none));
}

BOOST_AUTO_TEST_CASE(a_call_whose_time_is_up_was_not_applied_and_the_others_go_on_waiting) {
  Bench bench;
  bench.add(1, adds(1, "patient"));
  bench.add(2, adds(1, "hasty"), start + seconds(1));
  BOOST_TEST((bench.calls.earliest_deadline() == start + seconds(1)));
  BOOST_TEST(!bench.calls.any_expired(start));
  bench.calls.expire(start, bench.completed);
  BOOST_TEST(bench.completed.empty());
  BOOST_TEST(bench.calls.any_expired(start + seconds(1)));
  bench.calls.expire(start + seconds(1), bench.completed);
  bench.check_completed(2, CallError::timed_out);
  BOOST_TEST((bench.calls.earliest_deadline() == deadline));
  BOOST_TEST(names_in(bench.calls.take_batch().operations) == "patient ");
}

BOOST_AUTO_TEST_CASE(all_can_be_failed_at_once_and_leave_room) {
  Bench bench;
  bench.add(1, adds(3));
  bench.calls.fail_all(CallError::unavailable, bench.completed);
  bench.check_completed(1, CallError::unavailable);
  BOOST_TEST(bench.completed.back().answers.size() == 3u);
  BOOST_TEST(bench.calls.empty());
  BOOST_TEST((bench.calls.earliest_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_SUITE_END()
