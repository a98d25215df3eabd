// SPDX-License-Identifier: Apache-2.0
// A replica: it executes the orders of the distributor one after the other, votes on each, and
// takes checkpoints.
//
// Invariants
// - Order n is executed only after n-1, once, and only if its predecessor chain is this replica's
//   own (law 1).
// - What was executed and then lost by the journal is rolled back (law 2). A damaged or outdated
//   message counts as lost (laws 2 and 3).
// - Only stable and decided orders reach a checkpoint in the store.
// - Before the replica knows its standing it executes nothing.
// - A state that was loaded is on trial at first. If a checkpoint of its own fails the trial, or a
//   vote dissents, that checkpoint is not loaded again; if an imported state fails it, the next
//   donor is asked.
// - Memory is scrubbed all the time, at a bounded rate. The scrub replaces the running digest by
//   the digest of the data, so that a replica with corrupted memory votes wrongly and is caught
//   (law 10).
//
// The core conducts parts that hold one idea each. It alone knows the state, the standing, and the
// order in which the parts are asked:
//
//   position        where it is in the order, and what an order that comes is to it
//   trial           whether the state that was loaded is right
//   recovering      which recovery it has carried out, and what is asked of it beyond that
//   voting          what it says of its state: votes, and proofs
//   capturing       checkpoints, from the first step of a capture to the store
//   own_seal        the seal of a checkpoint that others import
//   wanted_state    whether it wants another replica's state; import: how it gets that
//   remembering     its group, and what it knows of it (witness)
//   scrubbing       the pace of the scrub
//   reporting       when it reports, and when it asks for orders again
//
// Loading. output.load asks the shell for the newest checkpoint, or for one that is older than a
// wrong one:
//
//   auto state = core.fresh_state();
//   for each entry, as it is read, so that nothing holds all of them twice:
//     state->restore(key, value)
//   state->finish_restore(header)
//   core.restored(header, std::move(state), now);
//   or, when there is none that is whole: core.nothing_to_restore(now); or core.load_rejected(...)
//
// The state is filled, and a dropped one is destroyed, on another thread, because either may take
// seconds. Until the core is told of the end it holds no state, takes no order, and reports only
// that it is there. A commit that is under way is finished, and the core is told what became of it,
// before the store is read.
//
// Importing. When the journal does not reach back far enough, or reaches back very far, the state
// of another replica is wanted. The distributor has the others seal one, all after the same order,
// and tells of it. Then it is imported into the store, and loaded from there.
//
// Driven as protocol/turn.h says, on one thread. It has more fields than most classes, because it
// is where the parts meet: what happens to one of them is to be told to others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "replica/capturing.h"
#include "replica/checkpoint.h"
#include "replica/import.h"
#include "replica/own_seal.h"
#include "replica/position.h"
#include "replica/recovering.h"
#include "replica/remembering.h"
#include "replica/reporting.h"
#include "replica/scrubbing.h"
#include "replica/state.h"
#include "replica/trial.h"
#include "replica/voting.h"
#include "replica/wanted_state.h"
#include "replica/witness.h"

namespace tally {

struct ReplicaConfig {
  ReplicaId id;
  Incarnation incarnation;  // random; also seeds the lookup tables
  std::uint64_t pid = 0;
  std::string store;  // the checkpoint store's name, for people
  std::uint64_t checkpoint_orders = 10'000;
  std::uint64_t import_orders = 1'000'000;  // rather than execute more orders than these, import
  std::uint32_t replicas = 3;
  // It captures earlier when so many entries changed, or when the orders since the last capture
  // take so many bytes of the journal.
  std::size_t early_checkpoint_changes = 1'000'000;
  std::uint64_t early_checkpoint_bytes = 256ull << 20;
  StateLimits limits;
  GroupId group;    // whose directory it has; zero: not known yet
  Witness witness;  // what it remembers of it
};

// A checkpoint to be loaded: the newest, or one that is older than `below`.
struct LoadWish {
  Sequence below;  // zero: any
};

struct ReplicaOutput {
  std::vector<Vote> votes;              // to the comparator
  std::optional<ReplicaReport> report;  // to the distributor
  // To be committed; then say checkpoint_committed or checkpoint_failed.
  std::optional<CheckpointDelta> checkpoint;
  std::unique_ptr<State> dropped;  // destroy it where it does not matter how long that takes
  std::optional<LoadWish> load;    // see above
  std::vector<std::pair<ReplicaId, StateRequest>> state_requests;  // to donors
  std::vector<ImportStep> import_steps;  // for the store, in this order; then say import_stored
  std::optional<Sequence> seal;          // this checkpoint; then say sealed
  bool unseal = false;                   // nobody imports it any more
  std::optional<Witness> witness;        // is to be kept from now on
  std::vector<Event> events;
  std::optional<std::string> fatal;  // an operator's error: say so, and exit
};

class ReplicaCore {
 public:
  explicit ReplicaCore(ReplicaConfig config);

