// SPDX-License-Identifier: Apache-2.0
// Where the one total order is kept. Replicas are not log acceptors: a faulty one may deny what it
// once stored, so the order lives here.
//
// append() puts a record behind all earlier ones. The record is stable once a sync() that began
// after it has succeeded (law 4). sync(), cut_below(), prepare() and scrub() may run on a second
// thread, one at a time; everything else belongs to the first thread. A failed write or sync throws
// std::system_error: the process must then end, and must never try the same again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/journal_facts.h"

namespace tally {

class Journal {
 public:
  virtual ~Journal() = default;

  // What was found, with the newest term that was begun. Only before begin_term().
  virtual const RecoveredJournal& found() const = 0;
  // Journals and syncs the next term, or `least` if that is later. Nothing is appended before.
  // Returns what was found, with that term.
  virtual RecoveredJournal begin_term(Term least = {}) = 0;

  // Appends an order, given as the two frames of its message. Its identity and its times are passed
  // beside the frames, so that the journal need not decode them.
  virtual void append(const OrderIdentity& order, ServedTime served, CalendarTime calendar, std::string_view header,
                      std::string_view body) = 0;
  virtual void append(const JournaledView& view) = 0;
  virtual void append(const OrderState& agreed) = 0;
  virtual void sync() = 0;

  // Notes beside the journal that this order is stable now, so that the loss of a stable order is
  // noticed.
  virtual void mark_stable(const OrderIdentity& order) = 0;

  // The frames of an order, one behind the other, as they were appended. Returns nothing if the
  // order was cut or is damaged.
  virtual std::optional<std::string> read(Sequence sequence) = 0;

  // Orders before `first` may be forgotten. The journal forgets them in large pieces.
  virtual void cut_below(Sequence first) = 0;
  virtual JournalSize size() const = 0;

  // Disk for what comes next is made ready in advance. prepare() returns a sentence that says why
  // it failed, or nothing if it succeeded; the caller tries again later.
  virtual bool wants_preparation() const = 0;
  virtual std::optional<std::string> prepare() = 0;

  // Reads about `bytes` bytes of orders, from the order `from` on. It reads them from the disk,
  // past every cache.
  struct Scrubbed {
    Sequence next;                    // the order to go on with; zero: the last one has been read
    std::optional<Sequence> damaged;  // an order that is not what was appended
  };
  virtual Scrubbed scrub(Sequence from, std::size_t bytes) = 0;
};

}  // namespace tally
