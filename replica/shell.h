// SPDX-License-Identifier: Apache-2.0
// A replica's process around its core: it moves messages between the sockets and the core, carries
// out what the core puts out, and injects the faults that it is told to. Checkpoints are written
// and read by another thread (replica/store_thread.h); the states that replicas give one another
// are moved by replica/transfers.h.
//
// One event-loop thread. It has a field for each thing that it owns, which are many.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "replica/core.h"
#include "replica/faults.h"
#include "replica/store_thread.h"
#include "replica/transfers.h"
#include "runtime/channel.h"
#include "runtime/config.h"
#include "runtime/daemon.h"
#include "runtime/heartbeat.h"
#include "runtime/silence.h"
#include "runtime/waiter.h"

namespace tally {

class ReplicaShell {
 public:
  ReplicaShell(const Config& config, ReplicaId id, std::unique_ptr<CheckpointPair> checkpoints,
               ReplicaDirectory directory);

  // Runs until a stop is asked for. Returns the exit code.
  int run();

 private:
  struct DelayedVote {
    Instant due;
    Vote vote;
  };

  bool finished();
  Instant next_deadline() const;
  void receive_all(Instant now);
  void receive(Message& message, Instant now);
  void inject(const Fault& fault, Instant now);
  bool carry_out(ReplicaOutput output, Instant now);
  void cast(Vote vote, Instant now);
  void send_vote(Vote vote, Instant now);
  void look_after_links(Instant now);
  void cast_delayed(Instant now);
  void commit(CheckpointDelta delta, Instant now);

  void load(const LoadWish& wish);
  void loaded(StoreThread::Loaded loaded, Instant now);
  void import(ImportStep step);
  void seal(Sequence checkpoint);
  void scrub_checkpoints(Instant now);

  Config config_;
  zmq::context_t context_;
  Channel distributor_;
  Channel comparator_;
  Silence distributor_silence_;  // it tells where this replica stands, several times a second
  Silence comparator_silence_;   // it says nothing, and takes votes
  ReplicaCore core_;
  FaultInjector faults_;
  bool flip_wanted_ = false;
  std::deque<DelayedVote> delayed_;  // by the fault `slow`
  Instant next_scrub_;
  bool scrubbing_ = false;
  StopSignals stop_;
  Heartbeat heartbeat_;
  std::optional<Instant> stop_by_;  // a stop was asked for
  Waiter waiter_;
  StoreThread store_;
  Transfers transfers_;  // last: it uses the others
};

}  // namespace tally
