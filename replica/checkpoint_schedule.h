// SPDX-License-Identifier: Apache-2.0
// When a replica captures its state, and when what it captured may go to its store.
//
// A capture waits until it is right, as far as anybody can tell. It has to be
// - stable, on a chain that the term of the standing has confirmed: only stable orders reach a
//   checkpoint;
// - agreed: its order, or a later one, was decided, and the replica is a voter nevertheless. A
//   replica whose state dissents is evicted before it can overwrite the good checkpoint that it
//   must roll back to. What the distributor tells of this it has journaled; so a group that found
//   no majority can be asked to reproduce a state that no checkpoint is beyond.
//
// The captures are staggered over the replicas, so that the cost of one is masked like any slow
// replica. There is one capture at a time. What a commit could not write stays here and joins the
// next capture, so that the store never misses a change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/messages.h"
#include "replica/checkpoint.h"

namespace tally {

class CheckpointSchedule {
 public:
  struct Config {
    ReplicaId id;
    std::uint64_t every = 1;  // orders
    std::uint32_t replicas = 1;
    // Capture earlier when so many entries changed, or when the orders since the last capture take
    // so many bytes of the journal, which cannot be cut without a checkpoint.
    std::size_t early_changes = 0;
    std::uint64_t early_bytes = 0;
  };
  explicit CheckpointSchedule(const Config& config);

  // Nothing that was captured waits or is being committed.
  bool is_free() const { return !waiting_ && !committing_; }
  // An order of about so many bytes was executed.
  void executed(std::uint64_t bytes) { bytes_ += bytes; }
  bool due(Sequence applied, std::size_t changes) const;
  // Whether it is the turn of any replica by the number of orders.
  bool is_anybodys(Sequence applied) const;
  void captured(CheckpointDelta delta);
  // The capture that waits, once it may be committed. `applied`: the last order of this replica's
  // chain now.
  std::optional<CheckpointDelta> release(const ReplicaStanding& standing, const OrderIdentity& applied);

  // The next capture is due at once.
  void hurry() { due_at_once_ = true; }

  bool committing() const { return committing_; }
  void committed() { committing_ = false; }
  // `lost` was not stored. False: too much is missing by now, and the next capture must be full.
  bool failed(CheckpointDelta lost);
  // The vote on what waits is not compared any more, so it goes with the next capture. False: as
  // with failed().
  bool withdraw();
  // The store needs everything anew: the next capture is full, and due at once.
  void start_over();
  // The state is gone, and with it what was captured of it.
  void drop();

 private:
  bool is_turn_of(ReplicaId replica, Sequence applied) const;

  Config config_;
  std::uint64_t bytes_ = 0;  // of the orders since the last capture
  std::optional<CheckpointDelta> waiting_;
  bool committing_ = false;
  bool due_at_once_ = false;
  std::optional<CheckpointDelta> lost_;  // older than any capture to come, and not in the store
};

}  // namespace tally
