// SPDX-License-Identifier: Apache-2.0
// The distributor's sockets, journal and clock around its core. One event-loop thread, which also
// syncs the journal, and one that keeps it short and whole.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "distributor/core.h"
#include "distributor/gathering.h"
#include "journal/journal.h"
#include "runtime/background.h"
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
  // The newest orders, encoded, for replicas that are not far behind.
  struct RecentOrder {
    Sequence sequence;
    SharedMessage message;
    std::size_t bytes;
  };
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
  void deliver(const DistributorOutput::Delivery& delivery);
  SendResult deliver_one(ReplicaLink& link, Sequence sequence);
  void keep_house(Instant now);
  void prepare_journal(Instant now);
  void sync();
  void run_completions();
  void became_stable(std::uint64_t position, const OrderIdentity& last);
  bool finished();

  Config config_;
  std::unique_ptr<Journal> journal_;
  zmq::context_t context_;
  Doors doors_;
  Channel comparator_;
  std::string comparator_peer_;
  PerReplica<ReplicaLink> replicas_;
  std::deque<RecentOrder> recent_;
  std::size_t recent_bytes_ = 0;

  OrderIdentity last_appended_;
  std::uint64_t appended_ = 0;
  std::uint64_t sync_wanted_ = 0;
  bool syncing_ = false;      // on another thread
  bool disk_is_slow_ = true;  // at the last sync; nothing is known of it before the first
  std::uint64_t synced_ = 0;  // not yet told to the core: see synced_news_
  bool synced_news_ = false;

  bool term_ended_ = false;   // says the core
  Sequence scrub_place_;      // of the journal's scrub
  Instant next_housework_;    // never: it is being done
  Instant next_preparation_;  // of disk for the journal; never: it is being done

  StopSignals stop_;
  Heartbeat heartbeat_;
  Waiter waiter_;
  Instant stop_by_ = Instant::never();
  std::optional<Gathering> gathering_;     // until the term has begun,
  bool beginning_ = false;                 // it does, in the background
  std::unique_ptr<DistributorCore> core_;  // from then on
  Background syncer_;                      // last, both: their threads use the journal
  Background background_;                  // for what no answer waits for
};

}  // namespace tally
