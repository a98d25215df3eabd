// SPDX-License-Identifier: Apache-2.0
#include "client/flights.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {

Flight* Flights::find(const SessionId& session, RequestNumber number) {
  const auto found = flights_.find(number);
  return found == flights_.end() || found->second.request().session != session ? nullptr : &found->second;
}

Flight* Flights::own() {
  const auto found = std::ranges::find_if(flights_, [](const auto& entry) { return entry.second.is_own(); });
  return found == flights_.end() ? nullptr : &found->second;
}

bool Flights::window_is_open() const { return next_.value <= acknowledged().value + limits::session_window; }

Flight& Flights::add(Request request, std::vector<Batch::Part> parts) {
  request.number = std::exchange(next_, next_.next());
  Flight& flight = flights_.emplace(request.number, Flight(std::move(request), std::move(parts))).first->second;
  earliest_deadline_ = std::min(earliest_deadline_, flight.earliest_deadline());
  return flight;
}

void Flights::begin_session() {
  CHECK(flights_.empty());
  next_ = {};
}

// Nothing comes before the opening, which has number 0.
RequestNumber Flights::acknowledged() const {
  const RequestNumber oldest = flights_.empty() ? next_ : flights_.begin()->first;
  return oldest == RequestNumber() ? oldest : RequestNumber(oldest.value - 1);
}

bool Flights::any_expired(Instant now) const {
  return earliest_deadline_ <= now &&
         std::ranges::any_of(flights_, [now](const auto& entry) { return entry.second.any_expired(now); });
}

void Flights::expire(Instant now, std::vector<CompletedCall>& completed) {
  if (earliest_deadline_ > now) return;
  earliest_deadline_ = Instant::never();
  for (auto entry = flights_.begin(); entry != flights_.end();) {
    Flight& flight = entry->second;
    const bool needed = flight.expire(now, completed);
    if (needed) earliest_deadline_ = std::min(earliest_deadline_, flight.earliest_deadline());
    entry = needed ? std::next(entry) : flights_.erase(entry);
  }
}

void Flights::fail_never_ordered(CallError error, std::vector<CompletedCall>& completed) {
  for (auto entry = flights_.begin(); entry != flights_.end();) {
    Flight& flight = entry->second;
    const bool fails = !flight.is_own() && flight.was_never_ordered();
    if (fails) flight.fail(CallOutcome::not_applied, flight.last_refusal().value_or(error), completed);
    entry = fails ? flights_.erase(entry) : std::next(entry);
  }
}

void Flights::give_up(CallError error, std::optional<RequestNumber> unexecuted, std::vector<CompletedCall>& completed) {
  for (auto& [number, flight] : flights_) {
    // Another transmission might be executed yet.
    const bool was_sent_once = flight.request().attempt == 1;
    const bool not_applied = (number == unexecuted && was_sent_once) || flight.was_never_ordered();
    flight.fail(not_applied ? CallOutcome::not_applied : CallOutcome::unknown, error, completed);
  }
  flights_.clear();
}

Instant Flights::earliest_retry() const {
  Instant earliest = Instant::never();
  for (const auto& [number, flight] : flights_) earliest = std::min(earliest, flight.retry());
  return earliest;
}

}  // namespace tally
