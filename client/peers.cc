// SPDX-License-Identifier: Apache-2.0
#include "client/peers.h"

#include <utility>

namespace tally {

Peers::Life Peers::receive(const DistributorWelcome& welcome) {
  if (distributor_ && welcome.term < *distributor_) return Life::past;
  const auto before = std::exchange(distributor_, welcome.term);
  return before && *before != welcome.term ? Life::next : Life::same;
}

Peers::Life Peers::receive(const ComparatorWelcome& welcome) {
  const auto before = std::exchange(comparator_, welcome.incarnation);
  return before && *before != welcome.incarnation ? Life::next : Life::same;
}

void Peers::say_hello(Instant now, std::vector<Message>& to_distributor, std::vector<Message>& to_comparator) {
  if (both_are_known() || next_hello_ > now) return;
  next_hello_ = now + hello_period;
  if (!distributor_) to_distributor.emplace_back(ClientHello{own_});
  if (!comparator_) to_comparator.emplace_back(ClientHello{own_});
}

}  // namespace tally
