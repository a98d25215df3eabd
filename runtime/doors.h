// SPDX-License-Identifier: Apache-2.0
// Where clients come in, and whose each endpoint is (law 25): distributor and comparator have the same doors.
#pragma once

#include <array>
#include <string>

#include "protocol/ids.h"
#include "runtime/channel.h"
#include "runtime/waiter.h"

namespace tally {

struct Door {
  Principal principal;
  Channel channel;
};

class Doors {
 public:
  // Binds both endpoints.
  Doors(zmq::context_t& context, const std::string& bridges, const std::string& clients, ChannelLimits limits);

  auto begin() { return doors_.begin(); }
  auto end() { return doors_.end(); }
  void watch_by(Waiter& waiter);
  // By the door of the client's principal.
  SendResult send(const ClientId& client, Message message);

 private:
  std::array<Door, 2> doors_;
};

}  // namespace tally
