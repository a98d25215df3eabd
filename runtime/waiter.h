// SPDX-License-Identifier: Apache-2.0
// Waits for channels, descriptors and a deadline at once: the resting place of every event loop.
//
// One poll(2) a wait. zmq_poll would ask every socket for its events each time, at several system calls a socket.
#pragma once

#include <poll.h>
#include <vector>

#include "protocol/time.h"
#include "runtime/channel.h"

namespace tally {

class Waiter {
 public:
  // The channel must outlive the waiter's last wait.
  void watch(Channel& channel);
  void watch(int descriptor);

  // Until a channel may have a message, a descriptor is readable, the deadline has come, or a second has passed. A
  // deadline in the past only looks.
  void wait(Instant deadline);

  // Whether this descriptor was readable when the last wait ended; true before the first.
  bool is_ready(int descriptor) const;

 private:
  std::vector<Channel*> channels_;
  std::vector<pollfd> descriptors_;  // the channels' first, in their order
};

}  // namespace tally
