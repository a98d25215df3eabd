// SPDX-License-Identifier: Apache-2.0
// `tally bench`: a closed loop of increments, and a check of every answer.
//
// Independent logical clients share one Client, as the users of a gateway do: each has `pipeline` increments
// outstanding, submitted together, and sends the next ones when all are answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/bench/answer_check.h"
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

// What the group did meanwhile: differences of ClusterStatus.
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
  std::uint64_t errors = 0;  // increments without an answer or with an unexpected one, warm-up included
  bool verified = false;
  Histogram latency;
  std::string timeline;            // as CSV, if wanted
  std::optional<GroupWork> group;  // nothing when a status was missing or a new term began
};

// To stdout.
void print_bench_json(const BenchResult& result);
void print_bench_text(const BenchOptions& options, const BenchResult& result);

}  // namespace tally::cli
