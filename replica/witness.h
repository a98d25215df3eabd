// SPDX-License-Identifier: Apache-2.0
// What a replica remembers of its group beside its checkpoints, so that nobody can go on from an
// older journal without being told, and so that a lost journal can be begun anew where f+1 replicas
// can say what the state was.
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

  Term newest_term;       // the newest that the replica has heard of
  OrderIdentity decided;  // the newest order that it was told was decided; sequence zero: none
  // Its states after orders at which a checkpoint of any replica was due, oldest first. Checkpoints
  // are staggered, so hardly any two replicas have one of the same order. By these states each can
  // say what another one's checkpoint must be.
  std::vector<OrderState> states;
  auto operator<=>(const Witness&) const = default;

  // Adds one; the oldest ones give way.
  void add(const OrderState& state);
};

// One of two slots that are written in turn, so that one of them is always whole.
inline constexpr std::size_t witness_slot_bytes = 4096;
struct WitnessSlot {
  std::uint64_t writing = 0;  // counts the writes: of the two slots the newer one holds
  GroupId group;
  ReplicaId replica;
  Witness witness;
};
std::string encode_witness(const WitnessSlot& slot);
std::optional<WitnessSlot> decode_witness(std::string_view bytes);

}  // namespace tally
