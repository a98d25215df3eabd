// SPDX-License-Identifier: Apache-2.0
// What the descriptions of all commands are made of: options, subcommands, and what is the same for
// many. This and the arguments.cc of each room are the only places that know CLI11.
//
// Each room describes its own commands; cli/arguments.cc puts them in the order in which --help
// shows them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "cli/arguments.h"
#include "cli/effective_config.h"
#include "cli/exit_code.h"
#include "cli/time_span.h"

namespace tally::cli {

// Where the subcommand that was chosen leaves what is to run.
using Chosen = Command;

// up/
void add_up(CLI::App& root, Chosen& chosen);
// commands/
void add_counters(CLI::App& root, Chosen& chosen);
void add_status(CLI::App& root, Chosen& chosen);
void add_restart_and_wait(CLI::App& root, Chosen& chosen);
void add_operators(CLI::App& root, Chosen& chosen);
void add_tables(CLI::App& root, Chosen& chosen);
void add_fault(CLI::App& root, Chosen& chosen);
void add_configuration(CLI::App& root, Chosen& chosen);
// bench/
void add_bench(CLI::App& root, Chosen& chosen);
// drill/
void add_drill(CLI::App& root, Chosen& chosen);
// disk/
void add_init(CLI::App& root, Chosen& chosen);
void add_audit(CLI::App& root, Chosen& chosen);
void add_aside(CLI::App& root, Chosen& chosen);
void add_journal(CLI::App& root, Chosen& chosen);

inline constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

struct Range {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t to = most;
};

// A whole decimal number; throws what CLI11 tells as an error of usage. CLI11 itself would cut
// numbers that are too large, and read 010 as eight.
std::int64_t parse_number(const char* option, const std::string& text, Range range);

template <class Assign>
CLI::Option* add_number(CLI::App& app, const char* name, Range range, const char* meaning, Assign assign) {
  return app
      .add_option_function<std::string>(
          name, [name, range, assign](const std::string& text) { assign(parse_number(name, text, range)); }, meaning)
      ->type_name("N");
}

// `assign` gets milliseconds; see time_span.h.
template <class Assign>
CLI::Option* add_time_span(CLI::App& app, const char* name, const char* meaning, Assign assign) {
  const auto read = [name, assign](const std::string& text) {
    const auto milliseconds = parse_time_span(text);
    if (!milliseconds) throw CLI::ValidationError(name, text + ' ' + milliseconds.error());
    assign(*milliseconds);
  };
  return app.add_option_function<std::string>(name, read, meaning)->type_name("TIME");
}

// A number that is one: CLI::Range by itself lets NaN pass.
CLI::Validator finite_from(double least, double greatest);

CLI::Option* add_text(CLI::App& app, const char* name, std::string& target, const char* meaning, const char* type);
void add_json(CLI::App& app, bool& json);
void add_group(CLI::App& app, GroupOptions& group);

// A subcommand with its options, which the function that runs it keeps alive.
template <class Options>
struct Subcommand {
  CLI::App& app;
  std::shared_ptr<Options> options;
};

template <class Options>
Subcommand<Options> add_command(CLI::App& parent, Chosen& chosen, const char* name, const char* meaning,
                                const char* example, ExitCode (*run)(const Options&)) {
  CLI::App* app = parent.add_subcommand(name, meaning);
  app->footer(std::string("Example:\n  ") + example);
  auto options = std::make_shared<Options>();
  app->final_callback([&chosen, options, run] { chosen = [options, run] { return run(*options); }; });
  return {*app, options};
}

// A command that has subcommands and does nothing by itself.
CLI::App& add_family(CLI::App& parent, const char* name, const char* meaning, const char* example);

}  // namespace tally::cli
