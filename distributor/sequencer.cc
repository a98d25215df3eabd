// SPDX-License-Identifier: Apache-2.0
#include "distributor/sequencer.h"

#include "protocol/check.h"
#include "protocol/operations.h"

namespace tally {
namespace {

// What a request adds to an order, apart from its operations.
constexpr std::size_t request_overhead_bytes = 64;

std::size_t size_of(const Request& request) { return request.operations.size() + request_overhead_bytes; }

bool is_possible(const Request& request) {
  return request.operations.size() <= limits::request_bytes && request.result_limit >= results::header_bytes &&
         request.result_limit <= limits::request_result_bytes;
}

// Room that is left in the order being filled.
struct Room {
  std::size_t requests = limits::order_requests;
  std::size_t bytes = limits::order_bytes;
  std::size_t result_bytes = limits::order_result_bytes;

  bool take(const Request& request) {
    const std::size_t wanted_results = request.result_limit + sizeof(std::uint32_t);
    if (requests < 1 || bytes < size_of(request) || result_bytes < wanted_results) return false;
    requests -= 1;
    bytes -= size_of(request);
    result_bytes -= wanted_results;
    return true;
  }
};

}  // namespace

Sequencer::Admission Sequencer::add(const ClientId& client, Request& request) {
  if (!is_possible(request)) return Admission::malformed;
  if (waiting_requests_ >= limits::pending_requests || waiting_bytes_ + size_of(request) > limits::pending_bytes)
    return Admission::full;
  Queue& queue = queues_[client];
  if (queue.size() >= limits::pending_requests_per_client) return Admission::full;
  if (queue.empty()) turns_.push_back(client);
  waiting_requests_ += 1;
  waiting_bytes_ += size_of(request);
  queue.push_back(std::move(request));
  return Admission::queued;
}

std::vector<WaitingRequest> Sequencer::take_batch() {
  std::vector<WaitingRequest> batch;
  Room room;
  while (!turns_.empty()) {
    const auto found = queues_.find(turns_.front());
    CHECK(found != queues_.end() && !found->second.empty());
    Queue& queue = found->second;
    if (!room.take(queue.front())) break;
    waiting_requests_ -= 1;
    waiting_bytes_ -= size_of(queue.front());
    batch.push_back({turns_.front(), std::move(queue.front())});
    queue.pop_front();
    if (queue.empty())
      queues_.erase(found);
    else
      turns_.push_back(turns_.front());
    turns_.pop_front();
  }
  return batch;
}

std::vector<WaitingRequest> Sequencer::take_all() {
  std::vector<WaitingRequest> all;
  while (!empty())
    for (WaitingRequest& waiting : take_batch()) all.push_back(std::move(waiting));
  return all;
}

}  // namespace tally
