// SPDX-License-Identifier: Apache-2.0
#include "comparator/newest_vote.h"

#include "protocol/check.h"

namespace tally {

void NewestVote::read(const Ballot& ballot, ReplicaId replica) {
  CHECK(is_open_);
  const AnswerIndex first = ballot.first_of(replica);
  const AnswerIndex second = ballot.second_of(replica);
  if (first == no_answer) return;
  const bool is_decided = ballot.stage() == Ballot::Stage::decided;
  // Of a replica that contradicted itself, the answer that differs from the decision is shown.
  const bool shows_first = second == no_answer || (is_decided && first != ballot.decided());
  const AnswerIndex index = shows_first ? first : second;
  const OrderAnswer& answer = ballot.answer(index);
  shown_.state = answer.state;
  shown_.results = answer.digest_of_results();
  if (is_decided) shown_.outcome = index == ballot.decided() ? VoteOutcome::agrees : VoteOutcome::differs;
}

}  // namespace tally
