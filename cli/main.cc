// SPDX-License-Identifier: Apache-2.0
// tally: the command for people and scripts. `tally --help` lists what it does.
#include <exception>
#include <signal.h>

#include "cli/arguments.h"
#include "cli/report.h"

int main(int argc, char** argv) {
  using namespace tally::cli;
  signal(SIGPIPE, SIG_IGN);  // a line that nobody reads is dropped
  const auto command = parse_arguments(argc, argv);
  if (!command) return static_cast<int>(command.error());
  try {
    return static_cast<int>((*command)());
  } catch (const std::exception& error) {
    return static_cast<int>(fail(ExitCode::failed, error.what()));
  }
}
