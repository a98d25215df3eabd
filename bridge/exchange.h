// SPDX-License-Identifier: Apache-2.0
// Where the bridge's thread meets the client library's. Operations go out and answers come back in
// batches.
//
// What connections submit in one turn of the event loop leaves as one submission, and answers that
// come while the loop is busy come back as one task of it. So a request costs no lock and no
// wake-up of its own.
//
// Increments are combined: those of one counter in one submission, without a key, of one sign, and
// with no other change of the counter between them, are one operation with their sum. Each is
// answered with the value that it would have made if they had been executed one after the other. If
// the sum overflows, each is tried alone, which may take another timeout.
//
// Thread: everything is called on the io_context's one thread, and calls back there. Only
// completed() runs on the client library's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/counts.h"
#include "client/client.h"

namespace tally::bridge {

// Whoever has submitted an operation and waits for its answer.
class Asker {
 public:
  virtual void answered(const Answer& answer) = 0;

 protected:
  ~Asker() = default;
};

class Exchange {
 public:
  // `timeout`: of each operation and command.
  Exchange(boost::asio::io_context& context, Client client, Duration timeout);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // `asker` stays where it is until it is answered, or until the io_context runs no more.
  void submit(OwnedOperation operation, Asker& asker);

  // Whether operations are let through. If not, the client library's circuit breaker refuses them
  // at once.
  bool available() const { return client_.available(); }

  void status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion);
  void admin(AdminCommand command, std::function<void(std::optional<AdminReply>)> completion);

  Duration timeout() const { return timeout_; }

  // Operations that were answered, whatever the answer, by their kind.
  const OperationCounts& answered() const { return answered_; }

 private:
  // Who waits for which part of a batch.
  struct Share {
    Asker* asker = nullptr;
    std::size_t operation = 0;  // its place in the batch
    std::int64_t value = 0;     // the asker's own
    std::int64_t through = 0;   // the operation's value, up to this one's
  };
  // Operations that travel together. A batch is used again when its answers have been delivered.
  struct Batch {
    void add(OwnedOperation operation, Asker& asker);
    void add_alone(OwnedOperation operation, Asker& asker);
    void append(OwnedOperation operation, Asker& asker);
    void clear();

    std::vector<OwnedOperation> operations;
    std::vector<Share> shares;
    // Change of each counter that others may join.
    std::unordered_map<std::string, std::size_t> newest;
    std::vector<Answer> answers;
  };

  Batch* take_batch();
  void flush();
  Batch*& batch_for(OperationKind kind);
  void send(Batch*& batch);
  void send_soon();
  void completed(Batch* batch, std::vector<Answer> answers) noexcept;
  void deliver();
  void deliver(const Batch& batch, const Share& share);

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
