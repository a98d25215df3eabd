// SPDX-License-Identifier: Apache-2.0
// Keeps the daemons of one group running as child processes: restarts each one that dies, and stops
// all of them in order.
//
// What cannot get better by itself is not tried again: if a distributor, comparator or bridge
// refuses (exit code 2), the group ends, and it ends too if more replicas refuse than may fail. The
// refusal of fewer replicas is masked; these are tried again, with growing pauses.
//
// The supervisor is the service manager of its daemons, as systemd would be (sd_notify(3)): a
// daemon that hangs is killed (see watchdog.h), and restarted like any other that died.
//
// A daemon that has a socket for connections and says that it stops gets a successor at once. Both
// accept from the same socket, so no connection is refused.
//
// There is one thread, the main one (see spawn.h), which sleeps until something happens or a pause
// ends. RUN/ROLE.pid always names the newest process of a role, and LOG/ROLE.log has what it
// printed. What a cleaner removes of these is made again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "cli/up/notify_socket.h"
#include "cli/up/restart_pause.h"
#include "cli/up/spawn.h"
#include "cli/up/watchdog.h"
#include "protocol/time.h"
#include "runtime/descriptor.h"

namespace tally::cli {

// Blocks SIGINT, SIGTERM, SIGHUP and SIGCHLD in this thread and in all that it starts later, so
// that they are read from the descriptor instead.
Descriptor open_signals();

struct ChildPlan {
  std::string role;  // names its files, like replica-1
  std::vector<std::string> command;
  // With one, a successor is started as soon as this process says that it stops.
  std::vector<NamedSocket> listening_sockets;
  std::vector<std::string> sockets;  // that it binds; if a name is gone, nobody new can reach it
  int stop_round = 0;                // first those of lower rounds are stopped, until they are gone
  Duration stop_patience;            // from SIGTERM to SIGKILL
  // It is killed when it hangs for so many of the watchdog's intervals.
  std::int64_t watchdogs = 1;
  bool may_fail = false;  // the group goes on without it, as without a replica
  // Only when all others have been ready, because they may refuse.
  bool starts_later = false;
};

class Supervisor {
 public:
  struct Places {
    std::string run_directory;
    std::string log_directory;
    // Makes what is missing; says what went wrong.
    std::function<std::optional<std::string>()> look_after;
  };
  // `watchdog`: a daemon that is silent for so long hangs; zero: nobody is watched.
  Supervisor(Places places, Duration watchdog, std::vector<ChildPlan> plans);

  // Starts all and keeps them running until a signal asks for an end. If the group cannot run it
  // ends by itself, and returns why, a sentence.
  std::optional<std::string> run(const Descriptor& signals);

  // Stops all; no process is left afterwards.
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
    Instant ready_at;              // never(): it is not ready yet
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
  Instant woken_;  // before the notifications were read, so that nobody is taken for silent wrongly
  Watch watch_;
  bool stopping_ = false;
  std::vector<Child> children_;
};

}  // namespace tally::cli
