// SPDX-License-Identifier: Apache-2.0
#include "comparator/ballot.h"

#include <algorithm>

#include "protocol/check.h"

namespace tally {

VoteCount count_votes(const CastAnswers& answers, VoterSet voters, Quorum quorum) {
  CHECK(quorum.configured % 2 == 1 && quorum.configured <= most_replicas);
  VoteCount count;
  std::array<std::uint32_t, other_order + 1> equal{};
  for (std::size_t place = 0; place < quorum.configured; ++place) {
    if (!voters.contains(replica_at(place))) continue;
    if (answers[place] == no_answer)
      count.missing.insert(replica_at(place));
    else
      ++equal[answers[place]];
  }
  std::uint32_t most = 0;
  for (AnswerIndex answer = 1; answer <= most_answers; ++answer) {
    most = std::max(most, equal[answer]);
    if (equal[answer] >= quorum.needed()) {
      count.decided = answer;
      count.votes = equal[answer];
    }
  }
  count.impossible = count.decided == no_answer && most + count.missing.size() < quorum.needed();
  if (count.decided == no_answer) return count;
  for (std::size_t place = 0; place < quorum.configured; ++place)
    if (answers[place] != no_answer && answers[place] != count.decided) count.dissenting.insert(replica_at(place));
  return count;
}

void OrderAnswer::reduce() {
  if (!whole) return;
  results_digest = digest_of(results);
  std::string().swap(results);
  whole = false;
}

bool is_equal(const OrderAnswer& answer, const Vote& vote) {
  if (answer.chain != vote.order.chain || answer.state != vote.state || answer.results_size != vote.results.size())
    return false;
  return answer.whole ? answer.results == vote.results : answer.results_digest == digest_of(vote.results);
}

Difference difference_of(const OrderAnswer& decided, const OrderAnswer& other) {
  if (decided.chain != other.chain) return Difference::order;
  const bool state = decided.state != other.state;
  const bool results = decided.results_size != other.results_size ||
                       (decided.whole && other.whole ? decided.results != other.results
                                                     : decided.digest_of_results() != other.digest_of_results());
  if (state && results) return Difference::both;
  if (state) return Difference::state;
  return results ? Difference::results : Difference::none;
}

std::string_view to_string(Difference difference) {
  switch (difference) {
    case Difference::none: return "none";
    case Difference::state: return "state";
    case Difference::results: return "results";
    case Difference::both: return "both";
    case Difference::order: return "order";
  }
  return "unknown";
}

}  // namespace tally
