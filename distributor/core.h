// SPDX-License-Identifier: Apache-2.0
// The distributor: puts every request into the one total order, and decides who votes.
//
// Invariants
// - Sequence numbers and chain continue the journal's; a term is used only once it is synced (law 3; the shell begins
//   it before it makes a core).
// - An order goes to replicas only after it is appended, and its ballot to the comparator only once every change up to
//   it is stable (laws 4 and 6). A view goes to anybody only once it is stable.
// - Orders are made one a sync: what waits during one sync is the next order.
// - Every queue is bounded; a full one refuses (law 21). A slow replica only falls behind its own stream.
//
// Driven as protocol/turn.h says, on one thread. The shell appends `output.appends` in their order, before it sends
// anything of the same output, and reports synced(position) when a sync that began after that many appends succeeded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "distributor/journal_progress.h"
#include "distributor/membership.h"
#include "distributor/open_orders.h"
#include "distributor/replica_stream.h"
#include "distributor/sealing.h"
#include "distributor/sequencer.h"
#include "protocol/event.h"
#include "protocol/messages.h"

namespace tally {

struct DistributorConfig {
  MembershipConfig membership;
  Incarnation incarnation;
  std::uint64_t pid = 0;
  bool wait_for_sync = true;  // durability fsync; otherwise an order is stable once appended
  bool fault_injection = false;
  std::string admin_token;  // empty: no admin command is accepted
  Duration ack_timeout = milliseconds(250);
  std::uint32_t ack_misses = 4;
  // The journal keeps so many orders before the oldest checkpoint, so that the one before that leads on too.
  std::uint64_t journal_slack_orders = 20'000;
  std::uint64_t journal_bytes = 1ull << 30;  // beyond, a replica that is behind pins nothing any more
  std::uint64_t hash_seed = 0;               // random: for lookup tables that clients' bytes go into
  Digest key_secret;                         // random: for the first order of a new group
};

using JournalRecord = std::variant<Order, JournaledView, OrderState>;

struct DistributorOutput {
  struct Delivery {  // send these orders to this replica
    ReplicaId replica;
    Sequence first;
    Sequence last;
  };
  std::vector<JournalRecord> appends;
  std::optional<std::uint64_t> sync_through;  // sync at least so many appends of this process
  std::optional<Sequence> cut_below;          // forget the orders before it
  bool new_term = false;                      // end this process; the next one goes on from the journal (law 14)
  std::vector<Delivery> deliveries;
  std::vector<std::pair<ReplicaId, Message>> to_replicas;
  std::vector<Message> to_comparator;
  std::vector<std::pair<ClientId, Message>> to_clients;
  std::vector<Event> events;
};

class DistributorCore {
 public:
  DistributorCore(DistributorConfig config, RecoveredJournal journal, CalendarTime calendar, Instant now);

  // The wall clock, as of this turn.
  void observe(CalendarTime calendar) { wall_ = calendar; }

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
  void observe_journal(const JournalSize& size) { journal_ = size; }
  // This order cannot be read. Whoever needs it is sent to another replica for its state instead, and the journal is
  // cut above it as soon as f+1 voters have checkpoints beyond it.
  void journal_damaged(Sequence sequence);
  // From now on every new request is refused, and no order is made for its own sake.
  void drain();

  void tick(Instant now);
  Instant next_deadline() const;
  DistributorOutput take_output();

  // Nothing waits for its place in the order or for its decision, and the replicas know what was decided.
  bool is_drained() const {
    return open_.empty() && sequencer_.empty() && agreed_told_.order.sequence >= agreed_.order.sequence;
  }
  // Whether this order is to be sent as voided.
  bool is_voided(Sequence sequence) const;
  Sequence journal_first() const { return journal_first_; }

 private:
  bool is_replica(ReplicaId replica) const { return replica.value >= 1 && replica.value <= streams_.size(); }
  ReplicaStream& stream_of(ReplicaId replica) { return streams_.at(replica.value - 1); }
  const ReplicaStream& stream_of(ReplicaId replica) const { return streams_.at(replica.value - 1); }

