// SPDX-License-Identifier: Apache-2.0
#include "distributor/sequencer.h"

#include <algorithm>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/operations.h"

namespace tally {
namespace {

// What a request adds to an order, apart from its operations.
constexpr std::size_t request_overhead_bytes = 64;
constexpr std::size_t small_bytes = 16 * 1024;

std::size_t size_of(const Request& request) { return request.operations.size() + request_overhead_bytes; }

bool is_possible(const Request& request) {
  const bool in_order = request.kind == RequestKind::open_session || request.acknowledged < request.number;
  return in_order && request.operations.size() <= limits::request_bytes &&
         request.result_limit >= results::header_bytes && request.result_limit <= limits::request_result_bytes;
}

}  // namespace

struct Sequencer::Amount {
  std::size_t bytes = 0;
  std::size_t result_bytes = 0;

  static Amount of(const Request& request) { return {size_of(request), request.result_limit + sizeof(std::uint32_t)}; }
  bool holds(const Amount& other) const { return other.bytes <= bytes && other.result_bytes <= result_bytes; }
};

// What is left in the order being filled.
struct Sequencer::Room {
  std::size_t requests = limits::order_requests;
  Amount amount{limits::order_bytes, limits::order_result_bytes};
  Amount kept_free;  // for others than those who take now

  bool take(const Request& request) {
    const Amount wanted = Amount::of(request);
    const Amount with_kept{wanted.bytes + kept_free.bytes, wanted.result_bytes + kept_free.result_bytes};
    if (requests == 0 || !amount.holds(with_kept)) return false;
    requests -= 1;
    amount.bytes -= wanted.bytes;
    amount.result_bytes -= wanted.result_bytes;
    return true;
  }
};

Sequencer::Size Sequencer::size_of_next(const std::deque<Request>& queue) {
  return Amount{small_bytes, small_bytes}.holds(Amount::of(queue.front())) ? Size::small : Size::large;
}

Sequencer::Admission Sequencer::add(const ClientId& client, Request& request) {
  if (!is_possible(request)) return Admission::malformed;
  Lane& lane = lanes_[request.principal];
  if (lane.requests >= limits::pending_requests || lane.bytes + size_of(request) > limits::pending_bytes)
    return Admission::full;
  std::deque<Request>& queue = lane.queues[client];
  if (queue.size() >= limits::pending_requests_per_client) return Admission::full;
  lane.requests += 1;
  lane.bytes += size_of(request);
  queue.push_back(std::move(request));
  if (queue.size() == 1) turns(lane, size_of_next(queue)).push_back(client);
  return Admission::queued;
}

bool Sequencer::empty() const {
  return std::ranges::all_of(lanes_, [](const auto& lane) { return lane.second.requests == 0; });
}

// Of whoever has the turn. False: nobody waits, or it does not fit.
bool Sequencer::take_one(Lane& lane, Size size, Room& room, std::vector<WaitingRequest>& batch) {
  if (turns(lane, size).empty()) return false;
  const auto found = lane.queues.find(turns(lane, size).front());
  CHECK(found != lane.queues.end() && !found->second.empty());
  auto& [client, queue] = *found;
  if (!room.take(queue.front())) return false;
  turns(lane, size).pop_front();
  lane.requests -= 1;
  lane.bytes -= size_of(queue.front());
  batch.push_back({client, std::move(queue.front())});
  queue.pop_front();
  if (queue.empty())
    lane.queues.erase(found);
  else
    turns(lane, size_of_next(queue)).push_back(client);
  return true;
}

// Principal by principal, one request each.
void Sequencer::fill(Size size, Room& room, std::vector<WaitingRequest>& batch) {
  auto lane = lanes_.find(last_);
  for (std::size_t in_vain = 0; in_vain < lanes_.size(); ++lane) {
    if (lane == lanes_.end()) lane = lanes_.begin();
    in_vain = take_one(lane->second, size, room, batch) ? 0 : in_vain + 1;
  }
}

std::vector<WaitingRequest> Sequencer::take_batch() {
  // About half of an order; what is left holds the largest request that there can be.
  constexpr Amount for_small_ones{limits::order_bytes - limits::request_bytes - request_overhead_bytes,
                                  limits::order_result_bytes - limits::request_result_bytes - sizeof(std::uint32_t)};
  std::vector<WaitingRequest> batch;
  if (lanes_.empty()) return batch;
  const auto next = lanes_.upper_bound(last_);
  last_ = (next == lanes_.end() ? lanes_.begin() : next)->first;
  Room room;
  room.kept_free = for_small_ones;
  fill(Size::large, room, batch);
  room.kept_free = {};
  fill(Size::small, room, batch);
  fill(Size::large, room, batch);
  return batch;
}

std::vector<WaitingRequest> Sequencer::take_all() {
  std::vector<WaitingRequest> all;
  while (!empty())
    for (WaitingRequest& waiting : take_batch()) all.push_back(std::move(waiting));
  return all;
}

}  // namespace tally
