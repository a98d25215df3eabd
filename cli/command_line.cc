// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <cmath>

#include "runtime/whole_number.h"

namespace tally::cli {

CLI::Validator finite_from(double least, double greatest) {
  const CLI::Validator is_finite(
      [](const std::string& word) {
        double number = 0;
        const bool is_number = CLI::detail::lexical_cast(word, number) && std::isfinite(number);
        return is_number ? std::string() : word + " is not a number";
      },
      "");
  return is_finite & CLI::Range(least, greatest);
}

std::int64_t parse_number(const char* option, const std::string& text, Range range) {
  const auto refuse = [&](const std::string& why) { throw CLI::ValidationError(option, text + ' ' + why); };
  const auto number = whole_number<std::int64_t>(text);
  if (!number)
    refuse(number.error() == std::errc::result_out_of_range ? "does not fit into 64 bits" : "is not a whole number");
  if (*number < range.from || *number > range.to)
    refuse("is not from " + std::to_string(range.from) +
           (range.to == most ? " up" : " to " + std::to_string(range.to)));
  return *number;
}

CLI::Option* add_text(CLI::App& app, const char* name, std::string& target, const char* meaning, const char* type) {
  return app.add_option(name, target, meaning)->type_name(type);
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "JSON on stdout, one value"); }

void add_group(CLI::App& app, GroupOptions& group) {
  add_text(app, "--connect", group.connect, "a data directory, or DISTRIBUTOR_ENDPOINT,COMPARATOR_ENDPOINT", "WHERE")
      ->group("Which group");
  add_text(app, "--data", group.data, "its data directory (TALLY_DATA; else ./tally-data)", "DIR")
      ->group("Which group");
  add_text(app, "--config", group.config, "its configuration file (TALLY_CONFIG)", "FILE")->group("Which group");
}

CLI::App& add_family(CLI::App& parent, const char* name, const char* meaning, const char* example) {
  CLI::App* app = parent.add_subcommand(name, meaning);
  app->require_subcommand(1);
  app->footer(std::string("Example:\n  ") + example);
  return *app;
}

}  // namespace tally::cli
