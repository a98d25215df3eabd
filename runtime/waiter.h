// SPDX-License-Identifier: Apache-2.0
// Waits for channels, descriptors and a deadline together. Every event loop rests here.
//
// A wait is one poll(2). zmq_poll would ask every socket for its events each time, which takes
// several system calls for each socket.
#pragma once

#include <poll.h>
#include <string>
#include <vector>

#include "protocol/time.h"
#include "runtime/channel.h"

namespace tally {

class Waiter {
 public:
  // The channel must outlive the last wait, or be forgotten before that.
  void watch(Channel& channel);
  void forget(const Channel& channel);
  // The channel has a new socket (Channel::reconnect), and is watched as before.
  void reconnect(Channel& channel, const std::string& routing_id);
  void watch(int descriptor);
  // What comes by this channel may wait until something else ends the wait, unless that is
  // `hurried`: each wake-up of a thread costs more than reading a few messages.
  void watch_patiently(Channel& channel);

  // Waits until a channel may have a message, a descriptor is readable, the deadline has come, or a
  // second has passed. With a deadline in the past it only looks. `hurried`: patiently watched
  // channels end the wait like the others.
  void wait(Instant deadline, bool hurried = true);

  // Whether this descriptor was readable when the last wait ended; true before the first wait.
  bool is_ready(int descriptor) const;

 private:
  std::vector<Channel*> channels_;   // the patiently watched ones first
  std::vector<pollfd> descriptors_;  // the channels' first, in their order
  std::size_t patient_ = 0;
};

}  // namespace tally
