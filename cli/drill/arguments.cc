// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"
#include "cli/drill/drill.h"
#include "runtime/json_text.h"

namespace tally::cli {

void add_drill(CLI::App& root, Chosen& chosen) {
  const auto [app, options] =
      add_command<DrillOptions>(root, chosen, "drill", "break a fresh group under load, and check what it promises",
                                "tally drill kill lie    or    tally drill --all --json", run_drill);
  app.add_option("NAME", options->names, "drills of --list; a name may come again")->type_name("");
  app.add_flag("--all", options->all, "every drill of --list");
  app.add_flag("--list", options->list, "print the drills, each with what happens in it");
  add_text(app, "--file", options->file, "a drill of your own: see docs/drills.md", "STEPS.toml");
  add_json(app, options->json);
  add_text(app, "--junit", options->junit, "gets the results as JUnit XML, a test case for each drill", "FILE");
  add_number(app, "--seed", {0, largest_exact_in_json}, "of what is drawn: replicas and moments; any, if not given",
             [options = options](std::int64_t seed) { options->seed = static_cast<std::uint64_t>(seed); });
  app.add_flag("--keep", options->keep, "keep the directories of the groups, and print where they are");
}

}  // namespace tally::cli
