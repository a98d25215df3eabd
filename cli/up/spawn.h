// SPDX-License-Identifier: Apache-2.0
// Starts one daemon as a child process that dies with its parent.
//
// The child is killed when the *thread* that started it ends (PR_SET_PDEATHSIG), so children must
// be started from the main thread. It has a process group of its own, because a Ctrl-C on the
// terminal is for the supervisor, which stops its children in order. It has no TALLY_ variable,
// because its configuration file says already what came of these. It has no descriptors but those
// named below.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "protocol/time.h"

namespace tally::cli {

// A socket, and what its receiver knows it by; its name has no colon.
struct NamedSocket {
  std::string name;
  int descriptor = -1;
};

struct SpawnRequest {
  std::vector<std::string> command;  // the program's path first
  int output = -1;                   // its stdout and stderr
  // Handed over as descriptors 3, 4 …, as by systemd (sd_listen_fds_with_names(3)).
  std::vector<NamedSocket> listening_sockets;
  // Its service manager's (runtime/service_manager.h); -1: it has none.
  int notify_socket = -1;
  // How often it must say that it lives (sd_watchdog_enabled(3)); 0: never.
  Duration watchdog;
};

// The child's process id, or -1 and errno. A child whose program cannot be executed says so in
// `output` and exits with 127.
pid_t spawn(const SpawnRequest& request);

}  // namespace tally::cli
