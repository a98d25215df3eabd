// SPDX-License-Identifier: Apache-2.0
// What the bridge knows of its group: it asks for the status again and again, more often while the
// group does not serve, and keeps the newest one for whoever wants to know.
//
// Thread: the io_context's.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "bridge/exchange.h"
#include "protocol/time.h"

namespace tally::bridge {

class GroupWatch {
 public:
  explicit GroupWatch(Exchange& exchange);

  // Asks, if that is due and no answer is awaited; logs when the client library's circuit breaker
  // has opened or closed.
  void look(Instant now);
  // When to look again; never() while an answer is awaited.
  Instant next_look() const { return asked_ ? Instant::never() : next_; }

  // Whether the group decides, as far as this bridge has heard.
  bool serves(Instant now) const;
  // The client library's thread ends each question in time, with an answer or without one; if it
  // has not done so for very long, it hangs.
  bool client_hangs(Instant now) const;

  // The newest status. While the distributor does not answer, it is the last one that came, which
  // then says so: by its state, reason and advice, and by the distributor's state.
  const ClusterStatus& status() const { return status_; }
  // When the status came; nothing while the distributor does not answer.
  std::optional<Instant> heard_at() const { return heard_at_; }

  // Why the group answers nothing by the newest status, or that none came, and what to do; empty if
  // it answers.
  std::string_view reason() const { return answers() ? std::string_view() : status_.reason; }
  std::string_view advice() const { return answers() ? std::string_view() : status_.advice; }

  // Whoever was refused by a group that answers as far as is known has learnt it before this watch
  // did. Calls back when a status has come, or not come, that was asked for after this call.
  void ask_why(std::function<void()> told);

 private:
  void ask(Instant now);
  void take(const std::optional<ClusterStatus>& status);
  bool answers() const { return status_.state == GroupState::ok || status_.state == GroupState::degraded; }

  Exchange& exchange_;
  Instant next_;
  Instant asked_at_;
  bool asked_ = false;
  std::vector<std::function<void()>> wait_for_this_;  // for the answer to the question that was asked
  std::vector<std::function<void()>> wait_for_next_;  // to the one after it
  bool available_ = true;                             // the breaker, as it was logged last
  std::optional<Instant> seen_;                       // when the last status with a majority came
  ClusterStatus status_;
  std::optional<Instant> heard_at_;
};

}  // namespace tally::bridge
