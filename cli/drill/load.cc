// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/load.h"

#include <algorithm>

#include "runtime/clock.h"

namespace tally::cli {
namespace {

using Outcome = Increment::Outcome;

constexpr std::size_t counter_count = 4;
// Between two increments of a client: the group is to be under load, not the machine.
constexpr std::chrono::milliseconds breath{2};
constexpr std::chrono::milliseconds before_repetition{10};
// For so long an increment with a key is repeated.
constexpr Duration patience = seconds(30);

}  // namespace

DrillLoad::DrillLoad(std::int64_t clients, const std::string& prefix, const MakeDoor& make_door)
    : histories_(static_cast<std::size_t>(clients)) {
  for (std::size_t counter = 0; counter < counter_count; ++counter)
    counters_.push_back(prefix + std::to_string(counter));
  for (std::size_t number = 0; number < histories_.size(); ++number) doors_.push_back(make_door());
  for (std::size_t number = 0; number < histories_.size(); ++number)
    threads_.emplace_back([this, number] { run(number, *doors_[number], histories_[number]); });
}

DrillLoad::~DrillLoad() {
  abandoned_ = true;
  stop();
}

void DrillLoad::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

std::vector<Increment> DrillLoad::history() const {
  std::vector<Increment> all;
  for (const std::vector<Increment>& mine : histories_) all.insert(all.end(), mine.begin(), mine.end());
  return all;
}

void DrillLoad::run(std::size_t number, CounterDoor& door, std::vector<Increment>& mine) {
  const bool is_keyed = number % 2 == 0;
  for (std::uint64_t count = 0; pause(breath); ++count) {
    const auto counter = static_cast<std::uint32_t>((number + count) % counters_.size());
    const std::string key =
        is_keyed ? counters_.front() + '-' + std::to_string(number) + '-' + std::to_string(count) : std::string();
    mine.push_back(increment(door, counter, key));
  }
}

Increment DrillLoad::increment(CounterDoor& door, std::uint32_t counter, const std::string& key) {
  Increment one;
  one.counter = counter;
  one.begin = monotonic_now();
  // With a key, one repetition may be refused though another one was applied.
  bool may_be_applied = false;
  while (true) {
    const DoorAnswer answer = door.increment(counters_[counter], key);
    one.end = monotonic_now();
    if (answer.outcome == Outcome::answered) {
      one.outcome = Outcome::answered;
      one.value = answer.value;
      one.sequence = answer.sequence;
      ++answered_;
      return one;
    }
    may_be_applied = may_be_applied || answer.outcome == Outcome::unknown;
    one.outcome = may_be_applied ? Outcome::unknown : Outcome::not_applied;
    if (answer.outcome == Outcome::not_applied) note_refusal(answer.why);
    if (key.empty() || abandoned_ || one.end - one.begin > patience) break;
    std::this_thread::sleep_for(before_repetition);
  }
  if (key.empty())
    pause(before_repetition);
  else
    ++given_up_;
  return one;
}

void DrillLoad::note_refusal(const std::string& why) {
  ++refused_;
  const std::lock_guard lock(mutex_);
  reasons_.insert(why);
}

// False once the load stops.
bool DrillLoad::pause(std::chrono::milliseconds length) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, length, [this] { return stopping_; });
}

}  // namespace tally::cli
