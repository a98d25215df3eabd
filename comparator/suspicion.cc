// SPDX-License-Identifier: Apache-2.0
#include "comparator/suspicion.h"

#include <algorithm>

#include "protocol/limits.h"

namespace tally {

void Suspicion::expect(Sequence sequence, Instant decided) {
  // When it is full, the replica is long overdue for the ballots at the front, and more of the same
  // would tell nothing.
  if (awaited_.size() >= limits::compared_ballots) return;
  auto place = awaited_.end();
  while (place != awaited_.begin() && std::prev(place)->sequence > sequence) --place;
  awaited_.insert(place, {sequence, decided});
}

bool Suspicion::voted(Sequence sequence, Instant now) {
  bool counted = false;
  Sequence skipped;
  while (!awaited_.empty() && awaited_.front().sequence < sequence) {
    skipped = awaited_.front().sequence;
    awaited_.pop_front();
  }
  if (skipped != Sequence()) counted = miss(skipped, now);
  if (!awaited_.empty() && awaited_.front().sequence == sequence) {
    if (now <= expiry_of(awaited_.front())) answered();
    awaited_.pop_front();
  }
  return counted;
}

bool Suspicion::tick(Instant now) {
  if (next_miss_ && now < *next_miss_) return false;
  Sequence expired;
  while (!awaited_.empty() && expiry_of(awaited_.front()) <= now) {
    expired = awaited_.front().sequence;
    awaited_.pop_front();
  }
  return expired != Sequence() && miss(expired, now);
}

void Suspicion::forgive_before(Sequence first) {
  while (!awaited_.empty() && awaited_.front().sequence < first) awaited_.pop_front();
}

void Suspicion::reset() {
  awaited_.clear();
  missed_.clear();
  in_time_ = 0;
}

Instant Suspicion::next_deadline() const {
  if (awaited_.empty()) return Instant::never();
  const Instant expiry = expiry_of(awaited_.front());
  return next_miss_ ? std::max(expiry, *next_miss_) : expiry;
}

Instant Suspicion::expiry_of(const Awaited& awaited) const {
  const Instant since = timers_from_ ? std::max(awaited.decided, *timers_from_) : awaited.decided;
  return since + config_.ack_timeout;
}

bool Suspicion::miss(Sequence sequence, Instant now) {
  if (next_miss_ && now < *next_miss_) return false;
  next_miss_ = now + config_.ack_timeout;
  if (missed_.size() >= config_.ack_misses) missed_.erase(missed_.begin());
  missed_.push_back(sequence);
  in_time_ = 0;
  return true;
}

}  // namespace tally
