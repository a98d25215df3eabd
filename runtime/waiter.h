// SPDX-License-Identifier: Apache-2.0
// Waits for channels, descriptors and a deadline at once: the resting place of every event loop.
#pragma once

#include <vector>
#include <zmq.hpp>

#include "protocol/time.h"
#include "runtime/channel.h"

namespace tally {

class Waiter {
 public:
  void watch(Channel& channel) { items_.push_back({channel.handle(), 0, ZMQ_POLLIN, 0}); }
  void watch(int descriptor) { items_.push_back({nullptr, descriptor, ZMQ_POLLIN, 0}); }

  // Until something is there to read, the deadline, or a second has passed. A deadline in the past only looks.
  void wait(Instant deadline);

 private:
  std::vector<zmq_pollitem_t> items_;
};

}  // namespace tally
