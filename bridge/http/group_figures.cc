// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/group_figures.h"

#include <utility>

#include "bridge/http/metrics.h"
#include "bridge/limits.h"
#include "protocol/limits.h"

namespace tally::bridge::http {

void GroupFigures::gather(Instant now, std::function<void()> completion) {
  waiting_.push_back(std::move(completion));
  if (waiting_.size() > 1) return;
  asked_ = now;
  exchange_.status(door_limits::status_timeout, [this](std::optional<ClusterStatus> status) {
    status_ = std::move(status);
    const bool serves = status_ && (status_->state == GroupState::ok || status_->state == GroupState::degraded);
    if (!serves) return finish({});
    OwnedOperation operation;
    operation.kind = OperationKind::list_limits;
    operation.limit = limits::list_entries;
    exchange_.submit(std::move(operation), *this);
  });
}

void GroupFigures::answered(std::span<const Answer> answers) {
  const Answer& answer = answers.front();
  finish(answer ? tables_in(answer.result.listed) : std::vector<TableFill>());
}

void GroupFigures::finish(const std::vector<TableFill>& tables) {
  text_ = group_metrics(status_, tables);
  gathered_ = asked_;
  for (const auto& completion : std::exchange(waiting_, {})) completion();
}

}  // namespace tally::bridge::http
