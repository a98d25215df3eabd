// SPDX-License-Identifier: Apache-2.0
// A replica's sockets, checkpoint store and clock around its core, and the faults that are injected into it.
// One event-loop thread, and one for checkpoint commits.
#pragma once

#include <deque>
#include <memory>

#include "replica/core.h"
#include "replica/faults.h"
#include "replica/store.h"
#include "runtime/background.h"
#include "runtime/channel.h"
#include "runtime/config.h"
#include "runtime/daemon.h"
#include "runtime/waiter.h"

namespace tally {

class ReplicaShell {
 public:
  ReplicaShell(const Config& config, ReplicaId id, std::unique_ptr<CheckpointStore> store);

  // Until a stop is asked for. The exit code.
  int run();

 private:
  struct DelayedVote {
    Instant due;
    Vote vote;
  };

  void receive_all(Instant now);
  void receive(Message& message, Instant now);
  void inject(const Fault& fault, Instant now);
  bool carry_out(ReplicaOutput output, Instant now);
  void cast(Vote vote, Instant now);
  void cast_delayed(Instant now);
  void load_checkpoint(Instant now);
  void commit(CheckpointDelta delta, Instant now);

  Config config_;
  zmq::context_t context_;
  Channel distributor_;
  Channel comparator_;
  std::unique_ptr<CheckpointStore> store_;
  ReplicaCore core_;
  FaultInjector faults_;
  bool flip_wanted_ = false;
  std::deque<DelayedVote> delayed_;  // slow
  bool committing_ = false;
  bool load_wanted_ = false;
  StopSignals stop_;
  Waiter waiter_;
  Background background_;  // last: its thread uses the store
};

}  // namespace tally
