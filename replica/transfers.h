// SPDX-License-Identifier: Apache-2.0
// States on their way between replicas: from here to those that import one, and from donors to
// here.
//
// Whoever asks is served as replica/donor.h says, from checkpoints that the store thread reads.
// Donors are asked by the core's import (replica/import.h); there is a connection to each one that
// was asked, until the import is over.
//
// A part of the shell: it owns the sockets for this and acts on the event loop's thread. What it is
// handed outlives it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "replica/core.h"
#include "replica/donor.h"
#include "replica/store_thread.h"
#include "runtime/channel.h"
#include "runtime/config.h"
#include "runtime/waiter.h"

namespace tally {

class Transfers {
 public:
  Transfers(const Config& config, ReplicaId id, zmq::context_t& context, Waiter& waiter, StoreThread& store,
            ReplicaCore& core);

  // Everything that has come. A replica that hangs reads what it is asked, and does not answer.
  void receive(bool hangs, Instant now);
  void ask(ReplicaId donor, const StateRequest& request);
  // Lets go of the checkpoints of transfers that ended.
  void tick(Instant now);
  Instant next_deadline() const { return donor_.next_deadline(); }

 private:
  void receive_requests(bool hangs, Instant now);
  void answer(const std::string& peer, const StateRequest& request, Instant now);
  void receive_chunks(Instant now);

  const Config& config_;
  zmq::context_t& context_;
  Waiter& waiter_;
  StoreThread& store_;
  ReplicaCore& core_;
  Channel peers_;  // that ask for a state
  Donor donor_;
  std::map<ReplicaId, std::unique_ptr<Channel>> donors_;  // that were asked for one
};

}  // namespace tally
