// SPDX-License-Identifier: Apache-2.0
// Requests that wait for their place in the one total order.
//
// Bounded in number and bytes, for each principal and for each client; what does not fit is
// refused, never dropped silently (laws 21 and 25). A batch stays within an order's limits (law 7)
// and is shared out: principals take turns, and so do the clients of each. Whoever asks for much of
// an order, in bytes or in results, does not keep others out of it: large requests wait by
// themselves, get half of it, and more only where no small one wants it.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <vector>

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

  bool empty() const;

  // The next order's requests: as many as fit.
  std::vector<WaitingRequest> take_batch();

  // Everything that waits, to be refused.
  std::vector<WaitingRequest> take_all();

 private:
  enum class Size { small, large };
  // Of one principal.
  struct Lane {
    std::map<ClientId, std::deque<Request>> queues;  // only clients that wait
    // By the Size of their next request; each client once.
    std::array<std::deque<ClientId>, 2> turns;
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };
  struct Amount;
  struct Room;

  static Size size_of_next(const std::deque<Request>& queue);
  static std::deque<ClientId>& turns(Lane& lane, Size size) { return lane.turns[static_cast<std::size_t>(size)]; }
  static bool take_one(Lane& lane, Size size, Room& room, std::vector<WaitingRequest>& batch);
  void fill(Size size, Room& room, std::vector<WaitingRequest>& batch);

  std::map<Principal, Lane> lanes_;
  Principal last_{};  // that began a batch; the next one is begun by the one after it
};

}  // namespace tally
