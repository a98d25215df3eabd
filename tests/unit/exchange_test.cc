// SPDX-License-Identifier: Apache-2.0
// The hand-over between the bridge's thread and the client library's, with a client that answers from a thread of its
// own. The thread sanitizer runs this (scripts/sanitize); the real client is out of its sight behind libzmq.
#include "bridge/exchange.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/limits.h"

namespace tally {

std::atomic<std::size_t> executed = 0;

// Counts, and answers other operations with their own value; what is left at the end, with `closed`, as the real one
// does.
class Client::Shell {
 public:
  ~Shell() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void submit(std::vector<OwnedOperation> operations, Completion completion) {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back({std::move(operations), std::move(completion)});
    }
    changed_.notify_one();
  }

 private:
  struct Call {
    std::vector<OwnedOperation> operations;
    Completion completion;
  };

  OperationResult execute(const OwnedOperation& operation) {
    OperationResult result;
    result.status = OperationStatus::ok;
    result.value = operation.value;
    std::int64_t& counter = counters_[operation.name];
    if (operation.kind == OperationKind::set) counter = operation.value;
    if (operation.kind != OperationKind::add) return result;
    const std::uint32_t times = std::max(operation.limit, 1u);
    const std::uint32_t done = additions_with_room(counter, operation.value, times);
    result.value = counter;
    counter = static_cast<std::int64_t>(counter + __int128{operation.value} * done);
    if (done < times)
      result.status = OperationStatus::overflow;
    else
      result.value = counter;
    return result;
  }

