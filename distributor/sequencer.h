// SPDX-License-Identifier: Apache-2.0
// Requests that wait for their place in the one total order.
//
// Bounded in number and bytes, in all and for each client; what does not fit is refused, never dropped silently (law
// 21). A batch is filled round robin over the clients that wait, and stays within an order's limits (law 7).
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

#include "protocol/limits.h"
#include "protocol/messages.h"

namespace tally {

struct WaitingRequest {
  ClientId client;
  Request request;
};

class Sequencer {
 public:
  enum class Admission { queued, full, malformed };
  // Takes the request over only if it is queued.
  Admission add(const ClientId& client, Request& request);

  bool empty() const { return waiting_requests_ == 0; }

  // The next order's requests: as many as fit.
  std::vector<WaitingRequest> take_batch();

  // Everything that waits, to be refused.
  std::vector<WaitingRequest> take_all();

 private:
  using Queue = std::deque<Request>;

  std::unordered_map<ClientId, Queue> queues_;  // only clients that wait
  std::deque<ClientId> turns_;                  // each client of queues_ once
  std::size_t waiting_requests_ = 0;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace tally
