// SPDX-License-Identifier: Apache-2.0
// The mathematics of voting alone: which answer f+1 voters agree on, who answered otherwise, who has not answered, and
// whether they still can agree.
//
// 2f+1 replicas mask f faulty ones. An answer is decided at f+1 equal votes of replicas that are voters when they are
// counted (law 8); since f+1 is more than half of 2f+1, at most one answer can be. Replicas that are not voters are
// compared with the decision and never counted.
//
// Pure values, any thread. After etcd-io/raft quorum/; the pattern is Buckley & Fernandez, "Failure patterns". Tested
// against a naive twin over all vote patterns (tests/unit/ballot_test.cc).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/ids.h"
#include "protocol/messages.h"
#include "protocol/per_replica.h"

namespace tally {

constexpr ReplicaId replica_at(std::size_t place) { return ReplicaId(place + 1); }

// Some of the replicas 1 .. most_replicas.
class VoterSet {
 public:
  constexpr void insert(ReplicaId replica) { bits_ |= bit(replica); }
  constexpr void erase(ReplicaId replica) { bits_ &= ~bit(replica); }
  constexpr bool contains(ReplicaId replica) const { return (bits_ & bit(replica)) != 0; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const VoterSet&) const = default;

 private:
  static constexpr std::uint32_t bit(ReplicaId replica) { return 1u << place_of(replica); }
  std::uint32_t bits_ = 0;
};

// How many replicas are configured, and what follows from it. 1, 3, 5 or 7.
struct Quorum {
  std::size_t configured = 0;
  constexpr std::size_t faulty() const { return (configured - 1) / 2; }
  constexpr std::size_t needed() const { return faulty() + 1; }
};

// Which of a ballot's different answers a replica gave: equal votes have equal indices.
using AnswerIndex = std::uint8_t;
inline constexpr AnswerIndex no_answer = 0;                     // has not voted
inline constexpr AnswerIndex most_answers = 2 * most_replicas;  // a replica that contradicts itself gave two
inline constexpr AnswerIndex other_order = most_answers + 1;    // answered another order: never decided, always differs
using CastAnswers = std::array<AnswerIndex, most_replicas>;     // by place_of(replica)

struct VoteCount {
  AnswerIndex decided = no_answer;
  std::uint32_t votes = 0;  // of voters, for the decided answer
  VoterSet dissenting;      // replicas, voters or not, that answered otherwise than decided; empty while undecided
  VoterSet missing;         // voters that have not answered
  bool impossible = false;  // undecided, and stays so whatever the missing voters answer
};

VoteCount count_votes(const CastAnswers& answers, VoterSet voters, Quorum quorum);

// One answer to an order, kept once however many replicas gave it. The results are whole, or only their size and digest
// are left.
struct OrderAnswer {
  Digest chain;
  Digest state;
  std::string results;
  bool whole = true;
  std::size_t results_size = 0;
  Digest results_digest;  // set once the results are not whole

  explicit OrderAnswer(Vote&& vote)
      : chain(vote.order.chain), state(vote.state), results(std::move(vote.results)), results_size(results.size()) {}

  Digest digest_of_results() const { return whole ? digest_of(results) : results_digest; }
  // Forgets the results' bytes and keeps their digest.
  void reduce();
};

// Equal votes have the same order, equal state digests and equal bytes of results (law 11). `vote` is on an order of
// the same term and sequence.
bool is_equal(const OrderAnswer& answer, const Vote& vote);

enum class Difference : std::uint8_t { none, state, results, both, order };

// Field by field, for evidence only: in what `other` differs.
Difference difference_of(const OrderAnswer& decided, const OrderAnswer& other);
std::string_view to_string(Difference difference);

}  // namespace tally
