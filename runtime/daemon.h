// SPDX-License-Identifier: Apache-2.0
// What every daemon's main needs: its command line, its log and its signals.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "protocol/limits.h"
#include "runtime/config.h"

namespace tally {

// Usage, configuration, or a directory that this daemon must not use.
inline constexpr int exit_usage = 2;

struct DaemonKind {
  // "replica"; the program is tally-replica.
  std::string role;
  // How many there are; nullptr: one, which has no --id.
  std::int64_t Config::*count = nullptr;
  // If --id is not given; 0: it must be given.
  std::uint64_t usual_id = 0;
  std::uint64_t memory_bytes = limits::daemon_memory_bytes;  // see limit_memory()
  // In the data directory, which is made private then.
  bool keeps_files = true;
};

struct DaemonArguments {
  Config config;
  std::uint64_t id = 0;  // from 1; 0: there is one of this kind
};

// Prepares the process (process.h), reads --config FILE, and --id N where there are several of a
// kind, starts logging, blocks SIGINT and SIGTERM for the process and all threads that it starts
// later, runs `body`, and returns the exit code. An error of the configuration ends with a line on
// stderr, anything else that is in the way with a line of the log.
int run_daemon(int argc, char** argv, const DaemonKind& kind, const std::function<int(const DaemonArguments&)>& body);

// SIGINT and SIGTERM as a descriptor; run_daemon has blocked them.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int descriptor() const { return descriptor_; }
  void take();  // when the descriptor is readable
  bool asked() const { return asked_; }

 private:
  int descriptor_;
  bool asked_ = false;
};

}  // namespace tally
