// SPDX-License-Identifier: Apache-2.0
// Tells the service manager, systemd or `tally up`, that an event loop still turns: WATCHDOG=1
// (sd_notify(3)).
//
// If there is no manager that watches (sd_watchdog_enabled(3)), it does nothing. It never waits, as
// sd_notify(3) does while its manager does not read, because a manager that is stopped must not
// stop the loop. Thread: the loop's.
#pragma once

#include <string>

#include "protocol/time.h"

namespace tally {

class Heartbeat {
 public:
  Heartbeat();  // asks the environment
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // To be called once in each turn of the loop. Returns when it must be called again at the latest;
  // never() if nobody watches.
  Instant beat(Instant now);

 private:
  void send() const;

  std::string address_;  // as NOTIFY_SOCKET has it; empty: socket_ itself leads to the manager
  int socket_ = -1;      // -1: nobody watches
  Duration pause_;
  Instant next_;
};

}  // namespace tally
