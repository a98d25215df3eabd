// SPDX-License-Identifier: Apache-2.0
// Who votes: a circuit breaker for each replica, and the view that follows from them.
//
// closed = voting; open = evicted, nothing is sent until a cool-down ends that doubles with each eviction; half-open =
// recovering, then probation: votes are compared and not counted, until enough match in a row. (Nygard, "Release It!",
// 2007, chapter 5.) Too many dissents within a window: quarantined, until an operator readmits it; lateness never leads
// there (law 12). An eviction never leaves fewer than f+1 voters (law 13). Every change makes a new view, which takes
// effect once it is journaled. membership_rollback.cc has what becomes of a group without a majority (law 14).
//
// Succession (law 13): while the voters alone do not decide, nobody on probation can earn its vote by
// matches. What counts then is that f+1 equal votes hold an honest one: those on probation among them
// become voters at once. Nobody has to go for that. A decision takes f+1 equal votes however many
// vote, so a silent voter hinders nothing, and a lying one keeps its vote in the ballot, which is
// compared with the decision, and judged.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "journal/facts.h"
#include "protocol/event.h"
#include "protocol/messages.h"
#include "protocol/quorum.h"

namespace tally {

struct MembershipConfig {
  std::uint32_t replicas = 3;
  Duration cooldown = seconds(1);
  Duration cooldown_most = seconds(60);
  std::uint64_t probation_votes = 64;
  std::uint32_t quarantine_dissents = 10;
  Duration quarantine_window = seconds(600);
};

class Membership {
 public:
  static constexpr Duration cooldown_cut_period = seconds(5);
  static constexpr Duration blameless_period = seconds(5);

  // `record` without members: the first start, all vote.
  Membership(const MembershipConfig& config, JournaledView record, Instant now);

  const JournaledView& record() const { return record_; }
  const JournaledMember& member(ReplicaId replica) const;
  std::uint32_t majority() const { return static_cast<std::uint32_t>(quorum_of(config_.replicas)); }
  std::uint32_t voters() const;
  bool anybody_on_probation() const;
  MemberRole role(ReplicaId replica) const;
  // Why it does not vote, or rolls back: dissent, silence, operator, no_majority; empty: neither.
  std::string_view reason(ReplicaId replica) const;

  // The clocks of what follows. Since when a state lasts is told in calendar time.
  void observe(CalendarTime at, Instant now);
  // Each of these says whether the view changed, and adds what happened to `events`.
  bool judge(const Verdict& verdict, std::vector<Event>& events);
  bool caught_up(ReplicaId replica, std::vector<Event>& events);
  // A voter has no state of its own that it could vote with: it recovers like whoever was evicted, without blame. That
  // is believed once in `blameless_period`, since a liar could say it, take it back and say it again, and each time the
  // view changes. In between the voter is silent, which costs it a cool-down.
  bool lacks_state(ReplicaId replica, std::vector<Event>& events);
  bool matched(ReplicaId replica, std::uint64_t votes_in_a_row, std::vector<Event>& events);
  // Law 13: those on probation that a succession names become voters, in one view.
  bool succeed(const Succession& succession, std::vector<Event>& events);
  // The group stands still: this evicted replica's cool-down ends now, if no operator holds it, and
  // if that was not done in the last `cooldown_cut_period`.
  bool end_cooldown(ReplicaId replica, std::vector<Event>& events);
  bool readmit(ReplicaId replica, std::vector<Event>& events);  // by an operator
  bool hold(ReplicaId replica, std::vector<Event>& events);     // evict, by an operator
  bool tick(std::vector<Event>& events);

  // Law 14. No majority on this order: everybody who takes part is to roll back; or, if that has just been tried, the
  // group halts.
  bool no_majority(Sequence undecided, std::vector<Event>& events);
  // Whether no_majority() would halt the group.
  bool would_halt() const;
  // This replica reproduced something else than another one did. False: it has done so as
  // often as it may have something else to try.
  bool reproduce_again(ReplicaId replica, std::vector<Event>& events);
  // These f+1 have reproduced the last decided state, or nothing was ever agreed: the group goes on, and they are
  // voters.
  bool reproduced(const std::vector<ReplicaId>& right, std::vector<Event>& events);
  // They cannot.
  bool halt(std::string_view reason, std::vector<Event>& events);
  // By an operator, who will not wait for a proof, or after a halt; or with an order to void at any time: all that take
  // part roll back once more, and go on.
  bool resume(Sequence voided, std::vector<Event>& events);
  // Forgets voided orders that nobody will be sent any more.
  void forget_voided_below(Sequence first);

  Instant next_deadline() const;
  // When this evicted replica begins to recover; never: not by itself.
  Instant next_try(ReplicaId replica) const { return breakers_.at(replica.value - 1).closes; }
  void remember_audit_head(const std::string& head) { record_.audit_head = head; }

 private:
  struct Breaker {
    Duration cooldown;                    // of the next eviction
    Instant closes = Instant::never();    // evicted: when recovery begins
    Instant forgiven = Instant::never();  // voting: when the cool-down starts small again
    std::deque<Instant> dissents;         // those within the window
    unsigned wrong_proofs = 0;            // in this term
    Instant next_cut{INT64_MIN / 2};      // before it, no cool-down is ended early
    Instant next_blameless{INT64_MIN / 2};
  };

  JournaledMember& member_of(ReplicaId replica);
  Breaker& breaker_of(ReplicaId replica);
  bool may_lose(ReplicaId replica) const;
  bool is_reproducing() const { return record_.rollback.stage == GroupRollback::Stage::reproducing; }
  bool takes_part(ReplicaId replica) const;
  void enter(JournaledMember& member, ReplicaState state);
  void open(ReplicaId replica, const Verdict& verdict, std::vector<Event>& events);
  void begin_recovery(ReplicaId replica, std::vector<Event>& events);
  void admit(ReplicaId replica);
  void roll_back_all();
  bool count_dissent(Breaker& breaker) const;

  MembershipConfig config_;
  JournaledView record_;
  std::vector<Breaker> breakers_;
  CalendarTime wall_;
  Instant now_;
};

}  // namespace tally
