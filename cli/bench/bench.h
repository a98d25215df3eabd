// SPDX-License-Identifier: Apache-2.0
// `tally bench`: a closed loop of increments, and a check of every answer.
//
// Independent logical clients share one Client, as the users of a gateway do. Each submits
// `pipeline` increments together, and the next ones when all of these are answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/bench/histogram.h"
#include "cli/exit_code.h"
#include "cli/group.h"
#include "protocol/messages.h"

namespace tally::cli {

struct BenchOptions {
  GroupOptions group;
  std::int64_t clients = 64;
  std::int64_t pipeline = 1;
  std::int64_t counters = 1000;
  double seconds = 10;
  bool fill = false;           // count once on every counter before the measured time
  std::string timeline;        // file; empty: none
  std::int64_t slice_ms = 50;  // of the timeline
  bool json = false;
};
ExitCode run_bench(const BenchOptions& options);

// What the group did meanwhile: how far the counts of its status have grown.
struct GroupWork {
  std::uint64_t orders = 0;
  std::uint64_t requests = 0;
  std::uint64_t journal_appends = 0;
  std::uint64_t journal_syncs = 0;
  std::uint64_t orders_sent = 0;
  std::uint64_t votes_received = 0;
};

struct BenchResult {
  std::uint64_t operations = 0;  // answered in the measured time
  double seconds = 0;
  // Increments that were not answered as expected, also while it warmed up.
  std::uint64_t errors = 0;
  bool verified = false;
  Histogram latency;
  std::string timeline;            // as CSV, if wanted
  std::optional<GroupWork> group;  // nothing if a status was missing, or a coordinator was started anew
};

// Both print to stdout.
void print_bench_json(const BenchResult& result);
void print_bench_text(const BenchOptions& options, const BenchResult& result);

}  // namespace tally::cli
