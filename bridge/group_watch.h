// SPDX-License-Identifier: Apache-2.0
// What the bridge knows of its group: it asks for the status again and again, more often while the
// group does not serve, and keeps the reason why it does not.
//
// Thread: the io_context's.
#pragma once

#include <optional>
#include <string>

#include "bridge/exchange.h"
#include "protocol/time.h"

namespace tally::bridge {

class GroupWatch {
 public:
  explicit GroupWatch(Exchange& exchange) : exchange_(exchange) {}

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

  // Why the last status had no majority, or that none came, and what to do; empty if all was well.
  const std::string& reason() const { return reason_; }
  const std::string& advice() const { return advice_; }

 private:
  void ask(Instant now);

  Exchange& exchange_;
  Instant next_;
  Instant asked_at_;
  bool asked_ = false;
  bool available_ = true;        // the breaker, as it was logged last
  std::optional<Instant> seen_;  // when the last status with a majority came
  std::string reason_ = "starting";
  std::string advice_ = "Wait: this bridge has not heard of the group yet.";
};

}  // namespace tally::bridge
