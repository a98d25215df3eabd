// SPDX-License-Identifier: Apache-2.0
#include "bridge/exchange.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "protocol/check.h"

namespace tally::bridge {

namespace net = boost::asio;

Exchange::Exchange(net::io_context& context, Client client, Duration timeout)
    : context_(context), timeout_(timeout), client_(std::move(client)) {}

Exchange::~Exchange() = default;

// An order without changes waits for no sync, so what only reads travels apart.
void Exchange::submit(std::span<OwnedOperation> operations, Asker& asker) {
  const bool reads = std::ranges::all_of(operations, is_read, &OwnedOperation::kind);
  Batch*& batch = reads ? reads_ : changes_;
  if (batch && !batch->has_room_for(operations)) send(batch);
  if (!batch) batch = take_batch();
  batch->add(operations, asker);
  send_soon();
}

void Exchange::send_soon() {
  if (std::exchange(flush_posted_, true)) return;
  net::post(context_, [this] { flush(); });
}

// Hands an answer over to this thread. The completion is moved on and never copied, because what it
// holds must be let go of here.
template <class Said>
std::function<void(std::optional<Said>)> Exchange::here(std::function<void(std::optional<Said>)> completion) {
  return [this, completion = std::move(completion)](std::optional<Said> said) mutable noexcept {
    net::post(context_,
              [completion = std::move(completion), said = std::move(said)]() mutable { completion(std::move(said)); });
  };
}

void Exchange::status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion) {
  const CallError error = client_.status(to_chrono(timeout), here(std::move(completion)));
  CHECK(error == CallError::none);
}

void Exchange::observe(std::uint64_t record, Duration timeout,
                       std::function<void(std::optional<Observation>)> completion) {
  const CallError error = client_.observe(record, to_chrono(timeout), here(std::move(completion)));
  CHECK(error == CallError::none);
}

void Exchange::admin(AdminCommand command, std::function<void(std::optional<AdminReply>)> completion) {
  const CallError error = client_.admin(std::move(command), to_chrono(timeout_), here(std::move(completion)));
  CHECK(error == CallError::none);
}

Batch* Exchange::take_batch() {
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
      client_.submit(leaving->operations(), to_chrono(timeout_),
                     [this, leaving](std::vector<Answer> answers) { completed(leaving, std::move(answers)); });
  CHECK(error == CallError::none);
}

// On the client's thread, where an exception would be swallowed, and the askers never told.
void Exchange::completed(Batch* batch, std::vector<Answer> answers) noexcept {
  batch->set_answers(std::move(answers));
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
    batch->deliver(answered_);
    batch->clear();
    free_.push_back(batch);
  }
  delivering_.clear();
}

}  // namespace tally::bridge
