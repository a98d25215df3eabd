// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/answer_check.h"

#include <algorithm>

namespace tally::cli {
namespace {

constexpr std::size_t most_examples = 10;
constexpr std::uint64_t word_bits = 64;

std::string about(std::uint32_t counter, const std::string& what) {
  return "counter " + std::to_string(counter) + ": " + what;
}

}  // namespace

AnswerCheck::Sent AnswerCheck::send(std::uint32_t number) {
  Counter& counter = counters_[number];
  ++counter.sent;
  return {number, counter.highest};
}

void AnswerCheck::answered(Sent sent, std::int64_t value) {
  Counter& counter = counters_[sent.counter];
  ++counter.answered;
  if (value < 1 || value > counter.sent) {
    violate(about(sent.counter, "answered " + std::to_string(value) + " of " + std::to_string(counter.sent) + " sent"));
    return;
  }
  if (value <= sent.floor)
    violate(about(sent.counter, std::to_string(value) + " was answered to an increment that was sent after " +
                                    std::to_string(sent.floor) + " had been answered"));
  if (!first_time(counter, value)) violate(about(sent.counter, std::to_string(value) + " was answered twice"));
  counter.highest = std::max(counter.highest, value);
}

bool AnswerCheck::first_time(Counter& counter, std::int64_t value) {
  const auto place = static_cast<std::uint64_t>(value);
  if (place / word_bits >= counter.seen.size()) counter.seen.resize(place / word_bits + 1);
  std::uint64_t& word = counter.seen[place / word_bits];
  const std::uint64_t bit = std::uint64_t{1} << (place % word_bits);
  const bool first = (word & bit) == 0;
  word |= bit;
  return first;
}

void AnswerCheck::final_value(std::uint32_t number, std::int64_t value) {
  const Counter& counter = counters_[number];
  if (value >= counter.answered && value <= counter.answered + counter.unknown) return;
  violate(about(number, "is " + std::to_string(value) + " in the end after " + std::to_string(counter.answered) +
                            " answered increments and " + std::to_string(counter.unknown) + " of unknown outcome"));
}

void AnswerCheck::violate(std::string what) {
  if (examples_.size() < most_examples) examples_.push_back(std::move(what));
}

}  // namespace tally::cli
