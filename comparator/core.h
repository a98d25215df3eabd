// SPDX-License-Identifier: Apache-2.0
// The comparator: collects the replicas' votes on each order, releases what f+1 of them agree on to the clients, and
// finds the replicas that answer otherwise (dissent) or not at all (silence).
//
// - Nothing is judged and nobody is welcomed before a view of the current term echoes the own incarnation; what was
//   before it is closed (laws 3, 15). Lower terms are dropped; only the distributor raises the term.
// - A decision is f+1 equal votes of replicas that are voters when they are counted, and is final (law 8). Every ballot
//   that arrives is stable already (docs/protocol.md, "One order"), so a decision leaves at once.
// - Where the voters alone do not decide, f+1 equal votes of voters and of replicas on probation are
//   proposed as a succession: the distributor makes those on probation voters (law 13). Only where
//   there is none, and nobody is waited for any more, a ballot is undecidable (law 14).
// - A verdict takes effect when its audit record is written (law 16).
// - Everything kept is bounded: see ballot_window.h, suspicion.h, and limits::vote_lead for votes that run ahead of the
//   view.
//
// A pure core, one thread; driven as protocol/turn.h says. After etcd-io/raft and ScyllaDB raft/; the pattern is the
// comparator of Saridakis, "A system of patterns for fault tolerance".
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "comparator/audit.h"
#include "comparator/ballot_window.h"
#include "comparator/quorum.h"
#include "comparator/release.h"
#include "comparator/standing_verdicts.h"
#include "comparator/suspicion.h"
#include "protocol/event.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

struct ComparatorOutput {
  std::vector<AddressedDecisions> decisions;  // one for each client of each decided order
  std::vector<ClientId> welcomes;             // to be answered with ComparatorWelcome
  std::optional<ComparatorReport> report;
  std::vector<AuditRecord> audit;  // to be written in this order; then call audit_written
  std::vector<Event> events;
};

class ComparatorCore {
 public:
  struct Config {
    Incarnation incarnation;  // not zero
    std::uint64_t pid = 0;
    std::size_t replicas = 0;  // 1, 3, 5 or 7
    Duration ack_timeout;
    unsigned ack_misses = 0;  // at least 1
    GroupId group;            // of the audit log; zero: whatever the first view says
    AuditHead audit_head;     // of the audit log at start; records are numbered on from it
    std::string given_up;     // the head of a log that an operator gave up; empty: none
  };

  explicit ComparatorCore(Config config);

  // Precondition: `from` is one of the configured replicas, known from the socket (law 9).
  void receive(ReplicaId from, Vote vote, Instant now);
  void receive(Ballots ballots, Instant now);
  void receive(const View& view, Instant now);
  void receive(const ClientId& client, const ClientHello& hello, Instant now);
  // Every record up to this one is on disk; `hash` is its own. Numbers go on from Config::audit_head.
  void audit_written(std::uint64_t number, std::string_view hash);

  void tick(Instant now);
  Instant next_deadline() const;
  ComparatorOutput take_output();
  // Whether the next votes may decide something. Other votes are looked at when there is something else to do.
  bool awaits_votes() const { return window_.decided() < opened_; }

 private:
  // A replica, and what is known of its present life.
  struct Watched {
    Watched(ReplicaId id, Suspicion::Config patience) : suspicion(patience) { member.replica = tally.replica = id; }

    Member member;
    VoterTally tally;
    Suspicion suspicion;
    Incarnation incarnation;  // of its newest vote
    Sequence life_began;      // the first order that this incarnation voted on
    Sequence passed;          // the newest order it voted on in this term and recovery; earlier votes will not come
    Sequence agreed;          // the newest order on which it agreed with the decision
    std::deque<Vote> early;   // of a term or recovery whose view has not come yet
    std::size_t early_bytes = 0;
    std::uint64_t repeated = 0;  // votes, since the last report
    std::uint64_t ignored = 0;
  };

  bool is_judging() const { return view_ && view_->term == term_; }
  bool has_role(const Watched& replica) const { return replica.member.role != MemberRole::none; }
  Watched& watched(ReplicaId replica) { return replicas_[place_of(replica)]; }

  void begin_turn(Instant now);
  void adopt_term(Term term);
  bool is_credible(const View& view);
  void adopt_view(const View& view);
  void change_member(Watched& replica, const Member& member);
  void check_audit_head(const View& view);
  void close_through(Sequence closed);
  void recount();
  void admit_early();

  void keep_early(Watched& replica, Vote&& vote);
  void accept(Watched& replica, Vote&& vote);
  void follow(Watched& replica, const Vote& vote);
  void open(Ballot&& ballot);
  void consider(CollectedBallot& ballot);
  void consider_waiting();
  bool has_waited(const CollectedBallot& ballot) const;
  void propose(const CollectedBallot& ballot, AnswerIndex answer);
  void find_no_majority(CollectedBallot& ballot);
  void decide(CollectedBallot& ballot, const VoteCount& count);
  void judge(CollectedBallot& ballot, Watched& replica);
  void judge_late(CollectedBallot& ballot, Watched& replica, Vote&& vote);
  void compare(const CollectedBallot& ballot, Watched& replica);
  void advance();

  void find_dissent(const CollectedBallot& ballot, Watched& replica);
  void consider_silence(Watched& replica);
  void withdraw_silence(const Watched& replica);
  bool can_spare(const Watched& replica) const;
  void record_verdict(Watched& replica, VerdictReason reason, Sequence sequence,
                      std::variant<DissentEvidence, SilenceEvidence> evidence);
  void record(AuditContent content);
  std::vector<Member> members() const;

  Instant report_deadline() const;
  ComparatorReport report() const;
  void say_what_was_dropped();

  Config config_;
  std::size_t needed_;  // equal votes that decide
  Term term_;
  GroupId group_;
  std::optional<View> view_;  // the newest; of an earlier term while a new term's has not come
  ReplicaSet voters_;
  ReplicaSet judged_;  // members with any role
  std::vector<Watched> replicas_;
  BallotWindow window_;
  Sequence opened_;       // the newest ballot of this term
  OrderState agreed_;     // the newest decided ballot
  OrderIdentity synced_;  // the newest of those whose order is known to be synced
  Sequence undecidable_;  // of this term and view, like the next; zero: none
  Succession succession_;
  Instant next_mention_{INT64_MIN / 2};  // of a ballot that is undecidable, after the last one
  Sequence mentioned_;
  StandingVerdicts verdicts_;
  AuditHead audit_head_;
  Histogram decision_;
  Histogram order_operations_;
  std::uint64_t last_record_ = 0;                               // number of the last record given out
  std::map<Principal, std::vector<ClientId>> waiting_clients_;  // until somebody judges

  Instant now_;                         // of this turn
  Instant waits_since_;                 // the last decision, or the first ballot after it
  Instant timers_from_{INT64_MIN / 2};  // it woke up late then: nothing waits for longer (law 12)
  bool started_ = false;
  bool complained_of_view_ = false;
  bool report_due_ = true;
  Instant reported_at_;
  Sequence reported_decided_;
  unsigned decided_since_report_ = 0;
  ComparatorOutput output_;
};

}  // namespace tally
