// SPDX-License-Identifier: Apache-2.0
#include "replica/witness.h"

#include "protocol/bytes.h"

namespace tally {
namespace {

constexpr std::uint32_t layout = 0x3157'5954;  // "TYW1"
constexpr std::size_t state_bytes = 48;
static_assert(Witness::most_states * state_bytes + 128 <= witness_slot_bytes);

void append_order(std::string& bytes, const OrderIdentity& order) {
  append_number(bytes, order.term.value);
  append_number(bytes, order.sequence.value);
  append_digest(bytes, order.chain);
}

OrderIdentity read_order(ByteReader& reader) {
  OrderIdentity order;
  order.term = Term(reader.number<std::uint64_t>());
  order.sequence = Sequence(reader.number<std::uint64_t>());
  order.chain = read_digest(reader);
  return order;
}

}  // namespace

void Witness::add(const OrderState& state) {
  if (states.size() == most_states) states.erase(states.begin());
  states.push_back(state);
}

std::string encode_witness(const WitnessSlot& slot) {
  std::string bytes;
  append_number(bytes, layout);
  append_number(bytes, slot.writing);
  append_number(bytes, slot.group.value);
  append_number(bytes, slot.replica.value);
  append_number(bytes, slot.witness.newest_term.value);
  append_order(bytes, slot.witness.decided);
  append_number(bytes, static_cast<std::uint32_t>(slot.witness.states.size()));
  for (const OrderState& state : slot.witness.states) {
    append_order(bytes, state.order);
    append_digest(bytes, state.state);
  }
  append_number(bytes, checksum_of(bytes));
  return bytes;
}

std::optional<WitnessSlot> decode_witness(std::string_view bytes) {
  ByteReader reader(bytes);
  WitnessSlot slot;
  if (reader.number<std::uint32_t>() != layout) return std::nullopt;
  slot.writing = reader.number<std::uint64_t>();
  slot.group = GroupId(reader.number<std::uint64_t>());
  slot.replica = ReplicaId(reader.number<std::uint64_t>());
  slot.witness.newest_term = Term(reader.number<std::uint64_t>());
  slot.witness.decided = read_order(reader);
  const auto states = reader.number<std::uint32_t>();
  if (states > Witness::most_states) return std::nullopt;
  for (std::uint32_t place = 0; place < states; ++place) {
    const OrderIdentity order = read_order(reader);
    slot.witness.states.push_back({order, read_digest(reader)});
  }
  const std::size_t size = bytes.size() - reader.rest().size();
  const auto checksum = reader.number<std::uint64_t>();
  if (!reader.ok() || slot.writing == 0 || checksum != checksum_of(bytes.substr(0, size))) return std::nullopt;
  return slot;
}

}  // namespace tally
