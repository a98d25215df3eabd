// SPDX-License-Identifier: Apache-2.0
#include "bridge/exchange.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "bridge/limits.h"
#include "protocol/check.h"

namespace tally::bridge {

namespace net = boost::asio;

Exchange::Exchange(net::io_context& context, ClientOptions options, Duration timeout)
    : context_(context), timeout_(timeout), client_(std::move(options)) {}

Exchange::~Exchange() = default;

void Exchange::submit(OwnedOperation operation, Asker& asker) {
  const OperationKind kind = operation.kind;
  Batch*& batch = kind == OperationKind::get || kind == OperationKind::list ? reads_ : changes_;
  // A list's long result must not make a request too large for the others in it.
  if (kind == OperationKind::list && batch) send(batch);
  if (!batch) batch = take_batch();
  batch->operations.push_back(std::move(operation));
  batch->askers.push_back(&asker);
  if (kind == OperationKind::list || batch->operations.size() == http_limits::batch_operations) return send(batch);
  if (std::exchange(flush_posted_, true)) return;
  net::post(context_, [this] { flush(); });
}

// The completion is moved on, never copied: what it holds must be let go on our thread.
void Exchange::status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion) {
  client_.status(timeout, [this, completion = std::move(completion)](std::optional<ClusterStatus> status) mutable {
    net::post(context_, [completion = std::move(completion), status = std::move(status)]() mutable {
      completion(std::move(status));
    });
  });
}

void Exchange::admin(AdminCommand command, std::function<void(std::optional<AdminReply>)> completion) {
  client_.admin(std::move(command), timeout_,
                [this, completion = std::move(completion)](std::optional<AdminReply> reply) mutable {
                  net::post(context_, [completion = std::move(completion), reply = std::move(reply)]() mutable {
                    completion(std::move(reply));
                  });
                });
}

Exchange::Batch* Exchange::take_batch() {
  if (free_.empty()) return batches_.emplace_back(std::make_unique<Batch>()).get();
  Batch* batch = free_.back();
  free_.pop_back();
  return batch;
}

void Exchange::flush() {
  flush_posted_ = false;
  if (changes_) send(changes_);
  if (reads_) send(reads_);
}

void Exchange::send(Batch*& batch) {
  Batch* const leaving = std::exchange(batch, nullptr);
  // Two pointers: small enough that std::function keeps them without an allocation.
  client_.submit(std::exchange(leaving->operations, {}), timeout_,
                 [this, leaving](std::vector<Answer> answers) { completed(leaving, std::move(answers)); });
}

void Exchange::completed(Batch* batch, std::vector<Answer> answers) {
  CHECK(answers.size() == batch->askers.size());
  batch->answers = std::move(answers);
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = completed_.empty();
    completed_.push_back(batch);
  }
  if (is_first) net::post(context_, [this] { deliver(); });
}

void Exchange::deliver() {
  {
    const std::lock_guard lock(mutex_);
    delivering_.swap(completed_);
  }
  for (Batch* batch : delivering_) {
    for (std::size_t place = 0; place < batch->askers.size(); ++place)
      batch->askers[place]->answered(batch->answers[place]);
    batch->askers.clear();
    batch->answers.clear();
    free_.push_back(batch);
  }
  delivering_.clear();
}

}  // namespace tally::bridge
