// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/check.h"

#include <algorithm>
#include <tuple>

namespace tally::cli {
namespace {

using Outcome = Increment::Outcome;
using Increments = std::vector<const Increment*>;

constexpr std::size_t most_examples = 5;

std::string named(std::uint32_t counter) { return "counter " + std::to_string(counter); }

std::string text_of(const Increment& increment) {
  return named(increment.counter) + ", value " + std::to_string(increment.value) + " at order " +
         std::to_string(increment.sequence.value);
}

class Judge {
 public:
  explicit Judge(const std::vector<Increment>& history) {
    for (const Increment& increment : history) {
      if (increment.outcome == Outcome::not_applied) continue;
      if (increment.counter >= of_counter_.size()) of_counter_.resize(increment.counter + 1);
      Counter& mine = of_counter_[increment.counter];
      const bool is_answered = increment.outcome == Outcome::answered;
      (is_answered ? found_.answered : found_.unknown) += 1;
      (is_answered ? mine.answered : mine.unknown).push_back(&increment);
      if (is_answered) answered_.push_back(&increment);
    }
  }

  Judgement judge(const std::optional<std::vector<std::int64_t>>& final_values) {
    if (final_values) of_counter_.resize(std::max(of_counter_.size(), final_values->size()));
    judge_real_time();
    for (std::uint32_t counter = 0; counter < of_counter_.size(); ++counter) {
      std::ranges::sort(of_counter_[counter].answered, {},
                        [](const Increment* one) { return std::tuple(one->value, one->sequence.value); });
      judge_values(counter);
      if (final_values && counter < final_values->size()) judge_final(counter, (*final_values)[counter]);
    }
    return std::move(found_);
  }

 private:
  struct Counter {
    Increments answered;  // by value, once they are sorted
    Increments unknown;
  };

  void violated(std::uint64_t& count, std::uint64_t by, const std::string& example) {
    count += by;
    if (found_.examples.size() < most_examples) found_.examples.push_back(example);
  }

  // Whatever was answered before an increment began has a smaller place, and of the same counter a
  // smaller value.
  void judge_real_time() {
    Increments by_begin = answered_;
    Increments by_end = answered_;
    std::ranges::sort(by_begin, {}, [](const Increment* one) { return one->begin; });
    std::ranges::sort(by_end, {}, [](const Increment* one) { return one->end; });
    const Increment* latest = nullptr;
    std::vector<const Increment*> highest(of_counter_.size());
    auto ended = by_end.begin();
    for (const Increment* one : by_begin) {
      for (; (*ended)->end < one->begin; ++ended) {
        if (!latest || (*ended)->sequence > latest->sequence) latest = *ended;
        const Increment*& mine = highest[(*ended)->counter];
        if (!mine || (*ended)->value > mine->value) mine = *ended;
      }
      const Increment* mine = highest[one->counter];
      const bool is_late = latest && one->sequence <= latest->sequence;
      const bool is_low = mine && one->value <= mine->value;
      if (is_late || is_low)
        violated(found_.order_violations, 1,
                 text_of(*one) + " was answered to an increment that began after " +
                     text_of(is_late ? *latest : *mine) + " had been answered");
    }
  }

  void judge_values(std::uint32_t counter) {
    const Increments& answered = of_counter_[counter].answered;
    for (std::size_t place = 0; place < answered.size(); ++place) {
      const Increment& one = *answered[place];
      if (one.value < 1) violated(found_.order_violations, 1, text_of(one) + " cannot be of an increment");
      if (place == 0) continue;
      const Increment& before = *answered[place - 1];
      if (one.value == before.value)
        violated(found_.twice, 1, text_of(one) + " was answered twice");
      else if (one.sequence < before.sequence)
        violated(found_.order_violations, 1, text_of(one) + " comes before " + text_of(before));
    }
  }

  void judge_final(std::uint32_t counter, std::int64_t final_value) {
    const Increments& answered = of_counter_[counter].answered;
    const std::int64_t highest = answered.empty() ? 0 : answered.back()->value;
    const std::int64_t least = std::max(highest, static_cast<std::int64_t>(answered.size()));
    if (final_value < least)
      violated(found_.lost, static_cast<std::uint64_t>(least - final_value),
               named(counter) + " is " + std::to_string(final_value) + " in the end, after " +
                   std::to_string(answered.size()) + " answered increments up to " + std::to_string(highest));
    const std::uint64_t excess = unexplained(of_counter_[counter], final_value);
    if (excess > 0)
      violated(found_.twice, excess,
               named(counter) + " is " + std::to_string(final_value) + " in the end, and " + std::to_string(excess) +
                   " of its increments were sent by nobody, or later");
  }

  // How many values up to the final one were told to nobody, and can belong to no increment of
  // unknown outcome either: such an increment began before the next higher value was answered. The
  // first k of these values need k such increments.
  static std::uint64_t unexplained(const Counter& counter, std::int64_t final_value) {
    std::vector<Instant> begins;
    for (const Increment* one : counter.unknown) begins.push_back(one->begin);
    std::ranges::sort(begins);
    // When the first answer with this value or a higher one came, by place.
    std::vector<Instant> answered_by(counter.answered.size() + 1, Instant::never());
    for (std::size_t place = counter.answered.size(); place-- > 0;)
      answered_by[place] = std::min(answered_by[place + 1], counter.answered[place]->end);
    std::uint64_t missing = 0;
    std::uint64_t most = 0;
    const auto miss = [&](std::int64_t from, std::int64_t to, Instant until) {
      if (from > to) return;
      missing += static_cast<std::uint64_t>(to - from + 1);
      const auto able = static_cast<std::uint64_t>(std::ranges::lower_bound(begins, until) - begins.begin());
      most = std::max(most, missing > able ? missing - able : 0);
    };
    std::int64_t next = 1;
    for (std::size_t place = 0; place < counter.answered.size(); ++place) {
      const std::int64_t value = counter.answered[place]->value;
      miss(next, std::min(value - 1, final_value), answered_by[place]);
      next = std::max(next, value + 1);
    }
    miss(next, final_value, Instant::never());
    return most;
  }

  std::vector<Counter> of_counter_;
  Increments answered_;
  Judgement found_;
};

}  // namespace

Judgement judge(const std::vector<Increment>& history, const std::optional<std::vector<std::int64_t>>& final_values) {
  return Judge(history).judge(final_values);
}

Duration longest_gap(const std::vector<Increment>& history, Instant from, Instant until) {
  std::vector<Instant> moments{from, until};
  for (const Increment& one : history)
    if (one.outcome == Outcome::answered && one.end > from && one.end < until) moments.push_back(one.end);
  std::ranges::sort(moments);
  Duration longest;
  for (std::size_t place = 1; place < moments.size(); ++place)
    longest = std::max(longest, moments[place] - moments[place - 1]);
  return longest;
}

std::uint64_t answered_between(const std::vector<Increment>& history, Instant from, Instant until) {
  return static_cast<std::uint64_t>(std::ranges::count_if(history, [&](const Increment& one) {
    return one.outcome == Outcome::answered && one.begin >= from && one.end <= until;
  }));
}

std::uint64_t answered_across(const std::vector<Increment>& history, Instant from, Instant until) {
  return static_cast<std::uint64_t>(std::ranges::count_if(history, [&](const Increment& one) {
    return one.outcome == Outcome::answered && one.end >= from && one.begin <= until;
  }));
}

}  // namespace tally::cli
