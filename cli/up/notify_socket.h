// SPDX-License-Identifier: Apache-2.0
// Where daemons tell `tally up` how they are, as they would tell systemd (sd_notify(3)).
//
// It is a pair of sockets without a name, so nobody else can write to it, and no cleaner can remove
// it. All daemons inherit the one end (runtime/service_manager.h). The kernel says who wrote
// (SCM_CREDENTIALS, unix(7)), so a daemon can speak for itself only.
#pragma once

#include <optional>
#include <sys/types.h>

#include "runtime/descriptor.h"

namespace tally::cli {

struct Notification {
  pid_t from = 0;
  bool ready = false;     // READY=1
  bool alive = false;     // WATCHDOG=1
  bool stopping = false;  // STOPPING=1
};

class NotifySocket {
 public:
  NotifySocket();

  int for_children() const { return for_children_.get(); }
  int descriptor() const { return socket_.get(); }

  // The oldest notification that has not been received; nothing if there is none. It never waits.
  std::optional<Notification> receive() const;

 private:
  Descriptor socket_;
  Descriptor for_children_;
};

}  // namespace tally::cli
