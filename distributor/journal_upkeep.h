// SPDX-License-Identifier: Apache-2.0
// What keeps the journal short and whole, beside the loop: it is read again all the time, so that
// damage is found while others still have what was lost; disk is made ready in advance, so that no
// order waits for a new file; and what nobody needs is cut.
//
// The shell's; driven by the loop's thread. Each kind of work has at most one job under way, but for
// cuts, of which there are few.
#pragma once

#include <optional>

#include "journal/journal.h"
#include "protocol/time.h"
#include "runtime/background.h"

namespace tally {

class JournalUpkeep {
 public:
  // The journal must outlive this object.
  explicit JournalUpkeep(Journal& journal) : journal_(journal) {}

  // Begins what is due.
  void tick(Instant now);
  // When something is due; what is under way is due when it is done.
  Instant next_deadline() const;
  void cut_below(Sequence first);
  // An order that was found to be unreadable since the last call.
  std::optional<Sequence> take_damaged();
  // Also for what is to be done before there is upkeep: one job after the other.
  Background& thread() { return thread_; }

 private:
  void scrub();
  void prepare();

  Journal& journal_;
  Sequence scrub_place_;
  std::optional<Instant> next_scrub_ = Instant();        // none: one is under way
  std::optional<Instant> next_preparation_ = Instant();  // likewise
  std::optional<Sequence> damaged_;
  Background thread_;  // last: it uses the journal and the fields above
};

}  // namespace tally
