// SPDX-License-Identifier: Apache-2.0
// What a replica remembers of its group beside its checkpoints, so that nobody can go on from an older journal without
// a word, and so that a lost journal can be begun anew where f+1 replicas can say what the state was.
//
// Any bytes decode to a witness or to nothing. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.h"

namespace tally {

struct Witness {
  static constexpr std::size_t most_states = 64;

  Term newest_term;       // that it has heard of
  OrderIdentity decided;  // the newest order that it was told was decided; sequence zero: none
  // Its state after orders at which a checkpoint of any replica was due, oldest first. Checkpoints are staggered, so
  // hardly two replicas have one of the same order; by these each can say what another one's must be.
  std::vector<OrderState> states;
  auto operator<=>(const Witness&) const = default;

  // The oldest give way.
  void add(const OrderState& state);
};

// One of two that are written in turn, so that one of them is always whole.
inline constexpr std::size_t witness_slot_bytes = 4096;
struct WitnessSlot {
  std::uint64_t writing = 0;  // counts them: the newer one holds
  GroupId group;
  ReplicaId replica;
  Witness witness;
};
std::string encode_witness(const WitnessSlot& slot);
std::optional<WitnessSlot> decode_witness(std::string_view bytes);

}  // namespace tally