  void refuse(const ClientId& client, const Request& request, RefusalReason reason);
  void make_order(Instant now);
  bool may_make_order(Instant now) const;
  bool order_is_due(Instant now) const;
  bool takes_requests() const;
  Duration empty_order_period() const;
  void append(JournalRecord record);
  void close_ballots(Sequence through);
  Sequence feed_end(ReplicaId replica) const;
  void feed(ReplicaId replica, Instant now);
  void feed_all(Instant now);
  OpenOrders::Votes votes() const;
  void expire_ballots(Instant now);
  void send_standing(ReplicaId replica);
  void send_view();
  void beat(Instant now);
  void view_changed();
  void tell_view();
  bool view_told() const { return progress_.is_synced(view_position_) && !new_term_wanted_; }
  bool lacks_state(const ReplicaReport& report) const;
  bool flows(ReplicaId replica) const;
  void take_verdicts(const ComparatorReport& report);
  bool take_succession(const ComparatorReport& report);
  void let_in(Instant now);
  bool may_join(ReplicaId replica, Sequence ballot) const;
  bool is_waiting_for_votes(Sequence ballot, Instant now) const;
  void take_agreed(const ComparatorReport& report);
  void journal_agreed(Instant now);
  bool take_no_majority(const ComparatorReport& report, Instant now);
  void begin_new_term();
  void consider_proofs(Instant now);
  void consider_seal(Instant now);
  bool awaits_seal(ReplicaId replica) const;
  Sequence safe_cut() const;
  Sequence wanted_cut() const;
  void consider_cut();
  AdminReply carry_out(const AdminCommand& command);
  AdminReply carry_out_fault(const AdminCommand& command);
  AdminReply carry_out_resume(const AdminCommand& command);
  const char* refusal_to_void(Sequence sequence) const;
  bool comparator_present(Instant now) const;
  bool accepting(Instant now) const;
  bool is_deciding() const {
    return membership_.record().rollback.stage == GroupRollback::Stage::none && !new_term_wanted_;
  }
  RefusalReason refusal_reason() const;
  void ask_for_sync();
  void wake(Instant now);
  Instant next_stall() const;
  GroupState group_state(Instant now) const;
  std::string_view trouble(Instant now) const;
  void tell_trouble(Instant now);
  bool nobody_has_a_state(Instant now) const;
  std::string advice(std::string_view trouble) const;
  ReplicaId waiting_for_people() const;
  CalendarTime wall_time_of(Instant instant, Instant now) const;
  ReplicaStatus replica_status(ReplicaId replica, Instant now) const;

  DistributorConfig config_;
  GroupId group_;
  Term term_;
  Sequence began_;  // the last order before this term
  OrderIdentity last_;
  ServedTime served_;
  CalendarTime calendar_;
  CalendarTime wall_;
  Instant last_made_;

  Sequencer sequencer_;
  OpenOrders open_;            // the last one is last_
  Sequence decided_;           // everything up to here is decided or closed
  Sequence closed_;            // closed unanswered
  bool decided_once_ = false;  // in this term
  bool stalled_ = false;       // ballots wait for too long; until the next decision
  struct Undecidable {
    Instant since;  // it was first reported
    Instant told;   // it was last reported
  };
  std::optional<Undecidable> undecidable_;  // a ballot is, until the next decision

  JournalProgress progress_;

  Membership membership_;
  std::uint64_t view_position_ = 0;  // the newest view's; nobody hears of it before it is synced
  bool new_term_wanted_ = false;     // once that view is synced; this term tells nobody of it

  OrderState agreed_;       // the newest decided order, and what f+1 replicas say the state is after it
  OrderState agreed_told_;  // stable, and so what replicas may go by
  struct {
    OrderState state;
    std::uint64_t position = 0;
  } agreed_journaled_;
  Instant next_agreed_;

  Sealing sealing_;

  Sequence journal_first_;  // nobody is sent an order before it
  Sequence cut_;            // the journal was told to forget those before it
  JournalSize journal_;
  std::vector<ReplicaStream> streams_;

  bool comparator_known_ = false;
  Instant comparator_heard_;
  ComparatorReport comparator_;

  Instant began_at_;
  Instant last_turn_;
  Instant planned_turn_;  // what next_deadline() said then
  Instant next_beat_;     // standings and view
  Instant next_empty_;    // an order without requests
  std::string_view told_trouble_;
  bool draining_ = false;
  std::uint64_t orders_made_ = 0;
  std::uint64_t requests_ordered_ = 0;
  std::uint64_t orders_sent_ = 0;
  DistributorOutput output_;
};

}  // namespace tally
