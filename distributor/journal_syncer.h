// SPDX-License-Identifier: Apache-2.0
// Syncs the journal, and knows how far that has got.
//
// Where answers wait for the sync, the loop has nothing better to do: what comes in is for the next
// order, which is made after it (docs/decisions/0011-the-loop-syncs.md). So the loop itself syncs on
// a quick disk, because handing over to a thread and back would cost each order more than the sync
// does. On a slow disk that cost is nothing, and the loop goes on meanwhile: it says what it waits
// for, and has replicas put out. Law 4: a sync that fails throws, and ends the process.
//
// The shell's; driven by the loop's thread. A position counts appends (journal_progress.h).
#pragma once

#include <cstdint>
#include <optional>

#include "journal/journal.h"
#include "runtime/background.h"

namespace tally {

class JournalSyncer {
 public:
  // `answers_wait`: durability fsync. The journal must outlive this object.
  JournalSyncer(Journal& journal, bool answers_wait) : journal_(journal), answers_wait_(answers_wait) {}

  void appended() { ++appended_; }
  void appended(const OrderIdentity& order);
  // Wanted: at least so many appends on disk.
  void want(std::uint64_t position) { wanted_ = position; }
  // Begins a sync if one is wanted and none is under way. On a quick disk it is done on return.
  void sync();

  // What became stable since the last call, for the core to hear of.
  std::optional<std::uint64_t> take_news();
  bool has_news() const { return has_news_; }
  Background& thread() { return thread_; }

 private:
  bool sync_and_time();
  void became_stable(std::uint64_t position, const OrderIdentity& last);

  Journal& journal_;
  bool answers_wait_;
  OrderIdentity last_;  // order that was appended
  std::uint64_t appended_ = 0;
  std::uint64_t wanted_ = 0;
  std::uint64_t synced_ = 0;
  bool has_news_ = false;
  bool syncing_ = false;  // on the thread
  bool is_slow_ = true;   // at the last sync; nothing is known of the disk before the first
  Background thread_;     // last: it uses the journal and the fields above
};

}  // namespace tally
