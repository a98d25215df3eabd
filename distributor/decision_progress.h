// SPDX-License-Identifier: Apache-2.0
// How far decisions have got in this term, and whether they still come.
//
// Every ballot up to `decided` is decided or closed without an answer. The group stands still when
// ballots have waited for too long (it is stalled), or when f+1 votes on one of them cannot be
// equal any more (one is undecidable); either ends with the next decision, and what is undecidable
// also when the comparator does not repeat it. Where voters compute the same state and different
// results, they go on to agree on orders without requests, and nobody is answered all the same:
// such a dispute lasts until a liar is convicted, or nothing was undecidable for a while.
//
// Pure; one thread; instants never go back.
#pragma once

#include <optional>

#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

class DecisionProgress {
 public:
  // Everything in the journal counts as closed: ballots of earlier terms are not answered.
  explicit DecisionProgress(Sequence last) : decided_(last), closed_(last), newest_(last) {}

  Sequence decided() const { return decided_; }
  // The newest that was decided and not only closed; at first what an earlier term left.
  Sequence newest_decision() const { return newest_; }
  Sequence closed() const { return closed_; }
  // Something was decided in this term.
  bool has_decided() const { return has_decided_; }
  bool is_stalled() const { return stalled_; }
  bool is_standing_still() const { return stalled_ || undecidable_.has_value(); }
  bool is_in_dispute(Instant now) const;

  // The comparator says that everything up to `through` is decided or closed. True: that ends a
  // stall.
  bool decide(Sequence through);
  // Closed without an answer; the clients' repetitions become new orders (law 15).
  void close(Sequence through);
  void stall() { stalled_ = true; }
  // It was found who is wrong.
  void settle_dispute() { disputed_.reset(); }

  // The comparator says that a ballot is undecidable.
  void find_undecidable(Instant now);
  void forget_undecidable();
  // It has not said so for a while.
  void forget_old_undecidable(Instant now);
  // For how long a ballot has been. Precondition: the comparator has said so.
  Duration undecidable_for(Instant now) const { return now - undecidable_->since; }
  // What the caller slept through does not count.
  void restart_timers(Instant now);

 private:
  struct Undecidable {
    Instant since;
    Instant told;  // the comparator last said so
  };

  Sequence decided_;
  Sequence closed_;
  Sequence newest_;
  bool has_decided_ = false;
  bool stalled_ = false;
  std::optional<Undecidable> undecidable_;
  std::optional<Instant> disputed_;  // when the comparator last said that a ballot is undecidable
};

}  // namespace tally
