// SPDX-License-Identifier: Apache-2.0
// Where the one total order is kept. Replicas are not log acceptors: what they may deny, the journal holds.
//
// append() puts a record behind all earlier ones; it is stable once a sync() that began afterwards has succeeded (law
// 4). sync(), cut_below(), prepare() and scrub() may run on a second thread, one at a time; everything else belongs to
// the first. A failed write or sync throws std::system_error: the process must end, and is never to retry it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/journal_facts.h"

namespace tally {

class Journal {
 public:
  virtual ~Journal() = default;

  // What is there, and the newest term that was begun. Before begin_term() only.
  virtual const RecoveredJournal& found() const = 0;
  // Journals and syncs the next term, or `least` if that is later, before anything else is done. What was found, and
  // that term.
  virtual RecoveredJournal begin_term(Term least = {}) = 0;

  // An order, as the two frames of its message; its identity and times are told apart, so that nobody decodes it.
  virtual void append(const OrderIdentity& order, ServedTime served, CalendarTime calendar, std::string_view header,
                      std::string_view body) = 0;
  virtual void append(const JournaledView& view) = 0;
  virtual void append(const OrderState& agreed) = 0;
  virtual void sync() = 0;

  // The order is stable now. Remembered beside the journal, so that the loss of a stable order is noticed.
  virtual void mark_stable(const OrderIdentity& order) = 0;

  // An order's frames, one behind the other, as they were appended; nothing if it is gone, or damaged.
  virtual std::optional<std::string> read(Sequence sequence) = 0;

  // May forget the orders before `first`; it does so in large pieces.
  virtual void cut_below(Sequence first) = 0;
  virtual JournalSize size() const = 0;

  // Disk for what comes next is made ready ahead. The answer is why it could not be, a sentence; then it is to be tried
  // again later.
  virtual bool wants_preparation() const = 0;
  virtual std::optional<std::string> prepare() = 0;

  // Reads the orders from `from` on, past every cache, about so many bytes of them.
  struct Scrubbed {
    Sequence next;                    // go on there; zero: that was the last one
    std::optional<Sequence> damaged;  // this one is not what was appended
  };
  virtual Scrubbed scrub(Sequence from, std::size_t bytes) = 0;
};

}  // namespace tally
