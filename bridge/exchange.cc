// SPDX-License-Identifier: Apache-2.0
#include "bridge/exchange.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "bridge/limits.h"
#include "protocol/check.h"

namespace tally::bridge {

namespace net = boost::asio;

Exchange::Exchange(net::io_context& context, Client client, Duration timeout)
    : context_(context), timeout_(timeout), client_(std::move(client)) {}

Exchange::~Exchange() = default;

// Only increments of one sign are combined: if they are executed one after the other, one of them
// overflows exactly if their sum does.
void Exchange::Batch::add(OwnedOperation operation, Asker& asker) {
  const auto is_increment = [](const OwnedOperation& one) {
    return one.kind == OperationKind::add && one.idempotency_key.empty();
  };
  const auto [known, first] = newest.try_emplace(operation.name, operations.size());
  OwnedOperation* const joined = first || !is_increment(operation) ? nullptr : &operations[known->second];
  const bool same_sign = joined && is_increment(*joined) && (joined->value < 0) == (operation.value < 0);
  std::int64_t sum = 0;
  if (same_sign && !__builtin_add_overflow(joined->value, operation.value, &sum)) {
    joined->value = sum;
    shares.push_back({&asker, known->second, operation.value, sum});
    return;
  }
  known->second = operations.size();
  append(std::move(operation), asker);
}

void Exchange::Batch::add_alone(OwnedOperation operation, Asker& asker) {
  newest.erase(operation.name);
  append(std::move(operation), asker);
}

void Exchange::Batch::append(OwnedOperation operation, Asker& asker) {
  shares.push_back({&asker, operations.size(), operation.value, operation.value});
  operations.push_back(std::move(operation));
}

void Exchange::Batch::clear() {
  operations.clear();
  shares.clear();
  newest.clear();
  answers.clear();
}

Exchange::Batch*& Exchange::batch_for(OperationKind kind) {
  Batch*& batch = is_read(kind) ? reads_ : changes_;
  // A list's long result must not make a request too large for the others in it.
  const bool full = batch && batch->shares.size() == door_limits::batch_operations;
  if (full || (batch && is_list(kind))) send(batch);
  if (!batch) batch = take_batch();
  return batch;
}

void Exchange::submit(OwnedOperation operation, Asker& asker) {
  const OperationKind kind = operation.kind;
  Batch*& batch = batch_for(kind);
  if (&batch == &changes_)
    batch->add(std::move(operation), asker);
  else
    batch->append(std::move(operation), asker);
  if (is_list(kind)) return send(batch);
  send_soon();
}

void Exchange::send_soon() {
  if (std::exchange(flush_posted_, true)) return;
  net::post(context_, [this] { flush(); });
}

// The completion is moved on and never copied, because what it holds must be let go of on this
// thread.
void Exchange::status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion) {
  const CallError error =
      client_.status(to_chrono(timeout),
                     [this, completion = std::move(completion)](std::optional<ClusterStatus> status) mutable noexcept {
                       net::post(context_, [completion = std::move(completion), status = std::move(status)]() mutable {
                         completion(std::move(status));
                       });
                     });
  CHECK(error == CallError::none);
}

void Exchange::admin(AdminCommand command, std::function<void(std::optional<AdminReply>)> completion) {
  const CallError error =
      client_.admin(std::move(command), to_chrono(timeout_),
                    [this, completion = std::move(completion)](std::optional<AdminReply> reply) mutable noexcept {
                      net::post(context_, [completion = std::move(completion), reply = std::move(reply)]() mutable {
                        completion(std::move(reply));
                      });
                    });
  CHECK(error == CallError::none);
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
  const CallError error =
      client_.submit(leaving->operations, to_chrono(timeout_),
                     [this, leaving](std::vector<Answer> answers) { completed(leaving, std::move(answers)); });
  CHECK(error == CallError::none);
}

// On the client's thread, where an exception would be swallowed, and the askers never told.
void Exchange::completed(Batch* batch, std::vector<Answer> answers) noexcept {
  CHECK(answers.size() == batch->operations.size());
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
    for (const Share& share : batch->shares) deliver(*batch, share);
    batch->clear();
    free_.push_back(batch);
  }
  delivering_.clear();
}

void Exchange::deliver(const Batch& batch, const Share& share) {
  const OwnedOperation& operation = batch.operations[share.operation];
  const Answer& answer = batch.answers[share.operation];
  if (answer.is_decided()) ++answered_[static_cast<std::size_t>(operation.kind)];
  const bool combined = share.value != operation.value;
  if (!combined || !answer.is_decided()) return share.asker->answered(answer);
  // None was applied, though some may have room.
  if (answer.result.status == OperationStatus::overflow) {
    OwnedOperation own = operation;
    own.value = share.value;
    batch_for(own.kind)->add_alone(std::move(own), *share.asker);
    return send_soon();
  }
  Answer own = answer;
  if (own) own.result.value -= operation.value - share.through;
  share.asker->answered(own);
}

}  // namespace tally::bridge
