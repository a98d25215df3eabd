// SPDX-License-Identifier: Apache-2.0
// A replica: executes the orders of the distributor one after the other, votes on each, and takes checkpoints.
//
// Invariants
// - Order n is applied only after n-1, once, and only if its predecessor chain is this replica's own (law 1).
// - What was executed and then lost by the journal is rolled back (law 2); a damaged or outdated message is as good as
//   lost (laws 2 and 3).
// - A checkpoint is committed only of orders that are stable and decided (architecture.md, section 4).
// - Before it knows its standing it applies nothing.
//
// Loading. output.load_checkpoint asks the shell to read its newest checkpoint:
//
//   auto state = core.fresh_state();
//   for each entry of the store: state->restore(key, value), as it is read; nothing holds all entries twice
//   core.restored(header, std::move(state), now);
//   or, when there is none or it is unreadable: core.nothing_to_restore(now)
//
// The state may be filled on another thread. Until the core is told, it holds no state, takes no order and reports
// nothing. A commit that is under way is finished, and its outcome told, before the store is read.
//
// Driven as protocol/turn.h says, on one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "replica/checkpoint.h"
#include "replica/checkpoint_schedule.h"
#include "replica/reporting.h"
#include "replica/state.h"

namespace tally {

struct ReplicaConfig {
  ReplicaId id;
  Incarnation incarnation;  // random; also seeds the lookup tables
  std::uint64_t pid = 0;
  std::string store;  // the checkpoint store's name, for people
  std::uint64_t checkpoint_orders = 10'000;
  std::uint32_t replicas = 3;
  std::size_t early_checkpoint_changes = 1'000'000;  // capture earlier when so many entries changed
  StateLimits limits;
};

struct ReplicaOutput {
  std::vector<Vote> votes;                    // to the comparator
  std::optional<ReplicaReport> report;        // to the distributor
  std::optional<CheckpointDelta> checkpoint;  // commit it, then say checkpoint_committed or checkpoint_failed
  bool load_checkpoint = false;               // see above
  std::vector<Event> events;
  std::optional<std::string> fatal;  // an operator's error: say so, and exit
};

class ReplicaCore {
 public:
  ReplicaCore(ReplicaConfig config, OperationDecoder decode);

  void receive(const Order& order, Instant now);
  void receive(const ReplicaStanding& standing, Instant now);
  // The connection to the distributor is new.
  void connected(Instant now);

  void checkpoint_committed(Sequence applied);
  // `lost` is the delta that was to be committed; its changes join a later one.
  void checkpoint_failed(CheckpointDelta lost, CommitFailure failure);

  std::unique_ptr<State> fresh_state() const;
  void restored(const CheckpointHeader& header, std::unique_ptr<State> state, Instant now);
  void nothing_to_restore(Instant now);

  void tick(Instant now);
  Instant next_deadline() const;
  ReplicaOutput take_output();

  // ---- for metrics, people and faults

  const OrderIdentity& applied() const { return applied_; }
  Sequence checkpoint() const { return checkpoint_; }
  Recovery recovery() const { return recovery_; }
  bool loading() const { return state_ == nullptr; }
  // None while loading.
  const State* state() const { return state_.get(); }
  // Recomputes the state digest from the data and adopts it; looks at every entry, so it takes a while. False: this
  // replica's memory is wrong, and its next vote will say so (law 10).
  bool scrub();
  // Fault injection: wrong-state. False: there is no counter to flip.
  bool flip_stored_counter();

 private:
  enum class Judgement {
    next,      // to be applied
    repeated,  // applied already, or of a term that is gone: ignored
    ahead,     // something between is missing
    fork,      // this replica executed what the journal does not have
  };

  bool executing() const;
  Judgement judge(const Order& order) const;
  void apply(const Order& order, Instant now);
  void stop(const Order& order);
  void capture_if_due();
  bool knows_group(const ReplicaStanding& standing);
  bool is_outdated(const ReplicaStanding& standing) const;
  bool is_ahead_of_journal() const;
  void settle(bool new_term, Instant now);
  void begin(std::unique_ptr<State> state, const CheckpointHeader& header, Instant now);
  void roll_back(std::string_view reason, Instant now);
  void start_empty(Instant now);
  ReplicaReport report(bool resend) const;
  Event& note(std::string_view name, Severity severity = Severity::info);
  void fail(std::string message);

  ReplicaConfig config_;
  OperationDecoder decode_;

  std::unique_ptr<State> state_;  // none while loading
  OrderIdentity applied_;         // the last order in it
  OrderIdentity base_;            // where it began: a checkpoint's last order, or nothing
  CalendarTime calendar_;         // of the last order
  Sequence checkpoint_;           // the newest in the store

  GroupId group_;
  Recovery recovery_;
  bool taking_over_ = true;  // the state is fresh from a checkpoint: whatever recovery is asked for has been done
  std::optional<ReplicaStanding> standing_;
  bool stopped_ = false;  // met an order that it does not understand
  bool failed_ = false;   // said `fatal`

  CheckpointSchedule schedule_;
  Reporting reporting_;
  std::size_t usual_result_bytes_ = 0;  // of the last vote
  std::string unvoted_;                 // results that nobody wants
  ReplicaOutput output_;
};

}  // namespace tally
