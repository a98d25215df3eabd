// SPDX-License-Identifier: Apache-2.0
// The hand-over between the bridge's thread and the client library's, with a client that answers from a thread of its
// own. The thread sanitizer runs this (scripts/sanitize); the real client is out of its sight behind libzmq.
#include "bridge/exchange.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <deque>
#include <thread>

#include "bridge/limits.h"

namespace tally {

// Answers each operation with its own value; what is left at the end, with `closed`, as the real one does.
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

  void run() {
    for (std::unique_lock lock(mutex_);;) {
      changed_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
      if (calls_.empty()) return;
      const Call call = std::move(calls_.front());
      calls_.pop_front();
      const CallError error = stopping_ ? CallError::closed : CallError::none;
      lock.unlock();
      std::vector<Answer> answers(call.operations.size());
      for (std::size_t place = 0; place < answers.size(); ++place) {
        answers[place].error = error;
        answers[place].result.value = call.operations[place].value;
      }
      call.completion(std::move(answers));
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;
  bool stopping_ = false;
  std::thread thread_{[this] { run(); }};
};

Client::Client(ClientOptions) : shell_(std::make_unique<Shell>()) {}
Client::~Client() = default;
void Client::submit(std::vector<OwnedOperation> operations, Duration, Completion completion) {
  shell_->submit(std::move(operations), std::move(completion));
}
bool Client::available() const { return true; }
void Client::status(Duration, std::function<void(std::optional<ClusterStatus>)> completion) {
  shell_->submit({}, [completion = std::move(completion)](const auto&) { completion(ClusterStatus()); });
}
void Client::admin(AdminCommand, Duration, std::function<void(std::optional<AdminReply>)> completion) {
  shell_->submit({}, [completion = std::move(completion)](const auto&) { completion(AdminReply()); });
}

}  // namespace tally

using namespace tally;
using namespace tally::bridge;

namespace {

OwnedOperation operation(std::int64_t value) {
  OwnedOperation operation;
  operation.kind = value % 3 == 0 ? OperationKind::get : OperationKind::add;
  if (value % 101 == 0) operation.kind = OperationKind::list;
  operation.value = value;
  return operation;
}

// Submits again when it is answered, until `left` is used up.
struct Connection : Asker {
  Exchange* exchange = nullptr;
  std::int64_t asked = 0;
  std::int64_t left = 0;
  std::int64_t wrong = 0;

  void ask() { exchange->submit(operation(++asked), *this); }
  void answered(const Answer& answer) override {
    wrong += answer.result.value != asked;
    if (--left > 0) ask();
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_operation_of_many_connections_gets_its_own_answer) {
  boost::asio::io_context context;
  Exchange exchange(context, {}, seconds(1));
  std::vector<Connection> connections(2 * http_limits::batch_operations);
  for (Connection& connection : connections) {
    connection.exchange = &exchange;
    connection.left = 20;
    connection.ask();
  }
  const auto anybody_waits = [&] {
    return std::ranges::any_of(connections, [](const Connection& connection) { return connection.left > 0; });
  };
  bool status_came = false;
  exchange.status(seconds(1), [&](const auto& status) { status_came = status.has_value(); });
  const auto work = boost::asio::make_work_guard(context);
  while (anybody_waits() || !status_came) context.run_one();
  for (const Connection& connection : connections) BOOST_REQUIRE_EQUAL(connection.wrong, 0);
}

BOOST_AUTO_TEST_CASE(it_may_end_while_operations_are_on_their_way) {
  for (int round = 0; round < 300; ++round) {
    boost::asio::io_context context;
    std::vector<Connection> connections(8);
    Exchange exchange(context, {}, seconds(1));
    for (Connection& connection : connections) {
      connection.exchange = &exchange;
      connection.left = round % 5;
      connection.ask();
    }
    context.poll();
    for (const Connection& connection : connections) BOOST_REQUIRE_EQUAL(connection.wrong, 0);
  }
}
