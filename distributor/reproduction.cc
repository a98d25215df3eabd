// SPDX-License-Identifier: Apache-2.0
#include "distributor/reproduction.h"

namespace tally {

using Finding = Reproduction::Finding;

Reproduction find_reproduction(const std::vector<Reproducer>& reproducers, const OrderState& agreed,
                               std::size_t majority, bool may_retry) {
  std::vector<ReplicaId> right;
  std::vector<ReplicaId> wrong;
  bool is_anybody_awaited = false;
  for (const Reproducer& reproducer : reproducers) {
    if (reproducer.proof) (*reproducer.proof == agreed ? right : wrong).push_back(reproducer.replica);
    is_anybody_awaited |= !reproducer.proof && reproducer.is_awaited;
  }
  if (right.size() >= majority || agreed.order.sequence.value == 0) return {Finding::reproduced, right};
  if (may_retry && !right.empty() && !wrong.empty()) return {Finding::wrong, wrong};
  const std::size_t possible = reproducers.size() - wrong.size();
  const bool is_hopeless = possible < majority && (!right.empty() || !is_anybody_awaited);
  return {is_hopeless ? Finding::hopeless : Finding::waiting, {}};
}

}  // namespace tally
