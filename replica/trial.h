// SPDX-License-Identifier: Apache-2.0
// The trial of a loaded state: whether it is right is not known at first, wherever it came from.
//
// A state of its own comes from a checkpoint that this replica wrote. It counts as the replica's
// own word, so the replica votes with it at once. It passes its trial when it is the agreed state,
// or when votes that were made with it have been compared and no verdict followed.
//
// An imported state is another replica's word, and a vote that is made with it would only say once
// more what the donor says: one liar would count twice. So while an imported state is on trial the
// replica gives no vote, and it executes nothing beyond the newest agreed order. It passes only
// when, after that order, it is the state that f+1 replicas agreed on by their votes (law 13).
//
// The agreed state is right, because one of the f+1 replicas is, and its digest is of the whole
// state (law 10): whoever has an equal digest has that state. A state that differs fails its trial,
// and its checkpoint is not loaded again.
//
// The empty state needs no trial. Pure, one thread, driven by the core; instants never go back.
#pragma once

#include <optional>

#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Trial {
 public:
  // For so long nothing may follow a state that was loaded, though orders come.
  static constexpr Duration patience = seconds(10);
  // After the first vote that was compared, a verdict on it may be on its way for so long.
  static constexpr Duration verdict_time = seconds(2);

  // A state was loaded from this checkpoint. Zero: it is the empty state.
  void begin(Sequence checkpoint, bool imported, Instant now);
  // The state is proven, or it is given up.
  void end() { checkpoint_ = {}; }

  bool is_on() const { return checkpoint_.value != 0; }
  bool is_on_import() const { return is_on() && imported_; }
  // Precondition: is_on().
  Sequence checkpoint() const { return checkpoint_; }

  // ---- what may be executed

  // Nothing could be told of an imported state beyond the agreed order without counting its votes.
  bool may_execute(Sequence sequence, const OrderState& agreed) const {
    return !is_on_import() || sequence <= agreed.order.sequence;
  }
  // An order came that may not be executed yet. It is asked for again once the state is proven.
  void hold_orders() { holds_orders_ = true; }
  bool holds_orders() const { return holds_orders_; }

  // ---- what speaks for the state

  // The state after `applied` can be compared with the agreed one now. A digest of zero: the agreed
  // one is not known.
  bool can_be_examined(const OrderIdentity& applied, const OrderState& agreed) const {
    return is_on() && applied == agreed.order && agreed.state != Digest{};
  }
  // A vote was made with it.
  void voted(Sequence order) {
    if (!first_vote_) first_vote_ = order;
  }
  // The votes until now are not compared any more, and so say nothing.
  void forget_votes();
  // A state of its own whose votes have been compared for long enough without a verdict. `applied`:
  // the last order in it. Called with every standing.
  bool passes_by_votes(const ReplicaStanding& standing, Sequence applied, Instant now);

  // ---- what speaks against it

  // An order was executed after it.
  void was_followed() { contradicted_since_.reset(); }
  // An order contradicts the checkpoint. True: and for a long time nothing else has come. One such
  // order may only have been on its way for long; when no other comes, the journal is another one,
  // and has grown beyond the checkpoint.
  bool is_refuted_by_contradiction(Instant now);
  // No orders are sent to this replica now, or it tries another way than the import: the waiting
  // begins anew.
  void excuse(Instant now) { waiting_since_ = now; }
  // An imported state that nothing has followed for long. Whatever order its header names, it is
  // not after that one.
  bool is_refuted_by_silence(Instant now) const { return is_on_import() && now - waiting_since_ >= patience; }

 private:
  // The first of these votes that is known to be decided.
  struct Compared {
    Instant since;    // it has been known
    Sequence agreed;  // the newest agreed order then
  };

  Sequence checkpoint_;  // that the state came from; zero: nothing is on trial
  bool imported_ = false;
  Instant waiting_since_;      // for an order that follows an imported state
  bool holds_orders_ = false;  // an imported state's
  std::optional<Sequence> first_vote_;
  std::optional<Compared> compared_;
  // Kept when the trial ends: a proven checkpoint may be of another journal, too.
  std::optional<Instant> contradicted_since_;
};

}  // namespace tally
