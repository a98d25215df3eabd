// SPDX-License-Identifier: Apache-2.0
// The newest state that f+1 replicas are known to agree on, and who may be told of it.
//
// Replicas write checkpoints of what was agreed, so what they go by has to be provable: it is
// journaled first, and they are told of it once that record is stable. A record is appended once a
// second, since each is written for its own sake; while somebody waits for it, at once.
//
// Pure; one thread; instants never go back.
#pragma once

#include <cstdint>

#include "distributor/journal_progress.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Agreement {
 public:
  // `journaled`: the newest that the journal knows of.
  Agreement(const OrderState& journaled, Instant now)
      : newest_(journaled), journaled_(journaled), told_(journaled), next_(now) {}

  // The comparator says so. Only of an order of this term that was made: one of an earlier term may
  // be of a tail that the journal has lost.
  void learn(const OrderState& agreed, const OrderIdentity& last);

  // There is something to journal, and it is time, or somebody waits for it.
  bool is_due(Instant now, bool is_awaited) const {
    return journaled_.order.sequence < newest_.order.sequence && (is_awaited || next_ <= now);
  }
  // newest() was appended; this is the record's position (journal_progress.h).
  void journaled(std::uint64_t position, Instant now);
  // True: there is something new that replicas may go by.
  bool tell(const JournalProgress& progress);

  const OrderState& newest() const { return newest_; }
  const OrderState& journaled() const { return journaled_; }
  const OrderState& told() const { return told_; }
  bool is_told() const { return told_.order.sequence >= newest_.order.sequence; }

 private:
  OrderState newest_;
  OrderState journaled_;
  std::uint64_t position_ = 0;  // of journaled_
  OrderState told_;             // stable, and so what replicas may go by
  Instant next_;                // not journaled again before it
};

}  // namespace tally
