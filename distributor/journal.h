// SPDX-License-Identifier: Apache-2.0
// Where the one total order is kept. Replicas are not log acceptors: what they may deny, the journal holds.
//
// append() puts a record behind all earlier ones; it is stable once a sync() that began afterwards has succeeded (law
// 4). sync() may run on another thread beside append(); the rest belongs to one thread unless it says otherwise. A
// failed write or sync throws: the process must end, and is never to retry it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "distributor/core.h"

namespace tally {

class Journal {
 public:
  virtual ~Journal() = default;

  // What was found at opening, with the next term already journaled and synced.
  virtual RecoveredJournal begin_term() = 0;

  // An order, as the two frames of its message.
  virtual void append(Sequence sequence, std::string_view header, std::string_view body) = 0;
  virtual void append(const JournaledView& view) = 0;
  virtual void append(const OrderState& agreed) = 0;
  virtual void sync() = 0;

  // The order is stable now. Remembered beside the journal, so that the loss of a stable order is noticed.
  virtual void mark_stable(const OrderIdentity& order) = 0;

  // An order's frames, one behind the other, as they were appended; nothing if it is gone, or damaged. Any thread.
  virtual std::optional<std::string> read(Sequence sequence) = 0;

  // May forget the orders before `first`; it does so in large pieces. Any thread.
  virtual void cut_below(Sequence first) = 0;

  // What it takes, on disk and in memory, about. Any thread.
  virtual std::uint64_t bytes() = 0;

  // Reads the orders from `from` on, past every cache, about so many bytes of them. Any thread.
  struct Scrubbed {
    Sequence next;                    // go on there; zero: that was the last one
    std::optional<Sequence> damaged;  // this one is not what was appended
  };
  virtual Scrubbed scrub(Sequence from, std::size_t bytes) = 0;
};

}  // namespace tally
