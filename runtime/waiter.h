// SPDX-License-Identifier: Apache-2.0
// Waits for channels, descriptors and a deadline at once: the resting place of every event loop.
//
// One poll(2) a wait. zmq_poll would ask every socket for its events each time, at several system calls a socket.
#pragma once

#include <poll.h>
#include <string>
#include <vector>

#include "protocol/time.h"
#include "runtime/channel.h"

namespace tally {

class Waiter {
 public:
  // The channel must outlive the waiter's last wait, or be forgotten before.
  void watch(Channel& channel);
  void forget(const Channel& channel);
  // The channel has a new socket (Channel::reconnect), and is watched like before.
  void reconnect(Channel& channel, const std::string& routing_id);
  void watch(int descriptor);
  // What comes by this channel can wait for something else to end the wait, unless it is said that it cannot: each
  // wake-up of a thread costs more than reading a few messages.
  void watch_patiently(Channel& channel);

  // Until a channel may have a message, a descriptor is readable, the deadline has come, or a second has passed. A
  // deadline in the past only looks. `hurried`: patiently watched channels end the wait like the others.
  void wait(Instant deadline, bool hurried = true);

  // Whether this descriptor was readable when the last wait ended; true before the first.
  bool is_ready(int descriptor) const;

 private:
  std::vector<Channel*> channels_;   // the patiently watched ones first
  std::vector<pollfd> descriptors_;  // the channels' first, in their order
  std::size_t patient_ = 0;
};

}  // namespace tally
