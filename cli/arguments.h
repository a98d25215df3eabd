// SPDX-License-Identifier: Apache-2.0
// The command line of `tally`: finds the command that it names.
#pragma once

#include <functional>
#include <tl/expected.hpp>

#include "cli/exit_code.h"

namespace tally::cli {

// A command with its options, ready to run.
using Command = std::function<ExitCode()>;

// The error is the exit code after --help, --version or a usage error, which has been printed.
tl::expected<Command, ExitCode> parse_arguments(int argc, char** argv);

}  // namespace tally::cli
