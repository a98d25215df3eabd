// SPDX-License-Identifier: Apache-2.0
// Keeps the daemons of one group running as child processes: restarts one that dies, and stops all in order.
//
// What cannot get better by itself is not tried again: a distributor, comparator or bridge that refuses (exit code 2)
// ends the group, and so do more replicas than may fail. One of few is masked, and tried again with growing pauses.
//
// It is their service manager, as systemd would be (sd_notify(3)): one that hangs is killed (see watchdog.h),
// and restarted like any that died.
//
// One that is told to stop and has a socket for connections has a successor at once: both accept, so nobody is refused.
//
// One thread, the main one (see spawn.h); it sleeps until something happens or a pause ends. RUN/ROLE.pid always names
// the newest process of a role; LOG/ROLE.log has what it printed. What a cleaner takes of these is made again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "cli/up/notify_socket.h"
#include "cli/up/restart_pause.h"
#include "cli/up/watchdog.h"
#include "protocol/time.h"
#include "runtime/descriptor.h"

namespace tally::cli {

// Blocks SIGINT, SIGTERM, SIGHUP and SIGCHLD in this thread and all that it starts later, and reads them instead.
Descriptor open_signals();

struct ChildPlan {
  std::string role;  // names its files: replica-1
  std::vector<std::string> command;
  int listening_socket = -1;  // -1: none. With one, a successor starts as soon as this process says that it stops
  std::vector<std::string> sockets;  // that it binds; one whose name is gone is of no use to anybody new
  int stop_round = 0;                // those of a lower round are stopped, and gone, first
  Duration stop_patience;            // from SIGTERM to SIGKILL
  std::int64_t watchdogs = 1;        // killed when it hangs for so many times the watchdog's interval
  bool may_fail = false;             // a replica: the group goes on without it
  bool starts_later = false;         // once all others have been ready: they may refuse, and then it has not begun
};

class Supervisor {
 public:
  struct Places {
    std::string run_directory;
    std::string log_directory;
    std::function<std::optional<std::string>()> look_after;  // makes what is missing; says what went wrong
  };
  // `watchdog`: those that are silent for so long hang; nothing: nobody is watched.
  Supervisor(Places places, Duration watchdog, std::vector<ChildPlan> plans);

  // Starts all and keeps them running until a signal asks for an end; or until the group cannot run: then why, a
  // sentence.
  std::optional<std::string> run(const Descriptor& signals);

  // No process is left afterwards.
  void stop(const Descriptor& signals);

 private:
  struct Child {
    ChildPlan plan;
    pid_t pid = 0;  // 0: not running
    struct Leaving {
      pid_t pid;
      Instant kill_at;
    };
    std::vector<Leaving> leaving;  // earlier ones, which said that they stop
    Instant ready_at;              // never: it is not ready yet
    Instant start_at;              // when not running
    Pulse pulse;
    RestartPause pause;
    bool refused = false;                 // the last time
    std::optional<Instant> told_refusal;  // when, last
  };

  void start(Child& child, Instant now);
  void write_pid(const Child& child) const;
  void start_due(Instant now);
  Instant next_deadline() const;
  void take_notifications();
  void look_after();
  void restart_unreachable(Child& child);
  void succeed(Child& child);
  void watch();
  void kill_hung(Child& child);
  void reap(Instant now);
  void tell_exit(const Child& child, int status);
  void tell_refusal(Child& child, Instant now);
  std::string refusal_of(const Child& child) const;
  std::optional<std::string> why_it_cannot_run() const;
  void start_the_rest(Instant now);
  bool wait(const Descriptor& signals, Instant deadline);
  bool take_signals(const Descriptor& signals);
  bool running(int round) const;
  void signal_round(int round, int signal);
  void await_round(const Descriptor& signals, int round, Duration patience);
  std::string pid_file(const Child& child) const { return places_.run_directory + '/' + child.plan.role + ".pid"; }
  std::string log_file(const Child& child) const { return places_.log_directory + '/' + child.plan.role + ".log"; }

  Places places_;
  Instant next_look_after_;
  std::string told_trouble_;
  NotifySocket notifications_;
  Instant woken_;  // before the notifications were read; judging by it, nobody is taken for silent who was not
  Watch watch_;
  bool stopping_ = false;
  std::vector<Child> children_;
};

}  // namespace tally::cli
