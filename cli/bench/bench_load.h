// SPDX-License-Identifier: Apache-2.0
// The closed loop of `tally bench`.
//
// Answers come on the Client's I/O thread, and the next increments are submitted from within the
// callback. So the loop's state belongs to that thread; what the owner's thread touches too is
// marked.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/answer_check.h"
#include "cli/bench/bench.h"
#include "cli/bench/histogram.h"
#include "cli/bench/timeline.h"
#include "client/client.h"
#include "protocol/time.h"

namespace tally::cli {

class BenchLoad {
 public:
  // `prefix`: of the counters' names; there are no such counters yet. `client` must not go before
  // finish() returned.
  BenchLoad(Client& client, const BenchOptions& options, const std::string& prefix, std::chrono::nanoseconds timeout);

  // All are called from the thread that owns the Client, in this order.
  void run_for(Duration duration);         // keeps the load up; may be called again
  bool filled() const { return filled_; }  // BenchOptions::fill
  void measure(bool on) { phase_ = on ? Phase::measuring : Phase::idle; }
  void finish();  // waits for what is outstanding; then the results below may be read

  AnswerCheck& check() { return check_; }
  const Histogram& latency() const { return latency_; }
  const std::optional<Timeline>& timeline() const { return timeline_; }
  std::uint64_t errors() const { return errors_; }
  const Answer& last_failure() const { return last_failure_; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  struct LogicalClient {
    std::vector<AnswerCheck::Sent> outstanding;
    Instant sent_at;
    std::optional<Instant> answered_at;
    std::uint64_t random = 0;
  };
  enum class Phase { idle, measuring, stopping };

  void nudge();
  void send_parked();
  void send(std::uint32_t number, Instant now);
  void receive(std::uint32_t number, const std::vector<Answer>& answers);
  std::uint32_t next_counter(LogicalClient& mine);
  void record(LogicalClient& mine, Instant now, std::uint64_t good);
  bool judge(AnswerCheck::Sent sent, const Answer& answer);
  void park(std::uint32_t number);

  Client& client_;
  const std::size_t pipeline_;
  const std::chrono::nanoseconds timeout_;
  std::vector<std::string> names_;
  AnswerCheck check_;
  Histogram latency_;
  std::optional<Timeline> timeline_;
  std::size_t to_fill_ = 0;  // counters below this one are still to be counted on
  std::vector<LogicalClient> clients_;
  // Clients that wait for a nudge, at the start and after a failure.
  std::vector<std::uint32_t> parked_;
  std::uint64_t errors_ = 0;
  Answer last_failure_;

  std::atomic<Phase> phase_ = Phase::idle;  // set by the owner
  std::atomic<bool> filled_ = false;
  std::mutex mutex_;  // guards the rest, for both threads
  std::condition_variable changed_;
  std::size_t running_ = 0;  // logical clients that are not parked
  bool nudging_ = false;
};

}  // namespace tally::cli
