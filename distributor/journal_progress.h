// SPDX-License-Identifier: Apache-2.0
// How far the journal has got: what was appended to it in this term, what of that is on disk, and
// so which orders are stable.
//
// A position counts the records that this process has appended; a sync that began after `n` appends
// makes position `n` and everything before it durable. An order is stable once every change up to
// it is on disk (laws 4 and 6): an order that changes nothing needs no sync of its own, only that
// of the change before it. With durability `os` nothing is waited for, and an order is stable when
// it is appended; syncs are asked for all the same, once a while.
//
// Pure: it asks for syncs by returning positions, and is told of them. One thread; instants never
// go back.
#pragma once

#include <cstdint>
#include <deque>

#include "protocol/histogram.h"
#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

class JournalProgress {
 public:
  // `last`: the journal's last order, which is on disk.
  JournalProgress(bool waits_for_sync, Sequence last, Instant now)
      : waits_for_sync_(waits_for_sync), last_(last), stable_(last), next_lazy_sync_(now) {}

  // Each is the next record.
  void appended_record() { ++appended_; }
  void appended_order(Sequence order, bool changes);

  // The position that a sync is to reach now.
  std::uint64_t ask_for_sync(Instant now);
  // Precondition: so much was appended.
  void synced(std::uint64_t position, Instant now);

  std::uint64_t appended() const { return appended_; }
  bool is_synced(std::uint64_t position) const { return position <= synced_; }
  // Of a position that ballots wait for: is everything up to it as durable as the configuration
  // asks?
  bool is_stable_at(std::uint64_t position) const { return !waits_for_sync_ || is_synced(position); }
  bool waits_for_sync() const { return waits_for_sync_; }
  bool is_syncing() const { return !syncing_.empty(); }
  // Something was appended a while ago, and nobody has asked for its sync.
  bool lazy_sync_is_due(Instant now) const { return !is_synced(appended_) && !is_syncing() && next_lazy_sync_ <= now; }

  // The newest stable order.
  Sequence stable() const { return waits_for_sync_ ? stable_ : last_; }
  // The position whose sync the newest order waits for.
  std::uint64_t stable_after() const { return last_change_; }
  // Answers wait for a sync, and it takes longer than clients do.
  bool is_slow(Instant now) const;

  // Since this process was started.
  std::uint64_t syncs() const { return syncs_; }
  // From the asking for a sync until it was done.
  const Histogram& durations() const { return durations_; }

 private:
  struct Sync {
    std::uint64_t position = 0;
    Sequence last;  // order before it
    Instant asked;
  };

  bool waits_for_sync_;
  std::uint64_t appended_ = 0;
  std::uint64_t synced_ = 0;
  std::uint64_t last_change_ = 0;  // the position of the newest order with a change
  Sequence last_;
  Sequence stable_;
  std::deque<Sync> syncing_;  // asked for, and not done
  bool was_slow_ = false;     // the last sync
  Instant next_lazy_sync_;
  std::uint64_t syncs_ = 0;
  Histogram durations_;
};

}  // namespace tally
