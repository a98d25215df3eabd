// SPDX-License-Identifier: Apache-2.0
// What of all that is said a transcript shows. The rule, here and nowhere else:
//
// 1. What goes with an order that has requests is shown: requests, refusals, orders, votes,
//    decisions.
// 2. Empty orders, which an idle group makes all the time, are not shown, nor are their ballots. A
//    vote on one is shown if it is unlike the first vote on it.
// 3. What is repeated on a timer (ballots, reports, standings, views) is shown when it says
//    something else than the time before, apart from numbers that only grow; a welcome is shown when
//    its term or process is new. A first report that only says "here I am" is not shown.
// 4. Hellos are not shown; nor are events that say again what a message said.
//
// `verbose` shows everything.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "scenarios/wording.h"

namespace tally::scenarios {

class News {
 public:
  explicit News(const Wording& wording) : wording_(wording) {}

  // `way`: from whom to whom. What was lost and comes through later is news.
  bool is_news(const std::string& way, const Message& message, bool lost);
  static bool is_news(const Event& event);

 private:
  bool is_news(const Vote& vote);

  const Wording& wording_;
  std::map<std::pair<std::string, std::size_t>, std::string> said_;  // by way and kind of message
  std::map<OrderIdentity, Vote> votes_;                              // the first on each empty order
};

}  // namespace tally::scenarios
