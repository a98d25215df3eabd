// SPDX-License-Identifier: Apache-2.0
// The distributor's shell in the simulation: its core, its journal and its sockets
// (distributor/shell.cc).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "distributor/core.h"
#include "distributor/gathering.h"
#include "simulation/node.h"
#include "simulation/simulated_journal.h"
#include "simulation/world.h"

namespace tally::simulation {

class DistributorNode : public Node {
 public:
  explicit DistributorNode(World& world);

  // The channels at which the links end. All clients share one socket.
  static constexpr std::size_t comparator_channel = 0;
  static std::size_t replica_channel(ReplicaId replica) { return replica.value; }
  std::size_t client_channel() const;
  void add_comparator(Link& link) { comparator_ = &link; }
  void add_replica(Link& link) { replicas_.push_back({&link, 0}); }
  void add_client(const std::string& name, Link& link) { clients_.emplace(name, &link); }

  void lose_power();
  // Loses at most so many orders from the journal's end, and only what no sync has covered.
  void lose_power(std::uint64_t orders);
  // The next sync takes so much longer, or it fails and ends the process.
  void stall(Duration duration) { stall_ = duration; }
  bool stalled() const { return stall_ != Duration{} || stalled_until_ > world_.agenda.now(); }
  void fail_next_sync() { sync_fails_ = true; }
  void damage_journal(Sequence sequence) { journal_.damage(sequence); }
  // The journal is copied; the copy is put in the journal's place; and the newest one is put back.
  // Each exchange ends the process and starts another one.
  void copy_journal() { copy_ = journal_; }
  bool has_copy() const { return copy_.has_value(); }
  Sequence copied_through() const { return copy_->found().last.sequence; }
  void put_copy(Duration pause);
  void put_newest_back();
  bool has_older_journal() const { return newest_.has_value(); }
  // Lifts the bound on the journal's size. Under the bound, the journal may become so short that it
  // does not reach back to any state that a replica could import.
  void give_room() { has_room_ = true; }
  void jump_wall_clock(std::int64_t milliseconds) { wall_offset_ms_ += milliseconds; }

  // What an operator sees and does, without a network in between.
  const ClusterStatus& status() const { return status_; }
  void ask_for_status() { ask(StatusQuery{}); }
  void evict(ReplicaId replica) { command(AdminAction::evict, replica); }
  void readmit(ReplicaId replica) { command(AdminAction::readmit, replica); }
  void resume() { command(AdminAction::resume, {}); }  // ends the halt of a group

 private:
  struct ReplicaLink {
    Link* link;
    // The process from which the newest valid report came; 0: none has come yet.
    std::uint64_t peer;
  };

  void begin() override;
  void end() override;
  Instant turn() override;
  void gather(Instant now);
  void begin_term(Instant now);
  void receive_all(DistributorCore& core, Instant now);
  // `Core` is the distributor's core, or the gathering that comes before a term.
  template <class Core>
  void receive_messages(Core& core, Instant now);
  template <class Core>
  void receive_from_client(Core& core, const Arrival& arrival, Instant now);
  void carry_out(DistributorOutput output);
  void send_to_client(const ClientId& client, const Message& message);
  void append(const JournalRecord& record);
  void deliver(const DistributorOutput::Delivery& delivery);
  void start_sync();
  void scrub_journal();
  void ask(Message question);
  void command(AdminAction action, ReplicaId replica);
  CalendarTime wall_clock() const;

  SimulatedJournal journal_;
  std::optional<SimulatedJournal> copy_;    // a copy that was made earlier
  std::optional<SimulatedJournal> newest_;  // the newest journal, while a copy is in its place
  Link* comparator_ = nullptr;
  std::vector<ReplicaLink> replicas_;
  std::map<std::string, Link*> clients_;
  std::int64_t wall_offset_ms_ = 0;
  Duration stall_;
  Instant stalled_until_;
  bool sync_fails_ = false;
  bool has_room_ = false;
  ClusterStatus status_;

  // These belong to the present process.
  std::optional<Gathering> gathering_;     // until the term begins
  std::unique_ptr<DistributorCore> core_;  // once the term has begun
  std::uint64_t comparator_peer_ = 0;
  OrderIdentity last_appended_;
  std::uint64_t sync_wanted_ = 0;
  std::uint64_t synced_ = 0;
  bool syncing_ = false;
  bool synced_news_ = false;
  std::vector<Message> questions_;
};

}  // namespace tally::simulation
