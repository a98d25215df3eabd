// SPDX-License-Identifier: Apache-2.0
#include "distributor/journal_progress.h"

#include <algorithm>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

constexpr Duration lazy_sync_period = seconds(1);  // nothing stays unsynced for longer

}  // namespace

void JournalProgress::appended_order(Sequence order, bool changes) {
  appended_record();
  last_ = order;
  if (changes) last_change_ = appended_;
}

std::uint64_t JournalProgress::ask_for_sync(Instant now) {
  next_lazy_sync_ = now + lazy_sync_period;
  syncing_.push_back({appended_, last_, now});
  return appended_;
}

void JournalProgress::synced(std::uint64_t position, Instant now) {
  CHECK(position <= appended_);
  ++syncs_;
  synced_ = std::max(synced_, position);
  while (!syncing_.empty() && syncing_.front().position <= synced_) {
    stable_ = syncing_.front().last;
    const Duration took = now - syncing_.front().asked;
    was_slow_ = took > limits::slow_sync;
    histograms::observe(durations_, took);
    syncing_.pop_front();
  }
}

bool JournalProgress::is_slow(Instant now) const {
  if (!waits_for_sync_ || !is_syncing()) return false;
  return was_slow_ || now - syncing_.front().asked > limits::slow_sync;
}

}  // namespace tally
