// SPDX-License-Identifier: Apache-2.0
// The comparator's sockets, audit log and clock around its core. One thread runs the event loop,
// and another one writes the audit log.
#pragma once

#include <vector>

#include "comparator/audit_log.h"
#include "comparator/core.h"
#include "runtime/background.h"
#include "runtime/channel.h"
#include "runtime/config.h"
#include "runtime/daemon.h"
#include "runtime/doors.h"
#include "runtime/heartbeat.h"
#include "runtime/silence.h"
#include "runtime/waiter.h"

namespace tally {

class ComparatorShell {
 public:
  ComparatorShell(const Config& config, AuditLog audit_log);

  // Returns when a stop was asked for.
  void run();

 private:
  // Whatever comes by a replica's endpoint is that replica's (law 9).
  struct ReplicaLink {
    ReplicaId id;
    Channel channel;
  };

  void receive_all(Instant now);
  void receive_from_distributor(Instant now);
  void receive_from_replica(ReplicaLink& link, Instant now);
  void receive_from_clients(Door& door, Instant now);
  void carry_out(ComparatorOutput output);
  void inject(const Fault& fault);
  void answer(std::vector<Observer> observers, const Observation& observation);
  void write_audit(std::vector<AuditRecord> records);

  zmq::context_t context_;
  Doors doors_;
  Channel distributor_;
  Silence distributor_silence_;
  std::vector<ReplicaLink> replicas_;
  AuditLog audit_log_;    // is used by the background thread alone
  AuditTail audit_tail_;  // the newest records that are on disk
  Incarnation incarnation_;
  bool takes_faults_;
  Fault own_fault_;  // strikes at the end of the turn; none: there is none
  ComparatorCore core_;
  StopSignals stop_;
  Heartbeat heartbeat_;
  Waiter waiter_;
  Background background_;  // stands last, so that its thread ends before the audit log does
};

}  // namespace tally
