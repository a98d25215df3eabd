// SPDX-License-Identifier: Apache-2.0
// A replica's sockets, checkpoints and clock around its core, and the faults that are injected into it.
// One event-loop thread, and one for checkpoints. shell_repair.cc has what it does for its own and others' repair.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "replica/core.h"
#include "replica/donor.h"
#include "replica/faults.h"
#include "replica/store_thread.h"
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

  // Until a stop is asked for. The exit code.
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
  void receive_requests(Instant now);
  void answer(const std::string& peer, const StateRequest& request, Instant now);
  void receive_chunks(Instant now);
  void ask(ReplicaId donor, const StateRequest& request);
  void import(ImportStep step);
  void end_transfers(Instant now);
  void seal(Sequence checkpoint);
  void scrub_checkpoints(Instant now);

  Config config_;
  zmq::context_t context_;
  Channel distributor_;
  Channel comparator_;
  Silence distributor_silence_;                           // it tells where this replica stands, several times a second
  Silence comparator_silence_;                            // it says nothing, and takes votes
  Channel peers_;                                         // that ask for state
  std::map<ReplicaId, std::unique_ptr<Channel>> donors_;  // that were asked for it, until there is no import
  ReplicaCore core_;
  Donor donor_;
  FaultInjector faults_;
  bool flip_wanted_ = false;
  std::deque<DelayedVote> delayed_;  // slow
  Instant next_scrub_;
  bool scrubbing_ = false;
  StopSignals stop_;
  Heartbeat heartbeat_;
  Instant stop_by_ = Instant::never();
  Waiter waiter_;
  StoreThread store_;
};

}  // namespace tally
