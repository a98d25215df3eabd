// SPDX-License-Identifier: Apache-2.0
#include "comparator/quorum.h"

#include <algorithm>
#include <array>

#include "protocol/check.h"

namespace tally {

VoteCount count_votes(const CastAnswers& answers, ReplicaSet voters, std::size_t needed) {
  CHECK(needed >= 1 && needed <= limits::most_replicas);
  VoteCount count;
  std::array<std::uint32_t, other_order + 1> equal{};
  for (const ReplicaId voter : voters) {
    if (answers[voter] == no_answer)
      count.missing.insert(voter);
    else
      ++equal[answers[voter]];
  }
  std::uint32_t most = 0;
  for (AnswerIndex answer = 1; answer <= most_answers; ++answer) {
    most = std::max(most, equal[answer]);
    if (equal[answer] >= needed) {
      count.decided = answer;
      count.votes = equal[answer];
    }
  }
  count.impossible = count.decided == no_answer && most + count.missing.size() < needed;
  return count;
}

}  // namespace tally
