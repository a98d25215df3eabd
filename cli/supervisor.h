// SPDX-License-Identifier: Apache-2.0
// Keeps the daemons of one group running as child processes: restarts one that dies, and stops all in order.
//
// One thread, the main one (see spawn.h); it sleeps until a signal comes or a pause ends. RUN/ROLE.pid always names the
// newest process of a role; LOG/ROLE.log has what it printed.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "cli/descriptor.h"
#include "cli/restart_pause.h"
#include "protocol/time.h"

namespace tally::cli {

// Blocks SIGINT, SIGTERM, SIGHUP and SIGCHLD in this thread and all that it starts later, and reads them instead.
Descriptor open_signals();

struct ChildPlan {
  std::string role;  // names its files: replica-1
  std::vector<std::string> command;
  int listening_socket = -1;  // -1: none
  int stop_round = 0;         // those of a lower round are stopped, and gone, first
  Duration stop_patience;     // from SIGTERM to SIGKILL
};

class Supervisor {
 public:
  Supervisor(std::string run_directory, std::string log_directory, std::vector<ChildPlan> plans);

  // Starts all and keeps them running until a signal asks for an end.
  void run_until_signal(const Descriptor& signals);

  // No process is left afterwards.
  void stop(const Descriptor& signals);

 private:
  struct Child {
    ChildPlan plan;
    pid_t pid = 0;  // 0: not running
    Instant started;
    Instant start_at;  // when not running
    RestartPause pause;
    bool refusal_told = false;
  };

  void start(Child& child, Instant now);
  void start_due(Instant now);
  Instant next_start() const;
  void reap(Instant now);
  void tell_exit(Child& child, int status);
  void tell_refusal(Child& child);
  bool wait(const Descriptor& signals, Instant deadline);
  bool running(int round) const;
  void signal_round(int round, int signal);
  void await_round(const Descriptor& signals, int round, Duration patience);
  std::string pid_file(const Child& child) const { return run_directory_ + '/' + child.plan.role + ".pid"; }
  std::string log_file(const Child& child) const { return log_directory_ + '/' + child.plan.role + ".log"; }

  std::string run_directory_;
  std::string log_directory_;
  std::vector<Child> children_;
};

}  // namespace tally::cli
