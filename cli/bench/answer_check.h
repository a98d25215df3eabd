// SPDX-License-Identifier: Apache-2.0
// Checks every answer to the increments of `tally bench`. Its counters are new, so a counter that
// is never wrong
//   - gives each value once, and none beyond the number of increments that were sent;
//   - gives a value above every value of it that was answered before the increment was sent,
//     because the group keeps the real-time order;
//   - is, in the end, the number of answered increments; only increments of unknown outcome may
//     have been counted in addition.
//
// Pure; used by one thread at a time. It takes one bit of memory for each increment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tally::cli {

class AnswerCheck {
 public:
  struct Sent {
    std::uint32_t counter = 0;
    std::int64_t floor = 0;  // highest value of the counter answered when it was sent
  };

  explicit AnswerCheck(std::size_t counters) : counters_(counters) {}

  // An increment of `counter` by one is about to be sent. Hand what this returns to exactly one of
  // the next three functions.
  Sent send(std::uint32_t counter);
  void answered(Sent sent, std::int64_t value);
  void not_applied(Sent) {}
  void unknown(Sent sent) { ++counters_[sent.counter].unknown; }

  // What a read says after all increments.
  void final_value(std::uint32_t counter, std::int64_t value);

  // The caller has found something wrong that no function here can see.
  void violate(std::string what);

  bool holds() const { return examples_.empty(); }
  const std::vector<std::string>& examples() const { return examples_; }  // the first violations

 private:
  struct Counter {
    std::int64_t sent = 0;
    std::int64_t answered = 0;
    std::int64_t unknown = 0;
    std::int64_t highest = 0;         // of the answered values
    std::vector<std::uint64_t> seen;  // bit v is set when the value v was answered
  };
  bool first_time(Counter& counter, std::int64_t value);

  std::vector<Counter> counters_;
  std::vector<std::string> examples_;
};

}  // namespace tally::cli
