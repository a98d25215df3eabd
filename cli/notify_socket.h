// SPDX-License-Identifier: Apache-2.0
// Where daemons tell `tally up` how they are, as they would tell systemd (sd_notify(3)).
//
// A socket in DATA/run, which only this user may write to. The kernel says who wrote (SCM_CREDENTIALS, unix(7)), so a
// daemon can speak for itself alone.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <tl/expected.hpp>

#include "cli/exit_code.h"
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
  // `directory`: so short that the name of a socket in it fits; see RunDirectory::path_for_sockets().
  static tl::expected<NotifySocket, Failure> listen(const std::string& directory);

  const std::string& address() const { return address_; }  // for NOTIFY_SOCKET
  int descriptor() const { return socket_.get(); }

  // The oldest that is there; nothing when there is none. Never waits.
  std::optional<Notification> receive() const;

 private:
  NotifySocket(std::string address, Descriptor socket) : address_(std::move(address)), socket_(std::move(socket)) {}

  std::string address_;
  Descriptor socket_;
};

}  // namespace tally::cli