  void run() {
    for (std::unique_lock lock(mutex_);;) {
      changed_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
      if (calls_.empty()) return;
      const Call call = std::move(calls_.front());
      calls_.pop_front();
      const bool stopping = stopping_;
      lock.unlock();
      std::vector<Answer> answers(call.operations.size());
      for (std::size_t place = 0; place < answers.size(); ++place) {
        answers[place].result = execute(call.operations[place]);
        answers[place].outcome = stopping ? CallOutcome::unknown : outcome_of(answers[place].result.status);
        answers[place].error = stopping ? CallError::closed : CallError::none;
      }
      executed += answers.size();
      call.completion(std::move(answers));
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;
  bool stopping_ = false;
  std::map<std::string, std::int64_t> counters_;
  std::thread thread_{[this] { run(); }};
};

Client::Client(std::unique_ptr<Shell> shell) : shell_(std::move(shell)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;
tl::expected<Client, std::string> Client::connect(const ClientOptions&) { return Client(std::make_unique<Shell>()); }
CallError Client::submit(std::vector<OwnedOperation> operations, std::chrono::nanoseconds, Completion completion) {
  shell_->submit(std::move(operations), std::move(completion));
  return CallError::none;
}
bool Client::available() const { return true; }
CallError Client::status(std::chrono::nanoseconds, std::function<void(std::optional<ClusterStatus>)> completion) {
  shell_->submit({}, [completion = std::move(completion)](const auto&) { completion(ClusterStatus()); });
  return CallError::none;
}
CallError Client::observe(std::uint64_t, std::chrono::nanoseconds,
                          std::function<void(std::optional<Observation>)> completion) {
  shell_->submit({}, [completion = std::move(completion)](const auto&) { completion(Observation()); });
  return CallError::none;
}
CallError Client::admin(AdminCommand, std::chrono::nanoseconds,
                        std::function<void(std::optional<AdminReply>)> completion) {
  shell_->submit({}, [completion = std::move(completion)](const auto&) { completion(AdminReply()); });
  return CallError::none;
}

}  // namespace tally

using namespace tally;
using namespace tally::bridge;

namespace {

OwnedOperation operation(const std::string& name, std::int64_t value) {
  OwnedOperation operation;
  operation.name = name;
  operation.kind = value % 3 == 0 ? OperationKind::get : OperationKind::add;
  if (value % 101 == 0) operation.kind = OperationKind::list;
  operation.value = value;
  return operation;
}

// Counts on its own counter. Submits again when it is answered, until `left` is used up.
struct Connection final : Asker {
  Exchange* exchange = nullptr;
  std::string name;
  std::int64_t asked = 0;
  std::int64_t counted = 0;
  std::int64_t left = 0;
  std::int64_t wrong = 0;

  void ask() { exchange->submit(operation(name, ++asked), *this); }
  void answered(std::span<const Answer> answers) override {
    const bool counts = operation(name, asked).kind == OperationKind::add;
    if (counts) counted += asked;
    wrong += answers.front().result.value != (counts ? counted : asked);
    if (--left > 0) ask();
  }
};

// What one turn of the event loop submits, and the answers.
struct Turn {
  struct Waiting final : Asker {
    explicit Waiting(int& unanswered) : left(unanswered) {}
    void answered(std::span<const Answer> answers) override {
      result = answers.front().result;
      for (const Answer& answer : answers) all.push_back(answer.result.value);
      --left;
    }
    int& left;
    OperationResult result;
    std::vector<std::int64_t> all;  // values
  };

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  Exchange exchange{context, *Client::connect({}), seconds(1)};
  std::deque<Waiting> askers;
  int left = 0;

  void submit(OperationKind kind, std::int64_t value, std::string key = {}) {
    OwnedOperation one;
    one.kind = kind;
    one.name = "hot";
    one.value = value;
    one.idempotency_key = std::move(key);
    ++left;
    exchange.submit(std::move(one), askers.emplace_back(left));
  }
  void add(std::int64_t value) { submit(OperationKind::add, value); }
  // What was answered, oldest first; and how many operations it took.
  std::vector<std::int64_t> values() {
    while (left > 0) context.run_one();
    operations = executed - std::exchange(before, executed);
    std::vector<std::int64_t> all;
    for (const Waiting& asker : askers) all.push_back(asker.result.value);
    return all;
  }
  OperationStatus status(std::size_t place) const { return askers[place].result.status; }
  std::size_t before = executed;
  std::size_t operations = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_operation_of_many_connections_gets_its_own_answer) {
  boost::asio::io_context context;
  Exchange exchange(context, *Client::connect({}), seconds(1));
  std::vector<Connection> connections(1024);
  for (Connection& connection : connections) {
    connection.exchange = &exchange;
    connection.name = std::to_string(&connection - connections.data());
    connection.left = 20;
    connection.ask();
  }
  const auto anybody_waits = [&] {
    return std::ranges::any_of(connections, [](const Connection& connection) { return connection.left > 0; });
  };
  bool status_came = false;
  exchange.status(seconds(1), [&](const auto& status) { status_came = status.has_value(); });
  const auto work = boost::asio::make_work_guard(context);
  bool observation_came = false;
  exchange.observe(0, seconds(1), [&](const auto& observation) { observation_came = observation.has_value(); });
  while (anybody_waits() || !status_came || !observation_came) context.run_one();
  for (const Connection& connection : connections) BOOST_REQUIRE_EQUAL(connection.wrong, 0);
}

BOOST_AUTO_TEST_CASE(it_may_end_while_operations_are_on_their_way) {
  for (int round = 0; round < 300; ++round) {
    boost::asio::io_context context;
    std::vector<Connection> connections(8);
    Exchange exchange(context, *Client::connect({}), seconds(1));
    for (Connection& connection : connections) {
      connection.exchange = &exchange;
      connection.name = std::to_string(&connection - connections.data());
      connection.left = round % 5;
      connection.ask();
    }
    context.poll();
    for (const Connection& connection : connections) BOOST_REQUIRE_EQUAL(connection.wrong, 0);
  }
}

BOOST_AUTO_TEST_CASE(equal_increments_of_one_counter_are_one_operation_and_each_gets_its_own_value) {
  Turn turn;
  for (int count = 0; count < 4; ++count) turn.add(5);
  BOOST_TEST(turn.values() == (std::vector<std::int64_t>{5, 10, 15, 20}), boost::test_tools::per_element());
  BOOST_TEST(turn.operations == 1u);
  turn.add(-1);
  turn.add(-1);
  BOOST_TEST(turn.values().back() == 18);
  BOOST_TEST(turn.operations == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_no_equal_increment_stands_alone) {
  Turn turn;
  turn.add(5);
  turn.add(1);
  turn.submit(OperationKind::add, 1, "key");
  turn.add(1);
  turn.submit(OperationKind::set, 3);
  turn.add(1);
  turn.add(1);
  BOOST_TEST(turn.values() == (std::vector<std::int64_t>{5, 6, 7, 8, 3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(turn.operations == 6u);
}

BOOST_AUTO_TEST_CASE(where_a_sum_overflows_those_that_have_room_are_done) {
  Turn turn;
  turn.add(INT64_MAX - 2);
  turn.values();
  for (int count = 0; count < 4; ++count) turn.add(1);
  turn.values();
  BOOST_TEST(turn.operations == 1u);
  for (const std::size_t place : {1, 2}) BOOST_TEST((turn.status(place) == OperationStatus::ok));
  BOOST_TEST(turn.askers[1].result.value == INT64_MAX - 1);
  for (const std::size_t place : {3, 4}) {
    BOOST_TEST((turn.status(place) == OperationStatus::overflow));
    BOOST_TEST(turn.askers[place].result.value == INT64_MAX);
  }
}

BOOST_AUTO_TEST_CASE(where_a_negative_sum_overflows_too) {
  Turn turn;
  turn.add(INT64_MIN + 3);
  turn.values();
  turn.add(-2);
  turn.add(-2);
  turn.values();
  BOOST_TEST((turn.status(1) == OperationStatus::ok));
  BOOST_TEST((turn.status(2) == OperationStatus::overflow));
  BOOST_TEST(turn.askers[2].result.value == INT64_MIN + 1);
}

BOOST_AUTO_TEST_CASE(many_increments_of_one_counter_are_answered_each_with_its_own_value) {
  Turn turn;
  for (std::size_t count = 0; count < 3 * door_limits::batch_parts; ++count) turn.add(1);
  const auto values = turn.values();
  for (std::size_t place = 0; place < values.size(); ++place)
    BOOST_REQUIRE_EQUAL(values[place], static_cast<std::int64_t>(place + 1));
  BOOST_TEST(turn.operations == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_submitted_at_a_time_stands_together_and_in_its_order) {
  Turn turn;
  turn.add(1);
  std::vector<OwnedOperation> group(4);
  for (OwnedOperation& one : group) {
    one.name = "hot";
    one.kind = OperationKind::add;
    one.value = 1;
  }
  group[2].kind = OperationKind::set;
  group[2].value = 100;
  ++turn.left;
  turn.exchange.submit(group, turn.askers.emplace_back(turn.left));
  turn.add(1);
  turn.values();
  BOOST_TEST(turn.askers[1].all == (std::vector<std::int64_t>{2, 3, 100, 101}), boost::test_tools::per_element());
  BOOST_TEST(turn.askers[2].result.value == 102);
  BOOST_TEST(turn.operations == 3u);
}

BOOST_AUTO_TEST_CASE(what_a_check_may_pass_over_is_not_combined) {
  Turn turn;
  turn.add(1);
  std::vector<OwnedOperation> group(3);
  group[0].kind = OperationKind::check;
  group[0].limit = 1;
  group[0].name = "other";
  for (const std::size_t place : {1, 2}) {
    group[place].kind = OperationKind::add;
    group[place].name = "hot";
    group[place].value = 1;
  }
  ++turn.left;
  turn.exchange.submit(group, turn.askers.emplace_back(turn.left));
  turn.values();
  BOOST_TEST(turn.operations == 4u);
}
