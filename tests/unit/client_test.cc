// SPDX-License-Identifier: Apache-2.0
// The client library's face: what is wrong with a call is told, whatever the group does. Here there
// is no group.
#include "client/client.h"

#include <boost/test/unit_test.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "temporary_directory.h"

using namespace tally;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;
constexpr auto moment = 20ms;

std::vector<OwnedOperation> adds(std::size_t count = 1) {
  return std::vector<OwnedOperation>(count, {OperationKind::add, "home", 1, "", "", 0});
}

// The endpoints of a group that is not there.
struct Fixture {
  Fixture() {
    options.distributor_endpoint = "ipc://" + directory.path.string() + "/distributor";
    options.comparator_endpoint = "ipc://" + directory.path.string() + "/comparator";
  }

  Client connected() const {
    auto client = Client::connect(options);
    BOOST_REQUIRE(client.has_value());
    return std::move(*client);
  }
  std::string refusal() const {
    const auto client = Client::connect(options);
    BOOST_REQUIRE(!client.has_value());
    return client.error();
  }

  TemporaryDirectory directory;
  ClientOptions options;
};

template <class Result>
Result in_time(std::promise<Result>& promise) {
  auto future = promise.get_future();
  BOOST_REQUIRE((future.wait_for(patience) == std::future_status::ready));
  return future.get();
}

// What `ask` finds inside a completion of this client.
template <class Ask>
auto inside_completion(Client& client, Ask ask) {
  std::promise<decltype(ask())> found;
  BOOST_REQUIRE((client.submit(adds(), moment, [&](const auto&) { found.set_value(ask()); }) == CallError::none));
  return in_time(found);
}

void check(const std::vector<Answer>& answers, std::size_t count, CallError error) {
  BOOST_TEST(answers.size() == count);
  for (const Answer& answer : answers) {
    BOOST_TEST(!answer);
    BOOST_TEST((answer.outcome == CallOutcome::not_applied));
    BOOST_TEST(to_string(answer.error) == to_string(error));
    BOOST_TEST(!answer.value());
  }
}

const Client::Completion nobody_hears = [](const auto&) { BOOST_ERROR("a call that was not taken was completed"); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(client, Fixture)

// ---- connecting

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_none_is_told_with_the_option_that_has_it) {
  for (const std::string& endpoint : {std::string(), std::string("nonsense"), std::string("carrier-pigeon://home"),
                                      std::string("tcp://127.0.0.1"), "ipc://" + std::string(200, 'x')}) {
    Fixture other;
    other.options.distributor_endpoint = endpoint;
    BOOST_TEST(other.refusal().starts_with("distributor_endpoint \"" + endpoint + "\": "));
    other.options.distributor_endpoint = options.distributor_endpoint;
    other.options.comparator_endpoint = endpoint;
    BOOST_TEST(other.refusal().starts_with("comparator_endpoint \"" + endpoint + "\": "));
  }
}

BOOST_AUTO_TEST_CASE(more_requests_in_flight_than_a_session_may_have_are_told) {
  for (const std::size_t requests : {std::size_t{0}, std::size_t{limits::session_window + 1}}) {
    options.requests_in_flight = requests;
    BOOST_TEST(refusal() == "requests_in_flight must be from 1 to 64");
  }
  options.requests_in_flight = limits::session_window;
  BOOST_TEST(Client::connect(options).has_value());
}

// ---- misuses of a call

BOOST_AUTO_TEST_CASE(a_call_without_operations_is_told_so_by_one_answer) {
  Client client = connected();
  BOOST_TEST((client.submit({}, 1s, nobody_hears) == CallError::no_operations));
  check(client.call(std::vector<OwnedOperation>(), 1s), 1, CallError::no_operations);
}

BOOST_AUTO_TEST_CASE(a_call_of_too_many_operations_is_told_so_by_each_answer) {
  Client client = connected();
  const std::size_t count = limits::request_operations + 1;
  BOOST_TEST((client.submit(adds(count), 1s, nobody_hears) == CallError::too_many_operations));
  check(client.call(adds(count), 1s), count, CallError::too_many_operations);
}

BOOST_AUTO_TEST_CASE(a_timeout_that_is_not_positive_or_longer_than_the_longest_is_refused) {
  Client client = connected();
  for (const std::chrono::nanoseconds timeout :
       {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1), Client::longest_timeout + 1ns}) {
    BOOST_TEST((client.submit(adds(), timeout, nobody_hears) == CallError::timeout_out_of_range));
    check(client.call(adds(), timeout), 1, CallError::timeout_out_of_range);
    BOOST_TEST((client.status(timeout, [](const auto&) {}) == CallError::timeout_out_of_range));
    BOOST_TEST((client.admin({}, timeout, [](const auto&) {}) == CallError::timeout_out_of_range));
    BOOST_TEST((client.observe(0, timeout, [](const auto&) {}) == CallError::timeout_out_of_range));
    BOOST_TEST((client.status(timeout).error() == CallError::timeout_out_of_range));
    BOOST_TEST((client.observe(0, timeout).error() == CallError::timeout_out_of_range));
    BOOST_TEST((client.admin({}, timeout).error() == CallError::timeout_out_of_range));
  }
}

