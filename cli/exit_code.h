// SPDX-License-Identifier: Apache-2.0
// The exit codes that scripts rely on, and a failure that ends a command with one of them.
#pragma once

#include <string>

namespace tally::cli {

enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,        // usage or configuration
  unavailable = 3,  // no majority or unavailable: not applied
  unknown = 4,      // unreachable or timed out: outcome unknown
  unverified = 5,   // a verification failed
};

struct Failure {
  ExitCode code = ExitCode::failed;
  std::string message;  // one line, without a full stop
};

}  // namespace tally::cli
