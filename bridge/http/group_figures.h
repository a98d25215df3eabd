// SPDX-License-Identifier: Apache-2.0
// What /metrics asks of the group: its status, and, while it serves, how full its tables are, which
// is a voted operation. Whoever asks while that is under way, or shortly after, gets the same. So
// however many scrapers there are, they cost the group at most one of each in a second.
//
// Thread: the io_context's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/exchange.h"
#include "bridge/http/limits.h"
#include "client/table_fill.h"

namespace tally::bridge::http {

class GroupFigures final : public Asker {
 public:
  explicit GroupFigures(Exchange& exchange) : exchange_(exchange) {}

  bool are_fresh(Instant now) const { return gathered_ && now < *gathered_ + http_limits::figures_for; }
  // Calls back later, when the group has answered or its time is over.
  void gather(Instant now, std::function<void()> completion);

  // What group_metrics() made of it.
  const std::string& text() const { return text_; }

 private:
  void answered(std::span<const Answer> answers) override;
  void finish(const std::vector<TableFill>& tables);

  Exchange& exchange_;
  std::optional<Instant> gathered_;
  Instant asked_;
  std::vector<std::function<void()>> waiting_;  // not empty: the group is asked
  std::optional<ClusterStatus> status_;
  std::string text_;
};

}  // namespace tally::bridge::http
