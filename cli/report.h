// SPDX-License-Identifier: Apache-2.0
// How commands talk: data on stdout, everything else as one line on stderr, and an exit code that says what became of
// it.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/exit_code.h"

namespace tally::cli {

// "tally: MESSAGE" on stderr.
ExitCode fail(const Failure& failure);
ExitCode fail(ExitCode code, const std::string& message);

// A JSON string, with its quotes.
std::string json_string(std::string_view text);

// The stream is a terminal, and whoever sits there did not ask for plain text (NO_COLOR, TERM=dumb).
bool is_terminal(std::FILE* stream);
bool wants_colour(std::FILE* stream);
// It is a terminal on which a line can be written over.
bool can_repaint(std::FILE* stream);

}  // namespace tally::cli
