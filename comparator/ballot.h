// SPDX-License-Identifier: Apache-2.0
// One ballot: the votes that are collected on one order. It begins with the first vote, which may
// come before the distributor has asked for the ballot, and ends when every vote that is expected
// on it has been compared.
//
//   collecting (only votes) → open (the order is known and stable) → decided, or closed unanswered
//
// A decision is final (law 8). Equal answers are kept once. All votes are of one term, that of the
// window that holds the ballot.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "comparator/order_answer.h"
#include "comparator/quorum.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Ballot {
 public:
  enum class Stage : std::uint8_t { collecting, open, decided, closed };
  enum class Cast : std::uint8_t {
    first,      // it is the replica's first one (or a newer one, while the order was not known yet)
    repeated,   // it is the same again
    different,  // it is another one: the first one stands, and this one is kept as the second
    excess,     // it is a third one, and was dropped
  };

  Stage stage() const { return stage_; }
  bool is_undecided() const { return stage_ == Stage::collecting || stage_ == Stage::open; }
  const OrderIdentity& order() const { return ballot_.order; }  // meaningful from `open` on
  bool is_synced() const { return ballot_.synced; }             // meaningful from `open` on
  std::vector<BallotEntry> take_requests() { return std::exchange(ballot_.requests, {}); }

  void open(BallotCall&& ballot, Instant now);      // precondition: collecting
  Instant opened_at() const { return opened_at_; }  // meaningful from `open` on
  // A vote, or the ballot itself, has come.
  void heard_of(Instant now) { heard_at_ = heard_at_.value_or(now); }
  Instant heard_at() const { return heard_at_.value_or(opened_at_); }
  Cast cast(ReplicaId from, Vote&& vote);
  // Forgets the replica's votes, as if there had been none. Precondition: undecided.
  void strike(ReplicaId replica);
  // The digest of the results that were decided is computed once, here.
  void decide(AnswerIndex answer, ReplicaSet awaited);
  void close();

  // What is to be counted. Votes on another order with this sequence are marked as other_order.
  CastAnswers answers() const;
  AnswerIndex first_of(ReplicaId replica) const { return votes_[replica].first; }
  AnswerIndex second_of(ReplicaId replica) const { return votes_[replica].second; }
  const OrderAnswer& answer(AnswerIndex index) const { return *answers_[index - 1u]; }

  AnswerIndex decided() const { return decided_; }
  // Replicas that had a role at the decision and have not voted.
  ReplicaSet awaited() const { return awaited_; }
  void stop_waiting_for(ReplicaId replica) { awaited_.erase(replica); }

  // Bytes of results in a replica's votes, whether others gave the same or not, while the ballot is
  // undecided.
  std::size_t held_bytes(ReplicaId replica) const { return votes_[replica].bytes; }
  // Bytes of results that are kept whole. reduce_to() keeps at most so many, those of the decided
  // answer first.
  std::size_t kept_bytes() const;
  void reduce_to(std::size_t most_bytes);

  // Returns true once, so that an event tells of this ballot only one time.
  bool mention_undecidable() { return !std::exchange(mentioned_, true); }

 private:
  struct Votes {
    AnswerIndex first = no_answer;
    AnswerIndex second = no_answer;
    std::size_t bytes = 0;
  };

  AnswerIndex index_for(Vote&& vote);
  void forget_unused();

  BallotCall ballot_;
  Instant opened_at_;
  std::optional<Instant> heard_at_;
  PerReplica<Votes, limits::most_replicas> votes_;
  std::vector<std::optional<OrderAnswer>> answers_;
  ReplicaSet awaited_;
  AnswerIndex decided_ = no_answer;
  Stage stage_ = Stage::collecting;
  bool mentioned_ = false;
};

}  // namespace tally
