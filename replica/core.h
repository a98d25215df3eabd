// SPDX-License-Identifier: Apache-2.0
// A replica: executes the orders of the distributor one after the other, votes on each, and takes checkpoints.
//
// Invariants
// - Order n is applied only after n-1, once, and only if its predecessor chain is this replica's own (law 1).
// - What was executed and then lost by the journal is rolled back (law 2); a damaged or outdated message is as good as
//   lost (laws 2 and 3).
// - A checkpoint is committed only of orders that are stable and decided.
// - Before it knows its standing it applies nothing.
//
// - A state that was loaded is on trial at first (replica/trial.h). If a checkpoint of its own fails the trial, or the
//   state dissents, that checkpoint is not loaded again; if an imported state fails, the next donor is asked.
// - Memory is scrubbed all the time, at a bounded rate. What differs is adopted, so that the next vote tells (law 10).
//
// Loading. output.load asks the shell for the newest checkpoint, or one that is older than a wrong one:
//
//   auto state = core.fresh_state();
//   for each entry: state->restore(key, value), as it is read; nothing holds all entries twice
//   state->finish_restore(header)
//   core.restored(header, std::move(state), now);
//   or, when there is none that is whole: core.nothing_to_restore(now); or core.load_rejected(...)
//
// The state is filled, and a dropped one destroyed, on another thread: either may take seconds. Until the core is told,
// it holds no state and takes no order, and reports that it is there. A commit that is under way is finished, and its
// outcome told, before the store is read.
//
// Importing. When the journal does not reach back far enough, or very far, the state of another replica is wanted. The
// distributor has the others seal one, all after the same order, and tells of it; then it is imported
// (replica/import.h) into the store, and loaded from there. core_repair.cc has loading, trial and import.
//
// Sealing. When the standing asks for it, a capture is begun and kept open. The order that it is for ends it, and the
// checkpoint that it becomes is sealed (replica/checkpoint_seal.h) and kept for others for as long as it is told of.
//
// Driven as protocol/turn.h says, on one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "replica/checkpoint.h"
#include "replica/checkpoint_schedule.h"
#include "replica/import.h"
#include "replica/reporting.h"
#include "replica/state.h"
#include "replica/trial.h"
#include "replica/witness.h"

namespace tally {

struct ReplicaConfig {
  ReplicaId id;
  Incarnation incarnation;  // random; also seeds the lookup tables
  std::uint64_t pid = 0;
  std::string store;  // the checkpoint store's name, for people
  std::uint64_t checkpoint_orders = 10'000;
  std::uint64_t import_orders = 1'000'000;  // rather than execute more orders than that, import
  std::uint32_t replicas = 3;
  std::size_t early_checkpoint_changes = 1'000'000;     // capture earlier when so many entries changed,
  std::uint64_t early_checkpoint_bytes = 256ull << 20;  // or the orders since take so much of the journal
  StateLimits limits;
  GroupId group;    // that its directory is of; zero: not known yet
  Witness witness;  // what it remembers
};

// A checkpoint to be loaded: the newest, or one that is older than `below`.
struct LoadWish {
  Sequence below;  // zero: any
};

struct ReplicaOutput {
  std::vector<Vote> votes;                    // to the comparator
  std::optional<ReplicaReport> report;        // to the distributor
  std::optional<CheckpointDelta> checkpoint;  // commit it, then say checkpoint_committed or checkpoint_failed
  std::unique_ptr<State> dropped;             // destroy it where it does not matter how long that takes
  std::optional<LoadWish> load;               // see above
  std::vector<std::pair<ReplicaId, StateRequest>> state_requests;  // to donors
  std::vector<ImportStep> import_steps;  // for the store, in this order; then say import_stored
  std::optional<Sequence> seal;          // this checkpoint, then say sealed
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
  // Nothing: it is not there any more, or damaged.
  void sealed(Sequence checkpoint, const std::optional<CheckpointSeal>& seal, Instant now);
  // The newest checkpoint that the store has, after it found one damaged.
  void checkpoint_is(Sequence newest) { checkpoint_ = newest; }

  // Any thread.
  std::unique_ptr<State> fresh_state() const;
  void restored(const CheckpointHeader& header, std::unique_ptr<State> state, Instant now);
  void nothing_to_restore(Instant now);
  // The newest checkpoint is whole, and not of this program's making.
  void load_rejected(const std::string& reason);

  void receive(ReplicaId donor, StateChunk chunk, Instant now);
  void import_stored(std::uint64_t attempt, ImportOutcome outcome, Instant now);

  // It is to end. Where the newest decided order is the last that it applied, it captures that state, so that a group
  // that was stopped has equal checkpoints.
  void drain() { draining_ = true; }
  bool is_drained() const { return failed_ || (captured_last_ && !schedule_.committing()); }

