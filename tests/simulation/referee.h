// SPDX-License-Identifier: Apache-2.0
// Watches everything, and ends the run when an invariant does not hold.
//
// The orders, as the distributor's journal takes them, are executed by the reference at once; so the right answer to
// each is known before anybody votes. An order is known by its term and sequence number: a term makes each number once.
//
//   orders       follow one another, in number, chain, served and calendar time
//   decided      equals the reference's answer; f+1 right votes of voters have come; of an order that is stable, or
//                changes nothing
//   journal      what was stable is there after each restart, under the same chain
//   votes        of a right replica equal the reference's, and its digest is the one of the reference's state
//   checkpoints  of a right replica are of a stable order that f+1 agreed on, and of the right state
//   verdicts     dissent is found only in replicas that cast a wrong vote in that life, and in each such; each is on
//                record before it is reported; silence quarantines nobody
//   views        have f+1 voters; who becomes one has voted rightly in that life, or reproduced a right state
//   calls        answered: once applied, as answered, in real-time order; not applied: never applied; unknown: once at
//                most (calls.h)
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
  // Somebody may have been answered what a journal that ends there lacks.
  bool has_decided_change_after(Sequence sequence) const;

  // ---- votes and verdicts
  void vote_made(ReplicaId replica, const Vote& vote);  // by a replica that is right
  void vote_sent(ReplicaId replica, const Vote& vote);  // by any
  void vote_arrived(ReplicaId replica, const Vote& vote);
  void checkpoint_made(ReplicaId replica, const CheckpointHeader& header);  // by a replica that is right
  void view_arrived(const View& view, Incarnation comparator);
  void comparator_began();
  void comparator_reported(const ComparatorReport& report);
  void decided(const Decisions& decisions);
  void happened(const Node& node, const Event& event);
  bool is_known_state(const OrderIdentity& order, const Digest& state) const;
  bool is_guilty(ReplicaId replica, Recovery recovery) const { return guilty_.contains({replica, recovery}); }
  // Whether what this life has said may be in a ballot still.
  bool may_count(ReplicaId replica, Recovery recovery) const;
  void proof_sent(ReplicaId replica, Recovery recovery, const OrderState& proof);
  // When this replica was told to recover last; nothing: never.
  std::optional<Instant> let_in(ReplicaId replica) const;
  // When something was decided last, as far as the comparator told.
  Instant progressed() const { return progressed_; }
  // Of the present chain; none: it is shorter.
  const Order* order(Sequence sequence) const;

  // ---- for calls
  // What the reference answered to a request, each time that it was executed or repeated, on any chain.
  struct RightResult {
    std::string bytes;
    Sequence last_change;  // at or before the order: where a read stands in real time
  };
  const std::vector<RightResult>& results_of(const SessionId& session, RequestNumber number) const;
  // The first session that anybody used, from this name on; nothing: there is none.
  std::optional<SessionId> session_after(const SessionId& name) const;
  // How often each change was tried in the present chain, by its tag.
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
    bool lost = false;  // with the journal's tail
    Sequence last_change;
    Order order;
    Reference::Executed right;
    std::string vote_results;  // the same as a vote carries them
    Digest digest;             // of the state afterwards
  };
  // A wrong vote that has arrived; it must be found.
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
  Reference tip_;             // after all
  std::vector<Place> chain_;  // the present one: order n stands at n-1
  std::map<Place, Known> known_;
  std::map<std::pair<SessionId, RequestNumber>, std::vector<RightResult>> results_;
  std::set<Life> guilty_;
  std::set<Life> found_;
  std::deque<Lie> lies_;
  std::set<std::pair<ReplicaId, OrderIdentity>> voted_;    // at the present comparator
  std::optional<View> view_;                               // that it has
  std::map<ReplicaId, Sequence> judged_from_;              // in its present role and recovery
  std::map<Place, std::set<Life>> right_votes_;            // that came to the present comparator
  std::map<std::pair<ReplicaId, Term>, Sequence> passed_;  // the newest order it voted on, at the present comparator
  std::map<Life, Instant> voted_until_;                    // lives that were voters for the comparator
  std::set<Life> proven_;                                  // from which a right vote or proof came
  std::map<ReplicaId, MemberRole> roles_;                  // that any comparator was told
  Sequence agreed_;                                        // the newest that any reported
  OrderIdentity last_agreed_;                              // as reported last
  Instant progressed_;
  std::map<ReplicaId, Instant> let_in_;
  std::uint64_t orders_ = 0;
};

}  // namespace tally::simulation
