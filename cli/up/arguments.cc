// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"
#include "cli/up/up.h"

namespace tally::cli {

void add_up(CLI::App& root, Chosen& chosen) {
  auto [app, options] = add_command<UpOptions>(root, chosen, "up", "start a whole group on this machine, until Ctrl-C",
                                               "tally up --data /var/lib/tally --http 8080", run_up);
  const auto add_flag_for = [&app = app, options = options](const char* name, const char* key, const char* type,
                                                            const char* meaning) {
    app.add_option_function<std::string>(
           name, [options, key](const std::string& text) { options->flags[key] = text; }, meaning)
        ->type_name(type);
  };
  add_text(app, "--config", options->config, "configuration file (TALLY_CONFIG)", "FILE");
  add_flag_for("--data", "data", "DIR", "data directory, ./tally-data if not given");
  add_flag_for("--http", "http_port", "PORT", "of the first bridge, 8080 if not given; 0: any free one");
  add_flag_for("--resp", "resp_port", "PORT", "for Redis clients, likewise, 6380 if not given; 0: any free one");
  add_flag_for("--replicas", "replicas", "N", "3, 5 or 7 (1 masks nothing)");
  add_flag_for("--bridges", "bridges", "N", "gateways; their ports follow the first one's");
  add_flag_for("--durability", "durability", "fsync|os", "an answer leaves when its order is on disk, or the kernel's");
  app.add_flag_callback(
      "--fault-injection", [options = options] { options->flags["fault_injection"] = "true"; },
      "accept `tally fault`; for demonstrations and tests");
  add_text(app, "--ready-file", options->ready_file, "gets the first bridge's URL once increments are answered",
           "FILE");
}

}  // namespace tally::cli