  void tick(Instant now);
  Instant next_deadline() const;
  ReplicaOutput take_output();

  // ---- for metrics, people and faults

  const OrderIdentity& applied() const { return applied_; }
  Sequence checkpoint() const { return checkpoint_; }
  Recovery recovery() const { return recovery_; }
  GroupId group() const { return group_; }
  bool loading() const { return state_ == nullptr; }
  bool importing() const { return import_.active(); }
  // The journal does not lead on from what this replica has: only another replica's state does.
  bool needs_state() const { return standing_ && standing_->journal_first > applied_.sequence.next(); }
  // None while loading.
  const State* state() const { return state_.get(); }
  // Recomputes the state digest from the data and adopts it; looks at every entry, so it takes a while. False: this
  // replica's memory is wrong, and its next vote will say so (law 10).
  bool scrub();
  // Fault injection: wrong-state. False: there is no counter to flip.
  bool flip_stored_counter();

 private:
  enum class Judgement {
    next,           // to be applied
    repeated,       // applied already, or of a term that is gone: ignored
    contradiction,  // it does not follow what was applied, and by itself proves nothing
    ahead,          // something between is missing
    fork,           // this replica executed what the journal does not have
  };

  bool executing() const;
  Judgement judge(const Order& order) const;
  void doubt_checkpoint(Instant now);
  void apply(const Order& order, Instant now);
  void stop(const Order& order);
  void prove(Instant now);
  void capture_if_due(std::size_t changed, bool seal, Instant now);
  bool is_kept_open() const;
  void capture_last();
  CheckpointDelta capture();
  void look_after_seal();
  bool knows_group(const ReplicaStanding& standing);
  void remember();
  bool is_outdated(const ReplicaStanding& standing) const;
  bool may_keep_state() const;
  void keep_state(Instant now);
  bool is_ahead_of_journal() const;
  void settle(bool new_term, Instant now);
  void begin(std::unique_ptr<State> state, const CheckpointHeader& header, Instant now);
  void roll_back(std::string_view reason, Instant now);
  void load_again(const LoadWish& wish);
  void drop_state();
  void start_empty(Instant now);
  bool is_untouched_import() const { return trial_.is_on_import() && applied_ == base_; }
  bool may_execute_next() const { return trial_.may_execute(applied_.sequence.next(), standing_->agreed); }
  void examine_state(Instant now);
  LoadWish fail_trial();
  void pass_trial(Instant now);
  Sequence wanted_state() const;
  std::optional<Import::Goal> import_goal() const;
  void take_import_output(Instant now);
  void scrub_some(Instant now);
  void show_sign_of_life(Instant now);
  ReplicaReport report(bool resend) const;
  Event& note(std::string_view name, Severity severity = Severity::info);
  void fail(std::string message);

  ReplicaConfig config_;

  std::unique_ptr<State> state_;  // none while loading
  OrderIdentity applied_;         // the last order in it
  OrderIdentity base_;            // where it began: a checkpoint's last order, or nothing
  CalendarTime calendar_;         // of the last order
  Sequence checkpoint_;           // the newest in the store

  GroupId group_;
  Witness witness_;
  std::deque<OrderState> due_states_;  // for the witness, once they are known to be decided
  Recovery recovery_;
  bool taking_over_ = true;  // the state is fresh from a checkpoint: whatever recovery is asked for has been done
  std::optional<ReplicaStanding> standing_;
  bool stopped_ = false;  // met an order that it does not understand
  bool failed_ = false;   // said `fatal`

  Import import_;
  bool import_tried_ = false;  // though there is another way
  Sequence spent_seal_;        // of a checkpoint that nobody could give
  Sequence loading_import_;    // the checkpoint that was imported and is to be loaded now
  Trial trial_;                // of the state
  OrderState proof_;           // that was asked for (law 14)
  Instant next_scrub_;
  Instant scrub_pass_began_;
  Instant next_sign_of_life_ = Instant::never();  // while loading; never: not known yet
  bool sign_of_life_ = false;                     // is due

  CheckpointSchedule schedule_;
  bool capturing_ = false;   // in steps
  bool seal_ready_ = false;  // it is kept open for a seal, and little is left
  bool draining_ = false;
  bool captured_last_ = false;
  Sequence sealing_;     // what is captured, and to be sealed once it is stored
  CheckpointSeal seal_;  // the newest
  bool voted_ = false;   // on the last order
  Instant last_tick_;
  Reporting reporting_;
  std::size_t usual_result_bytes_ = 0;  // of the last vote
  std::string unvoted_;                 // results that nobody wants
  ReplicaOutput output_;
};

}  // namespace tally
