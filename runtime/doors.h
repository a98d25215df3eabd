// SPDX-License-Identifier: Apache-2.0
// The endpoints where clients come in, and whose each of them is (law 25). The distributor and the
// comparator have the same doors.
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
  // By the door at which the client's principal comes in.
  SendResult send(const ClientId& client, Message message);

 private:
  std::array<Door, 2> doors_;
};

}  // namespace tally
