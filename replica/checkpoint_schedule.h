// SPDX-License-Identifier: Apache-2.0
// When a replica captures its state, and when what it captured may go to its store.
//
// A capture waits until it is known to be right as far as anybody can tell:
// - stable, on a chain that the standing's own term has confirmed: only stable orders reach a checkpoint;
// - agreed: it, or one after it, was decided, and the replica is a voter nevertheless. A state that dissents is evicted
//   instead of overwriting the good checkpoint that it must roll back to. What the distributor tells of this it has
//   journaled, so that a group that found no majority can be asked to reproduce a state that no checkpoint is beyond.
//
// The captures are staggered over the replicas, so that their cost is masked like any slow replica. One at a time. What
// a failed commit brought stays here and joins the next capture, so that the store never misses a change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/messages.h"
#include "replica/checkpoint.h"

namespace tally {

class CheckpointSchedule {
 public:
  struct Config {
    ReplicaId id;
    std::uint64_t every = 1;  // orders
    std::uint32_t replicas = 1;
    std::size_t early_changes = 0;  // capture earlier when so many entries changed,
    std::uint64_t early_bytes = 0;  // or the orders since the last capture take so many bytes of the journal, which
                                    // cannot be cut without
  };
  explicit CheckpointSchedule(const Config& config);

  // Nothing that was captured waits, or is being committed.
  bool is_free() const { return !waiting_ && !committing_; }
  // An order of about so many bytes was executed.
  void executed(std::uint64_t bytes) { bytes_ += bytes; }
  bool due(Sequence applied, std::size_t changes) const;
  // Whether it is some replica's turn by the number of orders.
  bool is_anybodys(Sequence applied) const;
  void captured(CheckpointDelta delta);
  // The waiting capture, once it may be committed. `applied` is what the replica's chain leads to now.
  std::optional<CheckpointDelta> release(const ReplicaStanding& standing, const OrderIdentity& applied);

  // The next capture is due at once.
  void hurry() { due_at_once_ = true; }

  bool committing() const { return committing_; }
  void committed() { committing_ = false; }
  // `lost` was not stored. False: too much is missing by now, the next capture must be full.
  bool failed(CheckpointDelta lost);
  // Nobody judges the vote on what waits any more: it goes with the next capture. False: as with failed().
  bool withdraw();
  // The store needs everything anew; the next capture is full, and due at once.
  void start_over();
  // The state is gone, and with it what was captured of it.
  void drop();

 private:
  bool is_turn_of(std::uint64_t replica, Sequence applied) const;

  Config config_;
  std::uint64_t bytes_ = 0;  // of the orders since the last capture
  std::optional<CheckpointDelta> waiting_;
  bool committing_ = false;
  bool due_at_once_ = false;
  std::optional<CheckpointDelta> lost_;  // changes that the store lacks, older than any capture to come
};

}  // namespace tally
