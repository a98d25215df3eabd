// SPDX-License-Identifier: Apache-2.0
#include "replica/remembering.h"

#include <algorithm>

namespace tally {

void Remembering::add(const OrderState& state) {
  if (waiting_.size() == Witness::most_states) waiting_.pop_front();
  waiting_.push_back(state);
}

void Remembering::was_decided(const OrderIdentity& order) { witness_.decided = std::max(witness_.decided, order); }

bool Remembering::learn(const ReplicaStanding& standing, bool is_proven) {
  const OrderIdentity& agreed = standing.agreed.order;
  bool is_news = standing.term > witness_.newest_term || agreed > witness_.decided;
  witness_.newest_term = std::max(witness_.newest_term, standing.term);
  was_decided(agreed);
  while (is_proven && !waiting_.empty() && waiting_.front().order.sequence <= agreed.sequence) {
    witness_.add(waiting_.front());
    waiting_.pop_front();
    is_news = true;
  }
  return is_news;
}

}  // namespace tally
