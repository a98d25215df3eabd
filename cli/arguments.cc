// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "cli/command_line.h"
#include "cli/report.h"

namespace tally::cli {

tl::expected<Command, ExitCode> parse_arguments(int argc, char** argv) {
  CLI::App app{"Counts things, so that the count is never wrong, even while a replica crashes, hangs or lies.",
               "tally"};
  app.set_version_flag("--version", "tally " TALLY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Each command has its own --help. Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no majority or\n"
      "unavailable, 4 unreachable or timed out (outcome unknown), 5 a verification failed.\n"
      "Example:\n  tally up    and, in another terminal,    tally incr home");
  Chosen chosen;
  add_up(app, chosen);
  add_init(app, chosen);
  add_counters(app, chosen);
  add_status(app, chosen);
  add_restart_and_wait(app, chosen);
  add_operators(app, chosen);
  add_tables(app, chosen);
  add_fault(app, chosen);
  add_bench(app, chosen);
  add_drill(app, chosen);
  add_audit(app, chosen);
  add_aside(app, chosen);
  add_configuration(app, chosen);
  add_journal(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return tl::unexpected(ExitCode{app.exit(error)});
    const bool no_such_command = app.get_subcommands().empty() && !app.remaining().empty();
    const std::string what = no_such_command ? "there is no command " + app.remaining().front() : error.what();
    return tl::unexpected(fail(ExitCode::usage, what + "; see `tally --help` and `tally COMMAND --help`"));
  }
  return chosen;
}

}  // namespace tally::cli
