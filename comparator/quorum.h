// SPDX-License-Identifier: Apache-2.0
// The arithmetic of voting: which answer enough voters agree on, which voters have not answered
// yet, and whether enough of them can still agree.
//
// 2f+1 replicas mask f faulty ones. An answer is decided when f+1 replicas that are voters at the
// moment of counting gave it (law 8). Since f+1 is more than half of 2f+1, no second answer can be
// decided too. Replicas that are not voters are never counted.
//
// Pure values, any thread. Modelled on etcd-io/raft quorum/; the pattern is Buckley & Fernandez,
// "Failure patterns". It is tested against a naive twin over all patterns of votes
// (tests/unit/comparator_quorum_test.cc).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "protocol/ids.h"
#include "protocol/limits.h"
#include "protocol/per_replica.h"

namespace tally {

// Some of the replicas 1 .. limits::most_replicas. Iteration gives their ids in ascending order.
class ReplicaSet {
 public:
  class Iterator {
   public:
    constexpr explicit Iterator(std::uint32_t rest) : rest_(rest) {}
    constexpr ReplicaId operator*() const { return ReplicaId(static_cast<std::uint64_t>(std::countr_zero(rest_)) + 1); }
    constexpr Iterator& operator++() { return rest_ &= rest_ - 1, *this; }
    constexpr bool operator==(const Iterator&) const = default;

   private:
    std::uint32_t rest_;  // the bits of the replicas that are still to come
  };

  constexpr void insert(ReplicaId replica) { bits_ |= bit(replica); }
  constexpr void erase(ReplicaId replica) { bits_ &= ~bit(replica); }
  constexpr bool contains(ReplicaId replica) const { return (bits_ & bit(replica)) != 0; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const ReplicaSet&) const = default;

  constexpr Iterator begin() const { return Iterator(bits_); }
  constexpr Iterator end() const { return Iterator(0); }

 private:
  static constexpr std::uint32_t bit(ReplicaId replica) { return 1u << place_of(replica); }
  std::uint32_t bits_ = 0;
};

// Which of a ballot's different answers a replica gave: equal votes have equal indices.
using AnswerIndex = std::uint8_t;
inline constexpr AnswerIndex no_answer = 0;  // the replica has not voted
// A replica may contradict itself.
inline constexpr AnswerIndex most_answers = 2 * limits::most_replicas;
inline constexpr AnswerIndex other_order = most_answers + 1;  // it voted on another order
using CastAnswers = PerReplica<AnswerIndex, limits::most_replicas>;

struct VoteCount {
  AnswerIndex decided = no_answer;
  std::uint32_t votes = 0;  // of voters, for the decided answer
  ReplicaSet missing;       // voters that have not answered
  bool impossible = false;  // nothing can be decided, whatever the missing voters answer
};

// `needed`: how many equal votes decide, which is quorum_of(the configured replicas).
VoteCount count_votes(const CastAnswers& answers, ReplicaSet voters, std::size_t needed);

}  // namespace tally
