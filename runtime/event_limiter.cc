// SPDX-License-Identifier: Apache-2.0
#include "runtime/event_limiter.h"

#include <algorithm>

namespace tally {

EventLimiter::Count& EventLimiter::count_of(const Event& event) {
  const auto whose = std::ranges::find_if(
      event.fields, [](const EventField& field) { return field.key == "replica" || field.key == "role"; });
  const Name name{event.name, whose == event.fields.end() ? EventField() : *whose};
  if (counts_.size() < events_told_apart || counts_.contains(name)) return counts_[name];
  return counts_[Name{"others", {}}];
}

bool EventLimiter::admits(const Event& event, Instant now) {
  if (period_end_ <= now) {
    counts_.clear();
    written_ = 0;
    suppressed_any_ = false;
    period_end_ = now + period;
  }
  Count& count = count_of(event);
  if (count.written < lines_of_one_event && written_ < lines_of_all_events) {
    count.written += 1;
    written_ += 1;
    return true;
  }
  suppressed_any_ = true;
  count.suppressed += 1;
  count.severity = std::max(count.severity, event.severity);
  return false;
}

std::vector<Event> EventLimiter::take_suppressed(Instant now) {
  std::vector<Event> told;
  if (now < suppressed_due()) return told;
  for (auto& [name, count] : counts_) {
    if (count.suppressed == 0) continue;
    told.push_back(Event("events_suppressed", count.severity).with("event", name.first));
    if (!name.second.key.empty()) told.back().fields.push_back(name.second);
    told.back().with("count", count.suppressed);
    count.suppressed = 0;
  }
  suppressed_any_ = false;
  return told;
}

}  // namespace tally
