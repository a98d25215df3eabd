// SPDX-License-Identifier: Apache-2.0
// How a replica takes checkpoints of its running state: from the first step of a capture until the
// checkpoint is committed to the store.
//
// A large capture goes in steps, one with each order and some in between, so that no order waits
// for it. Each step captures more entries than the last order changed, so the capture comes to an
// end. Which orders are captured, and when a capture may go to the store, is said by
// replica/checkpoint_schedule.h.
//
// For a seal all replicas have to end their captures after the same order (distributor/sealing.h).
// So when the standing asks for one, a capture is begun and, when little of it is left, kept open
// until that order comes. What changes meanwhile is captured again and again, so it is not kept
// open for ever.
//
// Invariants: one capture at a time, and none while the one before waits or is being committed.
// What could not be committed joins the next capture, or makes the next one full, so that the store
// never misses a change.
//
// Pure, one thread, driven by the core. The state is handed in, and is always the same one between
// begin() and drop().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/messages.h"
#include "replica/checkpoint.h"
#include "replica/checkpoint_schedule.h"
#include "replica/state.h"

namespace tally {

class Capturing {
 public:
  static constexpr std::size_t entries_per_step = 4096;
  // Between two steps when no order comes.
  static constexpr Duration pause = milliseconds(2);
  // So many changes a capture may bring while it is kept open.
  static constexpr std::size_t kept_open_changes = 2'000'000;

  explicit Capturing(const CheckpointSchedule::Config& config) : schedule_(config) {}

  // The state is loaded from this checkpoint; zero: it is empty.
  void begin(Sequence stored);
  // The state is gone, and with it what was captured of it and is not committed.
  void drop();

  // ---- while orders are executed

  // An order of about so many bytes was executed.
  void executed(std::uint64_t bytes) { schedule_.executed(bytes); }
  // Whether a checkpoint of any replica is due after this order.
  bool is_due_anywhere(Sequence applied) const { return schedule_.is_anybodys(applied); }
  // A checkpoint is due at once, whatever the number of orders.
  void hurry() { schedule_.hurry(); }

  struct Step {
    bool is_ready_now = false;  // for the order that is sealed, for the first time: to be reported
    bool may_end = false;       // finish() it with the state as it is now
  };
  // Begins a capture if one is due, and goes on with one that is under way. `changed`: how many
  // entries the last order changed; `seals`: the state after it is sealed. Precondition: this
  // replica has voted on `applied`, so that what is captured is compared with the others.
  Step step(State& state, const ReplicaStanding& standing, Sequence applied, std::size_t changed, bool seals);
  // Steps are to be made although no order comes.
  bool has_steps_left() const { return is_capturing_ && !is_ready_; }
  // It is kept open for a seal, and little of it is left.
  bool is_ready() const { return is_ready_; }
  // The state as it is now, after header.applied.
  void finish(State& state, const CheckpointHeader& header);

  // ---- what was captured

  // What may be committed now.
  std::optional<CheckpointDelta> release(const ReplicaStanding& standing, const OrderIdentity& applied);
  // The vote on what waits to be committed is not compared any more: it goes with the next capture.
  void withdraw(State& state);
  bool is_committing() const { return schedule_.committing(); }
  void committed(Sequence applied);
  // Precondition: is_committing().
  void failed(CheckpointDelta lost, CommitFailure failure, State& state);

  Sequence stored() const { return stored_; }  // the newest in the store
  void set_stored(Sequence newest) { stored_ = newest; }

  // ---- the end of the process

  // It is to end, after a last checkpoint if that can be had at once.
  void drain() { is_draining_ = true; }
  // It is time to take the last checkpoint; true once.
  bool takes_last();
  // There is no state to take one of.
  void skip_last() { last_was_taken_ = is_draining_; }
  bool is_drained() const { return last_was_taken_ && !is_committing(); }

 private:
  CheckpointSchedule schedule_;
  bool is_capturing_ = false;
  bool is_ready_ = false;
  Sequence stored_;
  bool is_draining_ = false;
  bool last_was_taken_ = false;
};

}  // namespace tally
