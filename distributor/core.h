// SPDX-License-Identifier: Apache-2.0
// The distributor: puts every request into the one total order, and decides who votes.
//
// Invariants
// - Sequence numbers and chain continue the journal's; a term is used only once it is synced (law
//   3; the shell begins it before it makes a core).
// - An order goes to replicas only after it is appended, and its ballot to the comparator only once
//   every change up to it is stable (laws 4 and 6). A view goes to anybody only once it is stable.
// - Orders are made one per sync: what waits during one sync is the next order.
// - Every queue is bounded; a full one refuses (law 21). A slow replica only falls behind its own
//   stream.
//
// The core is the conductor of parts that each hold one idea and know nothing of each other: the
// end of the order (order_chain), requests that wait for their place in it (sequencer), orders that
// wait for their decision (open_orders), how far the journal has got (journal_progress) and what it
// keeps (journal_retention), how far decisions have got (decision_progress) and what was agreed
// (agreement), who votes (membership), what each replica has been sent (replica_stream) and what
// the comparator has said (comparator_link), a state for whoever lacks one (sealing), and what
// people ask for (administration) and are told (announcements, group_condition). It is large,
// because it has to wire these parts together: what happens to one of them often moves another.
//
// Driven as protocol/turn.h says, on one thread. The shell appends `output.appends` in their order,
// before it sends anything of the same output, and reports synced(position) when a sync that began
// after that many appends succeeded.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "distributor/administration.h"
#include "distributor/agreement.h"
#include "distributor/announcements.h"
#include "distributor/comparator_link.h"
#include "distributor/decision_progress.h"
#include "distributor/group_condition.h"
#include "distributor/journal_progress.h"
#include "distributor/journal_retention.h"
#include "distributor/membership.h"
#include "distributor/open_orders.h"
#include "distributor/order_chain.h"
#include "distributor/replica_stream.h"
#include "distributor/sealing.h"
#include "distributor/sequencer.h"
#include "protocol/event.h"
#include "protocol/messages.h"

namespace tally {

struct DistributorConfig {
  MembershipConfig membership;
  Administration::Config administration;
  std::uint64_t pid = 0;
  bool wait_for_sync = true;  // durability fsync; otherwise an order is stable once appended
  Duration ack_timeout = milliseconds(250);
  std::uint32_t ack_misses = 4;
  // The journal keeps so many orders before the oldest checkpoint, so that the one before that
  // leads on too.
  std::uint64_t journal_slack_orders = 20'000;
  // Beyond, a replica that is behind holds nothing any more.
  std::uint64_t journal_bytes = 1ull << 30;
  // random: for lookup tables that clients' bytes go into.
  std::uint64_t hash_seed = 0;
  Digest key_secret;  // random: for the first order of a new group
};

using JournalRecord = std::variant<Order, JournaledView, OrderState>;

struct DistributorOutput {
  struct Delivery {  // send these orders to this replica
    ReplicaId replica;
    Sequence first;
    Sequence last;
  };
  std::vector<JournalRecord> appends;
  std::optional<std::uint64_t> sync_through;  // sync at least so many appends of this term
  std::optional<Sequence> cut_below;          // forget the orders before it
  bool term_ended = false;                    // the next one goes on from the journal (law 14)
  std::vector<Delivery> deliveries;
  std::vector<std::pair<ReplicaId, Message>> to_replicas;
  std::vector<Message> to_comparator;
  std::vector<std::pair<ClientId, Message>> to_clients;
  std::vector<Event> events;
  // Of this process; it is to strike when all else of the turn is done.
  std::optional<Fault> own_fault;
};

class DistributorCore {
 public:
  DistributorCore(DistributorConfig config, RecoveredJournal journal, CalendarTime wall, Instant now);

  // The wall clock, as of this turn.
  void observe(CalendarTime wall) { wall_ = wall; }