BOOST_AUTO_TEST_CASE(an_empty_completion_is_refused) {
  Client client = connected();
  BOOST_TEST((client.submit(adds(), 1s, nullptr) == CallError::no_completion));
  BOOST_TEST((client.status(1s, nullptr) == CallError::no_completion));
  BOOST_TEST((client.observe(0, 1s, nullptr) == CallError::no_completion));
  BOOST_TEST((client.admin({}, 1s, nullptr) == CallError::no_completion));
}

BOOST_AUTO_TEST_CASE(operations_that_no_request_could_carry_are_malformed) {
  Client client = connected();
  OwnedOperation list;
  list.kind = OperationKind::list;
  list.limit = limits::list_entries;
  check(client.call(std::vector(3, list), patience), 3, CallError::malformed);
}

// ---- without a group

BOOST_AUTO_TEST_CASE(a_timeout_is_as_long_as_it_says) {
  Client client = connected();
  const auto begun = std::chrono::steady_clock::now();
  check({client.call(adds()[0], 50ms)}, 1, CallError::timed_out);
  BOOST_TEST((std::chrono::steady_clock::now() - begun >= 50ms));
}

BOOST_AUTO_TEST_CASE(a_question_that_nobody_answers_times_out) {
  Client client = connected();
  BOOST_TEST((client.status(moment).error() == CallError::timed_out));
  BOOST_TEST((client.observe(0, moment).error() == CallError::timed_out));
  BOOST_TEST((client.admin({}, moment).error() == CallError::timed_out));
}

// ---- completions

BOOST_AUTO_TEST_CASE(what_would_wait_inside_a_completion_is_refused_and_does_not_hang) {
  Client client = connected();
  check(inside_completion(client, [&] { return client.call(adds(2), patience); }), 2, CallError::inside_completion);
  const auto status = inside_completion(client, [&] { return client.status(patience); });
  BOOST_TEST((status.error() == CallError::inside_completion));
  const auto observation = inside_completion(client, [&] { return client.observe(0, patience); });
  BOOST_TEST((observation.error() == CallError::inside_completion));
  const auto admin = inside_completion(client, [&] { return client.admin({}, patience); });
  BOOST_TEST((admin.error() == CallError::inside_completion));
}

BOOST_AUTO_TEST_CASE(a_completion_may_wait_for_another_client) {
  Client client = connected();
  Client other = connected();
  check(inside_completion(client, [&] { return other.call(adds(), moment); }), 1, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(a_completion_may_submit) {
  Client client = connected();
  std::promise<std::vector<Answer>> second;
  const CallError taken = inside_completion(client, [&] {
    return client.submit(adds(), moment, [&](std::vector<Answer> answers) { second.set_value(std::move(answers)); });
  });
  BOOST_TEST((taken == CallError::none));
  check(in_time(second), 1, CallError::timed_out);
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_completion_is_counted_and_other_calls_go_on) {
  Client client = connected();
  const auto throws = [](const auto&) { throw std::runtime_error("of the test"); };
  BOOST_TEST((client.submit(adds(), moment, throws) == CallError::none));
  BOOST_TEST((client.submit(adds(), moment, [](const auto&) { throw 1; }) == CallError::none));
  BOOST_TEST((client.status(moment, throws) == CallError::none));
  check(client.call(adds(), 2 * moment), 1, CallError::timed_out);
  BOOST_TEST((client.status(2 * moment).error() == CallError::timed_out));
  BOOST_TEST(client.completions_that_threw() == 3u);
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_completes_what_is_left_and_takes_nothing_more) {
  std::vector<Answer> answers;
  CallError too_late = CallError::none;
  bool status_came = false;
  {
    Client client = connected();
    BOOST_TEST((client.submit(adds(2), patience, [&](std::vector<Answer> last) {
      answers = std::move(last);
      too_late = client.submit(adds(), patience, nobody_hears);
    }) == CallError::none));
    BOOST_TEST((client.status(patience, [&](const auto& status) { status_came = !status; }) == CallError::none));
  }
  check(answers, 2, CallError::closed);
  BOOST_TEST((too_late == CallError::closed));
  BOOST_TEST(status_came);
}

BOOST_AUTO_TEST_SUITE_END()
