// SPDX-License-Identifier: Apache-2.0
// The distributor's sockets, journal and clock around its core. One event-loop thread, which also
// syncs the journal (journal_syncer.h), and one that keeps it short and whole (journal_upkeep.h).
// It has a field for each thing that it owns, which are many.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "distributor/core.h"
#include "distributor/gathering.h"
#include "distributor/journal_syncer.h"
#include "distributor/journal_upkeep.h"
#include "distributor/recent_orders.h"
#include "journal/journal.h"
#include "runtime/channel.h"
#include "runtime/config.h"
#include "runtime/daemon.h"
#include "runtime/doors.h"
#include "runtime/heartbeat.h"
#include "runtime/waiter.h"

namespace tally {

class DistributorShell {
 public:
  DistributorShell(const Config& config, std::unique_ptr<Journal> journal);

  // Ends with a stop that was asked for; or with the term, when all roll back (law 14), and then
  // the caller opens the journal again and goes on with another shell.
  enum class End { stopped, term_ended };
  End run();

 private:
  // A replica's endpoint; its peer is whoever sent the newest valid report there.
  struct ReplicaLink {
    Channel channel;
    std::string peer;
  };

  void gather(Instant now);
  void begin_term();
  void lead_term(RecoveredJournal journal);
  Instant lead(Instant now);
  void receive_all(DistributorCore& core, Instant now);
  // From its peers. Core: the core, or what comes before it.
  template <class Core>
  void receive_messages(Core& core, Instant now);
  template <class Core>
  void receive_from_clients(Core& core, Door& door, Instant now);
  template <class Core>
  void receive_from_comparator(Core& core, Instant now);
  template <class Core>
  void receive_from_replica(Core& core, ReplicaId replica, ReplicaLink& link, Instant now);
  void carry_out(DistributorOutput output);
  void append(JournalRecord record);
  void append(Order order);
  void deliver(const DistributorOutput::Delivery& delivery);
  SendResult deliver_one(ReplicaLink& link, Sequence sequence);
  void run_completions();
  bool finished();

  Config config_;
  std::unique_ptr<Journal> journal_;
  zmq::context_t context_;
  Doors doors_;
  Channel comparator_;
  std::string comparator_peer_;
  PerReplica<ReplicaLink> replicas_;
  RecentOrders recent_;
  JournalSyncer syncer_;
  JournalUpkeep upkeep_;

  StopSignals stop_;
  Heartbeat heartbeat_;
  Waiter waiter_;
  std::optional<Instant> stop_by_;         // a stop was asked for
  std::optional<Gathering> gathering_;     // until the term has begun,
  bool beginning_ = false;                 // it does, in the background
  std::unique_ptr<DistributorCore> core_;  // from then on
  bool term_ended_ = false;                // says the core
};

}  // namespace tally
