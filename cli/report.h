// SPDX-License-Identifier: Apache-2.0
// How commands talk: they print data on stdout and everything else as one line on stderr, and end
// with an exit code that says what became of the work.
#pragma once

#include <cstdio>
#include <string>

#include "cli/exit_code.h"

namespace tally::cli {

// "tally: MESSAGE" on stderr.
ExitCode fail(const Failure& failure);
ExitCode fail(ExitCode code, const std::string& message);
// The same of what is no failure.
void tell(const std::string& message);

// The second is false where whoever sits at the terminal asked for plain text (NO_COLOR,
// TERM=dumb).
bool is_terminal(std::FILE* stream);
bool wants_colour(std::FILE* stream);
// It is a terminal on which a line can be written over.
bool can_repaint(std::FILE* stream);

}  // namespace tally::cli
