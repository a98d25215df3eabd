// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_load.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "cli/outcome.h"
#include "protocol/check.h"
#include "runtime/clock.h"

namespace tally::cli {
namespace {

constexpr std::chrono::milliseconds nudge_interval{10};
constexpr std::chrono::milliseconds nudge_timeout{250};

// xorshift64 (Marsaglia 2003): which counter is next.
std::uint64_t next_random(std::uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

std::uint32_t below(std::uint64_t random, std::size_t bound) {
  return static_cast<std::uint32_t>(((random >> 32) * bound) >> 32);
}

}  // namespace

BenchLoad::BenchLoad(Client& client, const BenchOptions& options, const std::string& prefix,
                     std::chrono::nanoseconds timeout)
    : client_(client),
      pipeline_(static_cast<std::size_t>(options.pipeline)),
      timeout_(timeout),
      check_(static_cast<std::size_t>(options.counters)),
      clients_(static_cast<std::size_t>(options.clients)),
      parked_(clients_.size()) {
  for (std::int64_t counter = 0; counter < options.counters; ++counter)
    names_.push_back(prefix + std::to_string(counter));
  for (LogicalClient& one : clients_) {
    one.outstanding.resize(pipeline_);
    one.random = random_number();
  }
  if (!options.timeline.empty()) timeline_.emplace(milliseconds(options.slice_ms));
  if (options.fill) to_fill_ = names_.size();
  filled_ = to_fill_ == 0;
  std::iota(parked_.begin(), parked_.end(), 0);
}

void BenchLoad::run_for(Duration duration) {
  const Instant end = monotonic_now() + duration;
  std::unique_lock lock(mutex_);
  for (Instant now = monotonic_now(); now < end; now = monotonic_now()) {
    if (running_ < clients_.size() && !nudging_) {
      nudging_ = true;
      lock.unlock();
      nudge();
      lock.lock();
    }
    const std::chrono::nanoseconds left((end - now).nanoseconds);
    changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(left, nudge_interval), [] { return false; });
  }
}

void BenchLoad::finish() {
  phase_ = Phase::stopping;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_ == 0 && !nudging_; });
}

// Has the I/O thread send for the clients that are parked: a read is submitted, whose completion
// runs there, whatever its answer.
void BenchLoad::nudge() {
  const CallError error = client_.submit({read_of(names_.front())}, nudge_timeout, [this](const std::vector<Answer>&) {
    send_parked();
    const std::lock_guard lock(mutex_);
    nudging_ = false;
    changed_.notify_all();
  });
  CHECK(error == CallError::none);
}

void BenchLoad::send_parked() {
  if (phase_ == Phase::stopping) return;
  const std::vector<std::uint32_t> waiting = std::exchange(parked_, {});
  {
    const std::lock_guard lock(mutex_);
    running_ += waiting.size();
  }
  const Instant now = monotonic_now();
  for (const std::uint32_t number : waiting) send(number, now);
}

void BenchLoad::send(std::uint32_t number, Instant now) {
  LogicalClient& mine = clients_[number];
  std::vector<OwnedOperation> operations(pipeline_);
  for (std::size_t place = 0; place < pipeline_; ++place) {
    const std::uint32_t counter = next_counter(mine);
    mine.outstanding[place] = check_.send(counter);
    operations[place].kind = OperationKind::add;
    operations[place].name = names_[counter];
    operations[place].value = 1;
  }
  mine.sent_at = now;
  const CallError error =
      client_.submit(std::move(operations), timeout_,
                     [this, number](const std::vector<Answer>& answers) { receive(number, answers); });
  CHECK(error == CallError::none);
}

std::uint32_t BenchLoad::next_counter(LogicalClient& mine) {
  if (to_fill_ > 0) {
    if (--to_fill_ == 0) filled_ = true;
    return static_cast<std::uint32_t>(to_fill_);
  }
  return below(next_random(mine.random), names_.size());
}

void BenchLoad::receive(std::uint32_t number, const std::vector<Answer>& answers) {
  const Instant now = monotonic_now();
  LogicalClient& mine = clients_[number];
  CHECK(answers.size() == pipeline_);
  std::uint64_t good = 0;
  for (std::size_t place = 0; place < pipeline_; ++place) good += judge(mine.outstanding[place], answers[place]);
  const Phase phase = phase_.load(std::memory_order_relaxed);
  if (phase == Phase::measuring) record(mine, now, good);
  if (good > 0) mine.answered_at = now;
  // A refusal may come from within submit(). To send again at once would recurse and never let go
  // of this thread.
  if (phase == Phase::stopping || good < pipeline_)
    park(number);
  else
    send(number, now);
}

void BenchLoad::record(LogicalClient& mine, Instant now, std::uint64_t good) {
  const Duration took = now - mine.sent_at;
  if (good > 0) latency_.add(static_cast<std::uint64_t>(took.nanoseconds), good);
  if (timeline_) timeline_->add(now, {good, pipeline_ - good, took, now - mine.answered_at.value_or(mine.sent_at)});
}

bool BenchLoad::judge(AnswerCheck::Sent sent, const Answer& answer) {
  if (answer) {
    check_.answered(sent, answer.result.value);
    return true;
  }
  ++errors_;
  last_failure_ = answer;
  if (answer.outcome == CallOutcome::unknown)
    check_.unknown(sent);
  else
    check_.not_applied(sent);
  return false;
}

void BenchLoad::park(std::uint32_t number) {
  parked_.push_back(number);
  const std::lock_guard lock(mutex_);
  --running_;
  if (running_ == 0) changed_.notify_all();
}

}  // namespace tally::cli
