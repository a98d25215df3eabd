// SPDX-License-Identifier: Apache-2.0
#include "comparator/order_answer.h"

namespace tally {

void OrderAnswer::reduce() {
  if (!whole) return;
  digest_results();
  std::string().swap(results);
  whole = false;
}

bool is_equal(const OrderAnswer& answer, const Vote& vote) {
  if (answer.chain != vote.order.chain || answer.state != vote.state || answer.results_size != vote.results.size())
    return false;
  return answer.whole ? answer.results == vote.results : answer.digest_of_results() == digest_of(vote.results);
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
