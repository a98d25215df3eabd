// SPDX-License-Identifier: Apache-2.0
// Judges every answer of a drill: whether there is one order of all increments that explains what
// each client saw. Each answer carries its place in the order, so this is decided exactly:
//   - an increment that began after another one had been answered has a later place;
//   - the values of a counter grow with their places, and each value comes once;
//   - a value that nobody was told belongs to an increment whose outcome is unknown, and that had
//     begun by then;
//   - in the end a counter has every answered increment, and none that nobody sent.
//
// Unlike `tally bench`, which keeps a bit for each of millions of increments, this keeps each one
// whole, so that it can tell what was lost from what was counted twice. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally::cli {

// An increment by one, as its client saw it.
struct Increment {
  enum class Outcome : std::uint8_t { answered, not_applied, unknown };

  std::uint32_t counter = 0;
  Outcome outcome = Outcome::unknown;
  Instant begin;
  Instant end;
  std::int64_t value = 0;  // of an answered one, as is the next
  Sequence sequence;
};

struct Judgement {
  std::uint64_t answered = 0;
  std::uint64_t unknown = 0;
  std::uint64_t lost = 0;   // answered increments that a counter lacks in the end
  std::uint64_t twice = 0;  // values given twice, and what counters have that nobody sent
  std::uint64_t order_violations = 0;
  std::vector<std::string> examples;  // the first things that were wrong, a sentence each
};

// `final_values`: of each counter, read after the last increment; without them the rest is judged.
Judgement judge(const std::vector<Increment>& history, const std::optional<std::vector<std::int64_t>>& final_values);

// The longest time without an answer to anybody, of what lies between these moments.
Duration longest_gap(const std::vector<Increment>& history, Instant from, Instant until);

// How many increments began and were answered between these moments.
std::uint64_t answered_between(const std::vector<Increment>& history, Instant from, Instant until);
// How many were under way at some time between these moments, and were answered, if only later.
std::uint64_t answered_across(const std::vector<Increment>& history, Instant from, Instant until);

}  // namespace tally::cli
