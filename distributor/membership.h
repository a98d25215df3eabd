// SPDX-License-Identifier: Apache-2.0
// Who votes, and why: the view, and what becomes of each replica in it.
//
// A replica votes until a verdict or an operator evicts it; after its cool-down (replica_breaker.h)
// it recovers, is then on probation, where its votes are compared and not counted, and votes again
// after enough matches in a row. Too many dissents within a window quarantine it until an operator
// readmits it. An eviction never leaves fewer than f+1 voters (law 13).
//
// Succession (law 13): while the voters alone do not decide, nobody on probation can earn its vote
// by matches. What counts then is that f+1 equal votes hold an honest one: those on probation among
// them become voters at once. Nobody has to leave for that. A decision takes f+1 equal votes
// however many replicas vote, so a silent voter hinders nothing, and a lying one keeps its vote in
// the ballot, where it is compared with the decision.
//
// No majority (law 14): everybody who takes part rolls back to a checkpoint and executes again in a
// new term. The group goes on when f+1 replicas, voters before or not, have reproduced the last
// decided state; it halts when they cannot, or when it happens again within the window.
//
// Each function that may change the view returns the change as the events that tell people of it;
// no events mean that the view is as it was. A changed view has a new number, and takes effect once
// it is journaled, which is the caller's to do. Pure; one thread; moments never go back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "distributor/replica_breaker.h"
#include "protocol/event.h"
#include "protocol/journal_facts.h"
#include "protocol/messages.h"
#include "protocol/per_replica.h"
#include "protocol/quorum.h"

namespace tally {

struct MembershipConfig {
  std::uint32_t replicas = 3;
  ReplicaBreaker::Config breaker;
  std::uint64_t probation_votes = 64;
};

using ViewChange = std::vector<Event>;

class Membership {
 public:
  // `record` without members: the group's first start, all vote.
  Membership(const MembershipConfig& config, JournaledView record, const Moment& at);

  const JournaledView& record() const { return record_; }
  ReplicaIds replicas() const { return breakers_.ids(); }
  // Precondition, here and below: replicas().contains(replica).
  const JournaledMember& member(ReplicaId replica) const { return record_.members[place_of(replica)]; }
  std::uint32_t majority() const { return static_cast<std::uint32_t>(quorum_of(config_.replicas)); }
  std::uint32_t voters() const;
  bool anybody_on_probation() const;
  MemberRole role(ReplicaId replica) const;
  // Orders may be sent to it: it votes, recovers, or is on probation.
  bool takes_part(ReplicaId replica) const;
  // Why it does not vote, or rolls back.
  OutReason reason(ReplicaId replica) const;
  // When this evicted replica begins to recover; never(): not by itself.
  Instant recovers_at(ReplicaId replica) const { return breakers_[replica].recovers_at(); }

  // ---- one replica

  // A verdict on a replica that there is not, that is out already, or of another life of it,
  // changes nothing.
  ViewChange evict(const Verdict& verdict, const Moment& at);
  ViewChange evict_by_operator(ReplicaId replica, const Moment& at);
  ViewChange readmit_by_operator(ReplicaId replica, const Moment& at);
  // A recovering replica has executed what it missed: it is on probation.
  ViewChange caught_up(ReplicaId replica, const Moment& at);
  // A voter has no state of its own that it could vote with: it recovers like an evicted replica,
  // but without a cool-down. That is granted once in a while (ReplicaBreaker::excuse); a voter that
  // claims it more often stays a voter, gives no vote, and is evicted for silence.
  ViewChange lacks_state(ReplicaId replica, const Moment& at);
  // On probation, and so many of its votes in a row matched.
  ViewChange matched(ReplicaId replica, std::uint64_t votes_in_a_row, const Moment& at);
  // The group stands still: this evicted replica's cool-down ends now, unless an operator holds the
  // replica.
  ViewChange end_cooldown(ReplicaId replica, const Moment& at);

  // ---- all of them

  // Those on probation that the succession names become voters, in one view.
  ViewChange succeed(const Succession& succession, const Moment& at);
  // No f+1 votes on this order can be equal: everybody who takes part is to roll back; or, if that
  // was tried within the window, the group halts.
  ViewChange no_majority(Sequence undecided, const Moment& at);
  // Whether no_majority() would halt the group.
  bool would_halt(CalendarTime wall) const;
  // This replica reproduced something else than another one did: it tries again. No change: it has
  // done so as often as it may have something else to try.
  ViewChange reproduce_again(ReplicaId replica);
  // These f+1 have reproduced the last decided state, or nothing was ever agreed: the group goes
  // on, and they vote.
  ViewChange reproduced(const std::vector<ReplicaId>& right, const Moment& at);
  // They cannot.
  ViewChange halt(std::string_view reason);
  // An operator ends a halt or does not wait for a proof, or voids an order at any time (0: none):
  // all that take part roll back once more, and go on. No change: there is nothing to resume, or
  // too many orders are voided already.
  ViewChange resume(Sequence voided, const Moment& at);
  // Nobody will be sent orders before `first` any more. No new view: what is voided belongs to the
  // orders.
  void forget_voided_below(Sequence first);
  void remember_audit_head(const std::string& head) { record_.audit_head = head; }

  ViewChange tick(const Moment& at);
  Instant next_deadline() const;

 private:
  JournaledMember& member_of(ReplicaId replica) { return record_.members[place_of(replica)]; }
  bool is_reproducing() const { return record_.rollback.stage == GroupRollback::Stage::reproducing; }
  bool may_lose(ReplicaId replica) const;
  ViewNumber next_view() { return record_.number = record_.number.next(); }
  Event begin_recovery(ReplicaId replica, const Moment& at);
  void admit(ReplicaId replica, const Moment& at);
  void roll_back_all();

  MembershipConfig config_;
  JournaledView record_;
  PerReplica<ReplicaBreaker> breakers_;
  PerReplica<std::uint32_t> wrong_proofs_;  // in this term
};

}  // namespace tally
