// SPDX-License-Identifier: Apache-2.0
// The client library: what everybody else talks to a tally group with.
//
// A Client owns one I/O thread with its sockets and one session of the group. Calls may come from any thread; whatever
// waits is batched into one request by itself. Callbacks run on the I/O thread: they must not block, and may submit.
// Every call completes exactly once, at its timeout at the latest. A request is sent again under the same number until
// then, so an operation that was answered was applied once. While the group has no majority, calls fail at once (the
// circuit breaker, circuit_breaker.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/answer.h"
#include "protocol/messages.h"
#include "protocol/operations.h"
#include "protocol/time.h"

namespace tally {

struct ClientOptions {
  // distributor_client_endpoint and comparator_client_endpoint; or, of a bridge or an operator,
  // distributor_bridge_endpoint and comparator_bridge_endpoint: both of the same principal.
  std::string distributor_endpoint;
  std::string comparator_endpoint;
  std::size_t requests_in_flight = 8;  // at most limits::session_window
  bool opens_session_at_once = false;  // before the first call, so that available() knows whether there is one
};

class Client {
 public:
  using Completion = std::function<void(std::vector<Answer>)>;

  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One or more operations that travel together, at most limits::request_operations; one answer each, in order.
  void submit(std::vector<OwnedOperation> operations, Duration timeout, Completion completion);

  // The same, waiting.
  std::vector<Answer> call(std::vector<OwnedOperation> operations, Duration timeout);

  // Whether calls are let through: false while the circuit breaker makes them fail at once, or the group has no room
  // for a session.
  bool available() const;

  // Asks the distributor. The completion gets nothing when there was no answer in time.
  void status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion);
  std::optional<ClusterStatus> status(Duration timeout);

  // An operator's command; `command.token` must be the group's admin token.
  void admin(AdminCommand command, Duration timeout, std::function<void(std::optional<AdminReply>)> completion);
  std::optional<AdminReply> admin(AdminCommand command, Duration timeout);

 private:
  class Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace tally