  void client_connected(const ClientId& client, Instant now);
  void receive(const ClientId& client, ClientRequest sent, Instant now);
  void receive(const ClientId& client, const StatusQuery& query, Instant now);
  void receive(const ClientId& client, const AdminCommand& command, Instant now);
  void replica_connected(ReplicaId replica) { send_standing(replica); }
  void receive(ReplicaId replica, const ReplicaReport& report, Instant now);
  void receive(const ComparatorReport& report, Instant now);
  void synced(std::uint64_t position, Instant now);
  // An order could not be sent; the replica's stream goes on from it later.
  void delivery_failed(ReplicaId replica, Sequence sequence);
  void observe_journal(const JournalSize& size) { retention_.observe(size); }
  // This order cannot be read. Whoever needs it is sent to another replica for its state instead,
  // and the journal is cut above it as soon as f+1 voters have checkpoints beyond it.
  void journal_damaged(Sequence sequence);
  // From now on every new request is refused, and no order is made for its own sake.
  void drain();

  void tick(Instant now);
  Instant next_deadline() const;
  DistributorOutput take_output();

  // Nothing waits for its place in the order or for its decision, and the replicas know what was
  // decided.
  bool is_drained() const { return open_.empty() && sequencer_.empty() && agreement_.is_told(); }
  // Whether this order is to be sent as voided.
  bool is_voided(Sequence sequence) const;

 private:
  Moment moment(Instant now) const { return {now, wall_}; }
  void begin_turn(Instant now);

  // Requests and orders.
  bool is_accepting(Instant now) const;
  void refuse(const ClientId& client, const Request& request, RefusalReason reason);
  RefusalReason refusal_reason() const;
  void refuse_all_waiting();
  bool takes_requests() const;
  bool may_make_order(Instant now) const;
  Duration empty_order_period() const;
  void make_order(Instant now);
  template <class Record>
  void append(const Record& record);
  void ask_for_sync();
  void close_ballots(Sequence through);
  OpenOrders::Votes votes() const;
  void expire_ballots(Instant now);
  Instant next_stall() const;

  // Replicas.
  bool flows(ReplicaId replica) const;
  bool awaits_seal(ReplicaId replica) const;
  Sequence feed_end(ReplicaId replica) const;
  void feed(ReplicaId replica, Instant now);
  void send_standing(ReplicaId replica);
  void consider_seal(Instant now);
  void consider_cut();

  // The comparator, and who votes.
  bool hears(const AdminCommand& command) const;
  void inject(const AdminCommand& command, const Fault& fault);
  void take_verdicts(const ComparatorReport& report, Instant now);
  bool take_no_majority(const ComparatorReport& report, Instant now);
  bool is_waiting_for_votes(Sequence ballot, Instant now) const;
  void let_in(Instant now);
  void consider_proofs(Instant now);
  void journal_agreed(Instant now);
  bool is_deciding() const;
  bool note(ViewChange change);
  void view_changed();
  void end_term();
  bool is_view_told() const { return progress_.is_synced(view_position_) && !is_ending_term_; }
  void tell_view();
  void send_view();

  // People.
  DistributorParts parts() const;
  void tell_trouble(Instant now);

  DistributorConfig config_;
  GroupId group_;
  OrderChain chain_;
  Sequencer sequencer_;
  OpenOrders open_;
  DecisionProgress decisions_;
  JournalProgress progress_;
  JournalRetention retention_;
  Membership membership_;
  // Of the newest view's record; nobody hears of a view before it is synced.
  std::uint64_t view_position_ = 0;
  bool is_ending_term_ = false;  // once that view is synced; this term tells nobody of it
  Agreement agreement_;
  Sealing sealing_;
  PerReplica<ReplicaStream> streams_;
  ComparatorLink comparator_;
  Administration administration_;
  GroupTrouble told_trouble_ = GroupTrouble::none;
  bool is_draining_ = false;

  CalendarTime wall_;
  Instant began_at_;
  Instant last_turn_;
  Instant planned_turn_;  // what next_deadline() said then
  Instant next_beat_;     // of standings and view
  Instant next_empty_;    // order without requests
  DistributorOutput output_;
};

}  // namespace tally
