// SPDX-License-Identifier: Apache-2.0
// tally: the command for people and scripts. `tally --help` lists what it does.
#include <cstdio>
#include <exception>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/report.h"

namespace {

using namespace tally::cli;

bool reader_has_gone() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

// A reader that went away has got what it wanted of the output; a file on a full disk has not.
ExitCode after_output(ExitCode code) {
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (code != ExitCode::done || is_written || reader_has_gone()) return code;
  return fail(ExitCode::failed, "not all of the output could be written");
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // a line that nobody reads is dropped
  const auto command = parse_arguments(argc, argv);
  if (!command) return static_cast<int>(command.error());
  try {
    return static_cast<int>(after_output((*command)()));
  } catch (const std::exception& error) {
    return static_cast<int>(fail(ExitCode::failed, error.what()));
  }
}
