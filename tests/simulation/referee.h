// SPDX-License-Identifier: Apache-2.0
// Watches everything, and ends the run when an invariant does not hold.
//
// As soon as the distributor's journal takes an order, the reference executes it. So the right
// answer to each order is known before anybody votes. An order is known by its term and sequence
// number, because a term makes each number once. These are the invariants:
//
//   orders       follow one another, in number, chain, served and calendar time
//   decided      results equal the reference's answer; f+1 right votes of voters have come; the
//                order is stable, or it changes nothing and every change before it is stable
//   journal      what was stable is there after each restart, under the same chain
//   votes        of a right replica equal the reference's answer, and their digest is that of the
//                reference's state
//   checkpoints  of a right replica are of a stable order on which f+1 agreed, and hold the right
//                state
//   verdicts     dissent is found only in replicas that cast a wrong vote in that life, and in each
//                such replica; each verdict is on record before it is reported; nobody is
//                quarantined for silence
//   views        have f+1 voters; whoever becomes a voter has voted rightly in that life, or has
//                reproduced a right state
//   calls        that were answered were applied once, as answered, in real-time order; those that
//                were not applied were never applied; of the others, each change was applied at
//                most once (ledger.h)
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "simulation/plan.h"
#include "simulation/reference.h"

namespace tally::simulation {

class Node;
struct World;

class Referee {
 public:
  explicit Referee(World& world);

  // ---- the one total order
  void order_made(const Order& order);
  void stable_through(Sequence sequence);
  void journal_recovered(Term term, const OrderIdentity& last);
  // Whether somebody may have been answered from an order that a journal which ends at `sequence`
  // lacks.
  bool has_decided_change_after(Sequence sequence) const;

  // ---- votes and verdicts
  void vote_made(ReplicaId replica, const Vote& vote);  // by a right replica
  void vote_sent(ReplicaId replica, const Vote& vote);  // by any replica
  void vote_arrived(ReplicaId replica, const Vote& vote);
  void checkpoint_made(ReplicaId replica, const CheckpointHeader& header);  // by a right replica
  void view_arrived(const View& view, Incarnation comparator);
  void comparator_began();
  void comparator_reported(const ComparatorReport& report);
  void decided(const Decisions& decisions);
  void happened(const Node& node, const Event& event);
  bool is_known_state(const OrderIdentity& order, const Digest& state) const;
  bool is_guilty(ReplicaId replica, Recovery recovery) const { return guilty_.contains({replica, recovery}); }
  // Whether a ballot may still count what this life of a replica has said.
  bool may_count(ReplicaId replica, Recovery recovery) const;
  void proof_sent(ReplicaId replica, Recovery recovery, const OrderState& proof);
  // When this replica was last told to recover; nothing if it never was.
  std::optional<Instant> let_in(ReplicaId replica) const;
  // When something was last decided, as far as the comparator has told.
  Instant progressed() const { return progressed_; }
  // An order of the present chain; null if the chain is shorter.
  const Order* order(Sequence sequence) const;

  // ---- for calls
  // What the reference answered to a request, for each time that the request was executed or
  // repeated, on any chain.
  struct RightResult {
    std::string bytes;
    // The last change at or before the order. It is where a read stands in real time.
    Sequence last_change;
  };
  const std::vector<RightResult>& results_of(const SessionId& session, RequestNumber number) const;
  // The first session that anybody used whose name is this one or a later one; nothing if there is
  // none.
  std::optional<SessionId> session_after(const SessionId& name) const;
  // How often each change, named by its tag, was tried in the present chain.
  std::map<std::uint64_t, unsigned> executions() const;

  Sequence last() const { return Sequence(chain_.size()); }
  std::uint64_t orders() const { return orders_; }

 private:
  using Place = std::pair<Term, Sequence>;
  using Life = std::pair<ReplicaId, Recovery>;
  struct Known {
    bool changes = false;
    bool stable = false;
    bool decided = false;
    bool lost = false;  // lost with the journal's tail
    Sequence last_change;
    Order order;
    Reference::Executed right;
    std::string vote_results;  // the right results, as a vote carries them
    Digest digest;             // of the state afterwards
  };
  // A wrong vote that has arrived. It must be found.
  struct Lie {
    ReplicaId replica;
    Recovery recovery;
    OrderIdentity order;
    std::optional<Instant> decided;
  };

  Known* find(const Place& place);
  const Known* find(const Place& place) const { return const_cast<Referee*>(this)->find(place); }
  bool is_wrong(const Vote& vote) const;
  unsigned right_votes(const Place& place) const;
  void check_view(const View& view);
  bool may_still_be_found(const Lie& lie) const;

  World& world_;
  Reference base_;  // after the stable orders
  Sequence base_through_;
  Reference tip_;             // after all orders
  std::vector<Place> chain_;  // the present one: order n stands at n-1
  std::map<Place, Known> known_;
  std::map<std::pair<SessionId, RequestNumber>, std::vector<RightResult>> results_;
  std::set<Life> guilty_;
  std::set<Life> found_;
  std::deque<Lie> lies_;
  std::set<std::pair<ReplicaId, OrderIdentity>> voted_;  // at the present comparator
  std::optional<View> view_;                             // the view that the present comparator has
  std::map<ReplicaId, Sequence> judged_from_;            // in their present roles and recoveries
  std::map<Place, std::set<Life>> right_votes_;          // come to the present comparator
  // The newest order on which each replica has voted, at the present comparator.
  std::map<std::pair<ReplicaId, Term>, Sequence> passed_;
  // Lives that were voters for the comparator, and until when.
  std::map<Life, Instant> voted_until_;
  std::set<Life> proven_;                  // from which a right vote or proof came
  std::map<ReplicaId, MemberRole> roles_;  // that any comparator was told
  Sequence agreed_;                        // the newest that any comparator reported
  OrderIdentity last_agreed_;              // as it was reported last
  Instant progressed_;
  std::map<ReplicaId, Instant> let_in_;
  std::uint64_t orders_ = 0;
};

}  // namespace tally::simulation
