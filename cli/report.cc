// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace tally::cli {

ExitCode fail(const Failure& failure) {
  tell(failure.message);
  return failure.code;
}

ExitCode fail(ExitCode code, const std::string& message) { return fail({code, message}); }

void tell(const std::string& message) { std::fprintf(stderr, "tally: %s\n", message.c_str()); }

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) == 1; }

bool wants_colour(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  return can_repaint(stream) && !(no_color && *no_color);
}

bool can_repaint(std::FILE* stream) {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal && std::string_view(terminal) == "dumb";
  return is_terminal(stream) && !dumb;
}

}  // namespace tally::cli
