// SPDX-License-Identifier: Apache-2.0
// Votes and ballots for the tests of the comparator's parts.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "comparator/ballot.h"
#include "protocol/messages.h"

namespace tally {

inline Instant at_ms(std::int64_t count) { return Instant{} + milliseconds(count); }

inline OrderIdentity order_of(std::uint64_t sequence, Term term = Term(1)) {
  return {term, Sequence(sequence), Digest{term.value, sequence}};
}

inline Vote vote_on(std::uint64_t sequence, std::string_view answer = "right") {
  Vote vote;
  vote.order = order_of(sequence);
  vote.incarnation = Incarnation(9);
  vote.recovery = Recovery(1);
  vote.state = digest_of(answer);
  vote.results = answer;
  return vote;
}

// On the first order, where it is the vote that matters.
inline Vote vote_of(std::string results, std::uint64_t state = 1, std::uint64_t chain = 1) {
  Vote vote;
  vote.order = {Term(1), Sequence(1), Digest{0, chain}};
  vote.state = {0, state};
  vote.results = std::move(results);
  return vote;
}

inline BallotCall ballot_on(std::uint64_t sequence, Term term = Term(1)) {
  BallotCall ballot;
  ballot.order = order_of(sequence, term);
  return ballot;
}

// An open ballot with an answer of each replica, from replica 1 on; an empty one is none.
inline Ballot voted_ballot(std::uint64_t sequence, const std::vector<std::string_view>& answers, Instant opened = {}) {
  Ballot ballot;
  ballot.open(ballot_on(sequence), opened);
  for (std::size_t place = 0; place < answers.size(); ++place)
    if (!answers[place].empty()) ballot.cast(ReplicaId(place + 1), vote_on(sequence, answers[place]));
  return ballot;
}

// The replicas with these ids.
inline ReplicaSet set_of(std::initializer_list<std::uint64_t> ids) {
  ReplicaSet set;
  for (const std::uint64_t id : ids) set.insert(ReplicaId(id));
  return set;
}

}  // namespace tally
