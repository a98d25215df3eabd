// SPDX-License-Identifier: Apache-2.0
#include "bridge/list_turns.h"

#include "bridge/limits.h"
#include "protocol/check.h"

namespace tally::bridge {

bool ListTurns::begin(const Source& source, ListAsker& asker) {
  if (under_way_ < door_limits::lists_at_once) {
    ++under_way_;
    return true;
  }
  const auto [of_source, first] = waiting_.try_emplace(source);
  if (first) turns_.push_back(source);
  of_source->second.push_back(asker);
  return false;
}

ListAsker* ListTurns::ended() {
  CHECK(under_way_ > 0);
  while (!turns_.empty()) {
    const Source source = turns_.front();
    turns_.pop_front();
    const auto of_source = waiting_.find(source);
    if (of_source->second.empty()) {
      waiting_.erase(of_source);
      continue;
    }
    auto& next = static_cast<ListAsker&>(of_source->second.front());  // no others were let in
    of_source->second.pop_front();
    turns_.push_back(source);
    return &next;
  }
  --under_way_;
  return nullptr;
}

}  // namespace tally::bridge