  void receive(const Order& order, Instant now);
  void receive(const ReplicaStanding& standing, Instant now);
  // The connection to the distributor is new, or it wants to hear from this replica.
  void connected(Instant now);

  void checkpoint_committed(Sequence applied);
  // `lost` is the delta that was to be committed; its changes join a later one.
  void checkpoint_failed(CheckpointDelta lost, CommitFailure failure);
  // What became of output.seal. Nothing: the checkpoint is not there any more, or damaged.
  void sealed(Sequence checkpoint, const std::optional<CheckpointSeal>& seal, Instant now);
  // The newest checkpoint that the store has, after it found one damaged.
  void checkpoint_is(Sequence newest) { capturing_.set_stored(newest); }

  // Any thread.
  std::unique_ptr<State> fresh_state() const;
  void restored(const CheckpointHeader& header, std::unique_ptr<State> state, Instant now);
  void nothing_to_restore(Instant now);
  // The newest checkpoint is whole, and not of this program's making.
  void load_rejected(const std::string& reason);

  void receive(ReplicaId donor, StateChunk chunk, Instant now);
  void import_stored(std::uint64_t attempt, ImportOutcome outcome, Instant now);

  // The process is to end. If the newest decided order is the last that this replica executed, it
  // captures that state, so that a group that was stopped has equal checkpoints.
  void drain() { capturing_.drain(); }
  bool is_drained() const { return has_failed_ || capturing_.is_drained(); }

  void tick(Instant now);
  Instant next_deadline() const;
  ReplicaOutput take_output();

  // ---- for metrics, people and faults

  const OrderIdentity& applied() const { return position_.applied(); }
  Sequence checkpoint() const { return capturing_.stored(); }
  Recovery recovery() const { return recovering_.carried_out(); }
  GroupId group() const { return remembering_.group(); }
  bool loading() const { return state_ == nullptr; }
  bool importing() const { return import_.active(); }
  // The journal does not lead on from what this replica has; only another replica's state does.
  bool needs_state() const { return standing_ && position_.is_before_journal(*standing_); }
  // None while loading.
  const State* state() const { return state_.get(); }
  // Recomputes the state digest from the data, and replaces the running one by it. Looks at every
  // entry, so it takes a while. False: they differed, so this replica's memory is wrong, and its
  // next vote will say so (law 10).
  bool scrub();
  // Fault injection: wrong-state. False: there is no counter to flip.
  bool flip_stored_counter();

 private:
  // ---- orders
  bool is_executing() const;
  bool is_on_untouched_import() const { return trial_.is_on_import() && position_.is_at_base(); }
  bool may_execute_next() const { return trial_.may_execute(position_.next(), standing_->agreed); }
  void execute(const Order& order, Instant now);
  void stop(const Order& order);
  void prove(Instant now);
  // ---- standing
  bool is_outdated(const ReplicaStanding& standing) const;
  void settle(bool is_new_term, Instant now);
  // ---- roll-back, and loading
  void roll_back(std::string_view reason, Instant now);
  void load_again(const LoadWish& wish);
  void drop_state();
  void begin(std::unique_ptr<State> state, const CheckpointHeader& header, Instant now);
  // ---- trial, and import
  void examine_state(Instant now);
  void pass_trial(Instant now);
  LoadWish fail_trial();
  Sequence wanted_state() const;
  void take_import_output(Instant now);
  // ---- checkpoints, and scrub
  void capture_some(std::size_t changed, bool seals, Instant now);
  void capture_last();
  CheckpointHeader header() const;
  void scrub_some(Instant now);
  bool note_scrubbed(bool is_right);
  // ---- output
  ReplicaReport report(bool resend) const;
  Event& note(std::string_view name, Severity severity = Severity::info);
  void fail(std::string message);

  ReplicaConfig config_;
  std::unique_ptr<State> state_;  // none while loading
  std::optional<ReplicaStanding> standing_;
  bool is_stopped_ = false;  // met an order that it does not understand
  bool has_failed_ = false;  // said `fatal`

  // The state, and what is known of it.
  Position position_;
  Trial trial_;
  Recovering recovering_;
  Voting voting_;
  // Where it goes to, and comes from.
  Capturing capturing_;
  OwnSeal seal_;
  WantedState wanted_;
  Import import_;
  // What goes on all the time.
  Remembering remembering_;
  Scrubbing scrubbing_;
  Reporting reporting_;

  Instant last_tick_;
  ReplicaOutput output_;
};

}  // namespace tally
