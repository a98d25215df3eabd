// SPDX-License-Identifier: Apache-2.0
// Where the bridge's thread meets the client library's. Operations go out and answers come back in
// batches.
//
// What connections submit in one turn of the event loop leaves as one submission, and answers that
// come while the loop is busy come back as one task of it. So a request costs no lock and no
// wake-up of its own.
//
// What one asker submits at a time travels in one request, which executes as a whole. batch.h says
// what is combined.
//
// Thread: everything is called on the io_context's one thread, and calls back there. Only
// completed() runs on the client library's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "bridge/batch.h"
#include "bridge/counts.h"
#include "client/client.h"

namespace tally::bridge {

class Exchange {
 public:
  // `timeout`: of each operation and command.
  Exchange(boost::asio::io_context& context, Client client, Duration timeout);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // `asker` stays where it is until it is answered, or until the io_context runs no more. The
  // operations are moved from; they are at least one, and no more than one request may have
  // (Batch::has_room_for).
  void submit(std::span<OwnedOperation> operations, Asker& asker);
  void submit(OwnedOperation operation, Asker& asker) { submit({&operation, 1}, asker); }

  // Whether operations are let through. If not, the client library's circuit breaker refuses them
  // at once.
  bool available() const { return client_.available(); }

  void status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion);
  // Asks the comparator what it sees, with the audit records after this one.
  void observe(std::uint64_t record, Duration timeout, std::function<void(std::optional<Observation>)> completion);
  void admin(AdminCommand command, std::function<void(std::optional<AdminReply>)> completion);

  Duration timeout() const { return timeout_; }

  // Operations that were answered, whatever the answer, by their kind.
  const OperationCounts& answered() const { return answered_; }

 private:
  template <class Said>
  std::function<void(std::optional<Said>)> here(std::function<void(std::optional<Said>)> completion);
  Batch* take_batch();
  void flush();
  void send(Batch*& batch);
  void send_soon();
  void completed(Batch* batch, std::vector<Answer> answers) noexcept;
  void deliver();

  boost::asio::io_context& context_;
  const Duration timeout_;
  std::vector<std::unique_ptr<Batch>> batches_;  // all there are
  std::vector<Batch*> free_;
  Batch* changes_ = nullptr;  // being filled in this turn
  // Apart from changes, because an order without changes waits for no sync.
  Batch* reads_ = nullptr;
  bool flush_posted_ = false;
  OperationCounts answered_{};
  std::vector<Batch*> delivering_;

  std::mutex mutex_;
  std::vector<Batch*> completed_;  // guarded by mutex_; not empty: deliver() is posted

  Client client_;  // the last member, so that it goes before what its thread uses
};

}  // namespace tally::bridge
