// SPDX-License-Identifier: Apache-2.0
#include "distributor/journal_syncer.h"

#include <utility>

#include "runtime/clock.h"

namespace tally {
namespace {

constexpr Duration slow_sync = milliseconds(50);

}  // namespace

void JournalSyncer::appended(const OrderIdentity& order) {
  ++appended_;
  last_ = order;
}

// True: the disk is slow.
bool JournalSyncer::sync_and_time() {
  const Instant begun = monotonic_now();
  journal_.sync();
  return monotonic_now() - begun >= slow_sync;
}

void JournalSyncer::sync() {
  if (syncing_ || wanted_ <= synced_) return;
  if (answers_wait_ && !is_slow_) {
    is_slow_ = sync_and_time();
    return became_stable(appended_, last_);
  }
  syncing_ = true;
  thread_.submit([this, position = appended_, last = last_]() -> Background::Completion {
    const bool was_slow = sync_and_time();
    return [this, was_slow, position, last] {
      is_slow_ = was_slow;
      syncing_ = false;
      became_stable(position, last);
    };
  });
}

void JournalSyncer::became_stable(std::uint64_t position, const OrderIdentity& last) {
  if (last.sequence.value != 0) journal_.mark_stable(last);
  synced_ = position;
  has_news_ = true;
}

std::optional<std::uint64_t> JournalSyncer::take_news() {
  return std::exchange(has_news_, false) ? std::optional(synced_) : std::nullopt;
}

}  // namespace tally
