// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/transaction.h"

#include <algorithm>
#include <utility>

#include "bridge/resp/limits.h"

namespace tally::bridge::resp {

bool Transaction::enqueue(Arguments command) {
  std::size_t added = 0;
  for (const std::string_view argument : command) added += argument.size();
  // Commands without operations count too, since they take memory.
  const std::size_t arguments = arguments_ + std::max<std::size_t>(command.size(), 2);
  if (arguments > resp_limits::transaction_arguments || bytes() + added > resp_limits::transaction_bytes) return false;
  arguments_ = arguments;
  bytes_ += added;
  commands_.emplace_back(command.begin(), command.end());
  return true;
}

std::size_t Transaction::room_to_watch() const {
  return resp_limits::watched_counters - std::max(asked_.size(), watched_.size());
}

void Transaction::begin_watching(std::string_view name) {
  asked_.emplace_back(name);
  if (watched_.contains(name)) return;
  watched_.emplace(name, std::nullopt);
  watched_bytes_ += name.size();
}

void Transaction::answered(std::optional<std::uint64_t> last_change) {
  const auto known = watched_.find(asked_.front());
  asked_.pop_front();
  if (known == watched_.end() || known->second) return;
  known->second = last_change;
  if (last_change) return;
  lose_watch();
  watched_bytes_ -= known->first.size();
  watched_.erase(known);
}

void Transaction::forget_watched() {
  has_lost_watch_ = false;
  watched_.clear();
  watched_bytes_ = 0;
}

Transaction Transaction::close() {
  Transaction before = std::exchange(*this, {});
  asked_.swap(before.asked_);
  return before;
}

}  // namespace tally::bridge::resp
