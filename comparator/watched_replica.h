// SPDX-License-Identifier: Apache-2.0
// One replica as the comparator knows it: what the newest view says of it, how it has voted in its
// present life, and which votes are expected of it.
//
// A life begins with a recovery that the distributor ordered; a replica that merely restarted goes
// on in the same one, as another incarnation. Votes come in the order of sequences, so a vote for
// one order says that votes for earlier orders will not come any more. The first vote of another
// incarnation says the same of what the replica missed while it was away, and nobody is blamed for
// that (law 12).
//
// Part of the comparator's core: one thread; it is told the time.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "comparator/early_votes.h"
#include "comparator/newest_vote.h"
#include "comparator/suspicion.h"
#include "protocol/event.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class WatchedReplica {
 public:
  WatchedReplica(ReplicaId id, Suspicion::Config patience) : suspicion_(patience) {
    member_.replica = tally_.replica = id;
  }

  ReplicaId id() const { return member_.replica; }
  const Member& member() const { return member_; }
  bool has_role() const { return member_.role != MemberRole::none; }
  const VoterTally& tally() const { return tally_; }
  // The newest order on which it agreed with the decision; zero: none since the comparator started.
  Sequence agreed() const { return agreed_; }

  // ---- what the distributor says

  struct Change {
    bool new_life = false;
    bool lost_vote = false;
    bool lost_role = false;
  };
  // `member` is what a new view says of this replica.
  Change adopt(const Member& member);
  // What was expected in the term before is closed. Orders of the new term may take the places of
  // others that the replica voted on, so it may vote on these sequences again.
  void begin_term();
  // Ballots before this one are closed, and nothing is expected on them any longer.
  void forgive_before(Sequence first) { suspicion_.forgive_before(first); }

  // ---- its votes

  // The vote waits for a view, as EarlyVotes says.
  void keep_early(Vote&& vote) { ignored_ += early_.keep(std::move(vote)); }
  std::deque<Vote> take_early() { return early_.take(); }

  // A vote of the present term and life has come, whatever is done with it. Returns true if it
  // shows that an earlier vote, which was expected, will not come, and that counts as a miss.
  [[nodiscard]] bool hear(const Vote& vote, Instant now);
  // Is called after hear(), when what follows from a miss is done: so a silence that is found by
  // this vote names the vote before it as the replica's newest.
  void pass(Sequence sequence);
  bool has_passed(Sequence sequence) const { return passed_ > sequence; }

  // A ballot was decided, and this replica's vote was in. The second one: it has not voted; returns
  // true if its vote will not come, and that counts as a miss.
  void answer_in_time() { suspicion_.answered(); }
  [[nodiscard]] bool expect(Sequence sequence, Instant now);

  // Its first vote on a ballot is compared with the decision: either it matches, or a dissent
  // follows.
  void count_vote() { ++tally_.votes; }
  void count_match(Sequence sequence);
  void count_dissent();
  void count_verdict(VerdictReason reason) {
    ++(reason == VerdictReason::dissent ? tally_.dissent_verdicts : tally_.silences);
  }

  // The newest that was cast into a ballot.
  NewestVote& newest_vote() { return newest_vote_; }

  // ---- silence

  [[nodiscard]] bool tick(Instant now) { return suspicion_.tick(now); }  // true: a miss was counted
  Instant next_deadline() const { return suspicion_.next_deadline(); }
  void restart_timers(Instant now) { suspicion_.restart_timers(now); }
  bool is_silent() const { return suspicion_.is_silent(); }
  const std::vector<Sequence>& missed() const { return suspicion_.missed(); }
  // It has answered in time `ack_misses` times in a row.
  bool is_back() const { return suspicion_.is_back(); }

  // ---- votes without effect: they are told once a report, never one by one

  void count_repeated() { ++repeated_; }
  void count_ignored() { ++ignored_; }
  void tell_dropped(std::vector<Event>& events);

 private:
  Member member_;
  VoterTally tally_;
  Suspicion suspicion_;
  EarlyVotes early_;
  NewestVote newest_vote_;
  Incarnation incarnation_;  // of its newest vote
  Sequence first_vote_;      // the first order that this incarnation voted on
  Sequence passed_;          // the newest order that it voted on in this term and life
  Sequence agreed_;
  std::uint64_t repeated_ = 0;  // since the last report
  std::uint64_t ignored_ = 0;
};

}  // namespace tally
