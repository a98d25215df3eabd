// SPDX-License-Identifier: Apache-2.0
// The client library: what everybody else talks to a tally group with. docs/client.md shows how.
//
// A Client owns one session of the group, and one I/O thread with its sockets. Its functions may be
// called from any thread. Calls that wait at the same time travel in one request. A request is sent
// again under the same number until it is answered or its time is up, so an operation that was
// answered was applied once. While the group has no majority, calls fail at once
// (circuit_breaker.h).
//
// Completions. A call that was taken completes exactly once: when it is answered, when its time is
// up, or when the Client is destroyed. Its completion runs on the I/O thread. There it must not
// block, because nothing is sent or received meanwhile, but it may submit and ask. An exception that
// it lets out is caught, so that other calls go on: the first one is told on stderr, and all are
// counted by completions_that_threw(). A completion must not destroy its own Client; that ends the
// process with a message.
//
// Misuse. Whatever is wrong with the arguments of a function is its result, one of the last
// CallErrors of answer.h, and then nothing is sent and no completion is called.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
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
  std::size_t requests_in_flight = 8;  // 1 to limits::session_window
  // Before the first call, so that available() knows whether there is one.
  bool opens_session_at_once = false;
};

// The tree's own programs measure time in Durations.
constexpr std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds);
}

class Client {
 public:
  // One answer to each operation, in their order.
  using Completion = std::function<void(std::vector<Answer>)>;

  // A timeout is more than zero, and no longer than this.
  static constexpr std::chrono::hours longest_timeout{24};

  // Does not wait for the group, which may come later. Or says in a sentence what stands against
  // it: an endpoint that ZeroMQ does not take, a number of requests that is out of range, or a
  // process that may have no more files or threads.
  static tl::expected<Client, std::string> connect(const ClientOptions& options);
  Client(Client&&) noexcept;
  ~Client();

  // 1 to limits::request_operations operations that travel together. Errors: no_operations,
  // too_many_operations, timeout_out_of_range, no_completion; and closed, in a completion that runs
  // while the Client is being destroyed.
  [[nodiscard]] CallError submit(std::vector<OwnedOperation> operations, std::chrono::nanoseconds timeout,
                                 Completion completion);

  // The same, and waits for the answers. A misuse is told by them: each operation is not_applied
  // with one of the errors of submit(), or with inside_completion where a completion of this Client
  // calls. There always is at least one answer; if there are no operations, it says that.
  [[nodiscard]] std::vector<Answer> call(std::vector<OwnedOperation> operations, std::chrono::nanoseconds timeout);
  [[nodiscard]] Answer call(OwnedOperation operation, std::chrono::nanoseconds timeout);

  // Whether calls are let through: false while the circuit breaker makes them fail at once, or the
  // group has no room for a session.
  bool available() const;

  // Asks the distributor how the group is. The completion gets nothing if there is no answer in
  // time. Errors: timeout_out_of_range, no_completion, closed.
  [[nodiscard]] CallError status(std::chrono::nanoseconds timeout,
                                 std::function<void(std::optional<ClusterStatus>)> completion);
  // The same, and waits. Errors: timed_out, timeout_out_of_range, inside_completion.
  [[nodiscard]] tl::expected<ClusterStatus, CallError> status(std::chrono::nanoseconds timeout);

  // An operator's command; `command.token` must be the group's admin token. It is sent once, so
  // without a reply it may have been carried out or not. With one, `outcome` says whether it was.
  // Errors: as those of status().
  [[nodiscard]] CallError admin(AdminCommand command, std::chrono::nanoseconds timeout,
                                std::function<void(std::optional<AdminReply>)> completion);
  [[nodiscard]] tl::expected<AdminReply, CallError> admin(AdminCommand command, std::chrono::nanoseconds timeout);

  // Asks the comparator for its newest decision, for each replica's newest vote, and for the audit
  // records after this one; 0: the newest ones. Errors: as those of status().
  [[nodiscard]] CallError observe(std::uint64_t after_record, std::chrono::nanoseconds timeout,
                                  std::function<void(std::optional<Observation>)> completion);
  [[nodiscard]] tl::expected<Observation, CallError> observe(std::uint64_t after_record,
                                                             std::chrono::nanoseconds timeout);

  // Since this Client was made.
  std::uint64_t completions_that_threw() const;

 private:
  class Shell;
  explicit Client(std::unique_ptr<Shell> shell);

  std::unique_ptr<Shell> shell_;
};

}  // namespace tally
