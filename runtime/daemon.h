// SPDX-License-Identifier: Apache-2.0
// What every ZeroMQ daemon's main needs: its command line and its signals.
#pragma once

#include <functional>
#include <string>

#include "runtime/config.h"

namespace tally {

inline constexpr int exit_usage = 2;  // usage, configuration, or a directory that this daemon must not use

struct DaemonArguments {
  Config config;
  ReplicaId id;  // replicas only
};

// Prepares the process (process.h), reads --config FILE (and --id N), starts logging, blocks SIGINT and SIGTERM for the
// process and its later threads, makes the data directory private, runs `body` and returns the exit code. A
// configuration error or an exception ends with a line on stderr.
int run_daemon(int argc, char** argv, const std::string& role, bool has_id,
               const std::function<int(const DaemonArguments&)>& body);

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
