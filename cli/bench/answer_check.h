// SPDX-License-Identifier: Apache-2.0
// Checks every answer to the increments of `tally bench`: the counters were new, so a counter that is never wrong gives
//   - each value once, and none beyond the number of increments sent;
//   - a value above every value of that counter that was answered before the increment was sent (real-time order);
//   - in the end, exactly the number of answered increments; those of unknown outcome may have been counted too.
//
// Pure; any one thread. Takes one bit of memory an increment.
#pragma once

#include <cstdint>
#include <optional>
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

  // An increment by one of `counter` is about to be sent. Hand what this returns to exactly one of the next three.
  Sent send(std::uint32_t counter);
  void answered(Sent sent, std::int64_t value);
  void not_applied(Sent) {}
  void unknown(Sent sent) { ++counters_[sent.counter].unknown; }

  // After all increments: what a read says.
  void final_value(std::uint32_t counter, std::int64_t value);

  // Something that no method here can see was found wrong.
  void violate(std::string what);

  bool holds() const { return violations_ == 0; }
  std::uint64_t violations() const { return violations_; }
  const std::vector<std::string>& examples() const { return examples_; }  // of the first violations

 private:
  struct Counter {
    std::int64_t sent = 0;
    std::int64_t answered = 0;
    std::int64_t unknown = 0;
    std::int64_t highest = 0;         // answered
    std::vector<std::uint64_t> seen;  // bit v: value v was answered
  };
  bool first_time(Counter& counter, std::int64_t value);

  std::vector<Counter> counters_;
  std::uint64_t violations_ = 0;
  std::vector<std::string> examples_;
};

}  // namespace tally::cli
