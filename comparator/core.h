// SPDX-License-Identifier: Apache-2.0
// The comparator: it collects the replicas' votes on each order, releases what f+1 of them agree on
// to the clients, and finds the replicas that answer otherwise (dissent) or not at all (silence).
//
// - Nothing is decided or compared, and nobody is welcomed, before a view of the present term
//   echoes the comparator's own incarnation; what was before that view is closed (laws 3 and 15;
//   present_view.h).
// - A decision is f+1 equal votes of replicas that are voters when they are counted, and is final
//   (law 8; quorum.h). Every ballot that arrives is stable already (docs/protocol.md, "One order"),
//   so a decision leaves at once.
// - Where the voters alone do not decide, f+1 equal votes of voters and of replicas on probation
//   are proposed as a succession: the distributor makes those on probation voters (law 13). Only
//   where there is none, and nobody is waited for any more, is a ballot undecidable (law 14;
//   undecided.h, patience.h).
// - Every vote is compared with the decision, also if it comes after it. A verdict takes effect
//   when its audit record is written (law 16; audit_records.h, standing_verdicts.h).
// - Whoever asks is told the newest decision and votes, which changes nothing (newest_vote.h,
//   observers.h).
// - Everything that is kept has a bound: see ballot_window.h, suspicion.h, early_votes.h and
//   waiting_clients.h.
//
// The core conducts these parts and holds nothing that one of them could hold. It is pure, runs on
// one thread, and is driven as protocol/turn.h says. Modelled on etcd-io/raft and ScyllaDB raft/;
// the pattern is the comparator of Saridakis, "A system of patterns for fault tolerance".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "comparator/audit_records.h"
#include "comparator/ballot_window.h"
#include "comparator/decided.h"
#include "comparator/finding.h"
#include "comparator/observers.h"
#include "comparator/patience.h"
#include "comparator/present_view.h"
#include "comparator/release.h"
#include "comparator/report_schedule.h"
#include "comparator/standing_verdicts.h"
#include "comparator/undecided.h"
#include "comparator/waiting_clients.h"
#include "comparator/watched_replica.h"
#include "protocol/event.h"
#include "protocol/messages.h"
#include "protocol/per_replica.h"
#include "protocol/time.h"

namespace tally {

struct ComparatorOutput {
  std::vector<AddressedDecisions> decisions;  // one for each client of each decided order
  std::vector<ClientId> welcomes;             // to be answered with ComparatorWelcome
  std::optional<ComparatorReport> report;
  std::vector<AuditRecord> audit;  // to be written in this order; audit_written() follows
  std::vector<Event> events;
  // To be answered with the observation below, and the records that each of them asks for.
  std::vector<Observer> observers;
  Observation observation;  // meaningful if anybody is to be answered; without number and records
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
  void receive(BallotCalls ballots, Instant now);
  void receive(const View& view, Instant now);
  void receive(const ClientId& client, const ClientHello& hello, Instant now);
  void receive(const ClientId& client, const ObservationQuery& query, Instant now);
  // Every record up to this one is on disk; `hash` is its own. Numbers go on from
  // Config::audit_head.
  void audit_written(std::uint64_t number, std::string_view hash);

  void tick(Instant now);
  Instant next_deadline() const;
  ComparatorOutput take_output();
  // Whether the next votes may decide something. Other votes can wait until there is something else
  // to do.
  bool awaits_votes() const { return window_.awaits_votes(); }

 private:
  void begin_turn(Instant now);

  void adopt_term(Term term);
  void adopt_view(const View& view);
  void change_member(const Member& member);
  void restart_window(Sequence closed);
  void close_through(Sequence closed);
  void recount();
  void admit_early();

  void accept(WatchedReplica& replica, Vote&& vote);
  void open(BallotCall&& ballot);
  void consider(Ballot& ballot);
  void consider_waiting();
  void decide(Ballot& ballot, const VoteCount& count);
  void compare_all(Ballot& ballot);
  void compare_late(Ballot& ballot, WatchedReplica& replica, Vote&& vote);
  void compare(const Ballot& ballot, WatchedReplica& replica);
  void advance();

  void find_dissent(const Ballot& ballot, WatchedReplica& replica);
  void consider_silence(WatchedReplica& replica);
  void accuse(WatchedReplica& replica, Finding&& finding);
  std::uint64_t record(AuditContent content);
  ComparatorReport report() const;
  void close_newest_votes_on(const Ballot& ballot);
  void close_newest_vote(WatchedReplica& replica);
  Observation observe();

  Config config_;
  std::size_t needed_;  // equal votes that decide
  PresentView view_;
  PerReplica<WatchedReplica> replicas_;
  BallotWindow window_;
  Patience patience_;
  Undecided undecided_;
  StandingVerdicts verdicts_;
  AuditRecords records_;
  Decided progress_;
  ReportSchedule reports_;
  WaitingClients waiting_clients_;
  Observers observers_;
  Instant now_;  // of this turn
  bool started_ = false;
  ComparatorOutput output_;
};

}  // namespace tally
