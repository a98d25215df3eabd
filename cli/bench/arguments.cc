// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench.h"
#include "cli/command_line.h"
#include "protocol/limits.h"

namespace tally::cli {

void add_bench(CLI::App& root, Chosen& chosen) {
  const auto [app, options] =
      add_command<BenchOptions>(root, chosen, "bench", "closed-loop load, and a check of every answer",
                                "tally bench --clients 64 --pipeline 16 --seconds 10", run_bench);
  const auto into = [options = options](std::int64_t BenchOptions::*member) {
    return [options, member](std::int64_t number) { options.get()->*member = number; };
  };
  constexpr std::int64_t most_clients = 100'000;
  constexpr std::int64_t most_counters = 10'000'000;
  add_number(app, "--clients", {1, most_clients}, "independent users that share one connection, 64 if not given",
             into(&BenchOptions::clients));
  add_number(app, "--pipeline", {1, limits::request_operations}, "increments outstanding for each, 1 if not given",
             into(&BenchOptions::pipeline));
  add_number(app, "--counters", {1, most_counters}, "counters to count on, 1000 if not given",
             into(&BenchOptions::counters));
  app.add_option("--seconds", options->seconds, "how long, 10 if not given")
      ->type_name("S")
      ->check(finite_from(0.01, 86'400.0));
  app.add_flag("--fill", options->fill, "count once on every counter before the measured time");
  add_text(app, "--timeline", options->timeline, "throughput and latency over time, as CSV", "FILE");
  add_number(app, "--slice", {1, 3'600'000}, "milliseconds to a line of the timeline, 50 if not given",
             into(&BenchOptions::slice_ms));
  add_group(app, options->group);
  add_json(app, options->json);
}

}  // namespace tally::cli
