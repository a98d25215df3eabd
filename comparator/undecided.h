// SPDX-License-Identifier: Apache-2.0
// What is found on ballots that the voters alone do not decide, in the present term and view.
//
// - A succession (law 13): f+1 replicas, voters or on probation, gave equal votes. The distributor
//   makes voters of those on probation, and then their votes decide. f+1 states of their own hold
//   an honest one, whoever lies. The earliest ballot that has such votes is proposed.
// - No majority (law 14): f+1 votes cannot be equal any more. The distributor begins a new term,
//   and all replicas roll back. The earliest such ballot is named. Those that follow it are likely
//   to be like it and may be many, so events tell of at most one later ballot in a second.
//
// Part of the comparator's core: one thread; it is told the time.
#pragma once

#include <optional>
#include <vector>

#include "comparator/ballot.h"
#include "comparator/quorum.h"
#include "protocol/event.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Undecided {
 public:
  // As the report carries them.
  const Succession& succession() const { return succession_; }  // of ballot zero: there is none
  Sequence undecidable() const { return undecidable_; }         // zero: there is none
  bool has_succession() const { return succession_.ballot.value != 0; }

  // What was found before means nothing any more.
  void begin_term() { forget(); }
  void begin_view();

  // Ballots up to `closed` are closed. Returns true if the undecidable one was among them: another
  // one, which was not named beside it, may be undecidable too.
  bool close_through(Sequence closed);
  void decided(Sequence ballot);

  // These replicas may succeed if they gave this answer, and at least f+1 of them did. Returns true
  // if that is news.
  bool propose(const Ballot& ballot, AnswerIndex answer, ReplicaSet participants, std::vector<Event>& events);

  struct NoMajority {
    bool is_news = false;            // no earlier ballot is known to be undecidable
    bool is_to_be_recorded = false;  // with all its votes
  };
  NoMajority find_no_majority(Ballot& ballot, Instant now, std::vector<Event>& events);

 private:
  void forget();
  bool is_told(Ballot& ballot, Instant now);

  Succession succession_;
  Sequence undecidable_;
  Sequence mentioned_;                   // the newest undecidable ballot that an event told of
  std::optional<Instant> mentioned_at_;  // in this view
};

}  // namespace tally
