// SPDX-License-Identifier: Apache-2.0
#include "journal/records.h"

#include <utility>
#include <variant>

#include "protocol/bytes.h"
#include "wire/codec.h"

namespace tally {
namespace {

constexpr std::uint32_t view_layout = 2;

}  // namespace

std::optional<Order> decode_order(std::string_view bytes) {
  if (bytes.size() < wire::header_bytes) return std::nullopt;
  auto message = wire::decode(bytes.substr(0, wire::header_bytes), bytes.substr(wire::header_bytes));
  Order* order = message ? std::get_if<Order>(&*message) : nullptr;
  if (!order || chain_of(*order) != order->id.chain) return std::nullopt;
  return std::move(*order);
}

std::string encode_view(const JournaledView& view) {
  std::string bytes;
  append_number(bytes, view_layout);
  append_number(bytes, view.number.value);
  append_sized(bytes, view.audit_head);
  append_number(bytes, static_cast<std::uint32_t>(view.members.size()));
  for (const JournaledMember& member : view.members) {
    append_number(bytes, static_cast<std::uint8_t>(member.state));
    append_number(bytes, static_cast<std::uint8_t>(member.held));
    append_number(bytes, member.recovery.value);
    append_number(bytes, member.evictions);
    append_number(bytes, member.readmissions);
    const LastVerdict verdict = member.last_verdict.value_or(LastVerdict{});
    append_number(bytes, static_cast<std::uint8_t>(verdict.reason));
    append_number(bytes, verdict.sequence.value);
    append_number(bytes, verdict.at.unix_milliseconds);
    append_number(bytes, member.since.unix_milliseconds);
  }
  append_number(bytes, static_cast<std::uint8_t>(view.rollback.stage));
  append_number(bytes, view.rollback.undecided.value);
  append_number(bytes, view.rollback.at.unix_milliseconds);
  append_number(bytes, static_cast<std::uint32_t>(view.voided.size()));
  for (const Sequence voided : view.voided) append_number(bytes, voided.value);
  return bytes;
}

std::optional<JournaledView> decode_view(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.number<std::uint32_t>() != view_layout) return std::nullopt;
  JournaledView view;
  view.number = ViewNumber(reader.number<std::uint64_t>());
  view.audit_head = reader.sized();
  const auto members = reader.number<std::uint32_t>();
  for (std::uint32_t place = 0; place < members && reader.ok(); ++place) {
    JournaledMember member;
    member.state = static_cast<ReplicaState>(reader.number<std::uint8_t>());
    member.held = reader.number<std::uint8_t>() != 0;
    member.recovery = Recovery(reader.number<std::uint64_t>());
    member.evictions = reader.number<std::uint64_t>();
    member.readmissions = reader.number<std::uint64_t>();
    LastVerdict verdict;
    verdict.reason = static_cast<VerdictReason>(reader.number<std::uint8_t>());
    verdict.sequence = Sequence(reader.number<std::uint64_t>());
    verdict.at = CalendarTime{reader.number<std::int64_t>()};
    if (verdict.reason != VerdictReason{}) member.last_verdict = verdict;
    member.since = CalendarTime{reader.number<std::int64_t>()};
    view.members.push_back(member);
  }
  view.rollback.stage = static_cast<GroupRollback::Stage>(reader.number<std::uint8_t>());
  view.rollback.undecided = Sequence(reader.number<std::uint64_t>());
  view.rollback.at = CalendarTime{reader.number<std::int64_t>()};
  const auto voided = reader.number<std::uint32_t>();
  for (std::uint32_t place = 0; place < voided && reader.ok(); ++place)
    view.voided.push_back(Sequence(reader.number<std::uint64_t>()));
  return reader.at_end() ? std::optional(view) : std::nullopt;
}

std::string encode_agreed(const OrderState& agreed) {
  std::string bytes;
  append_number(bytes, agreed.order.term.value);
  append_number(bytes, agreed.order.sequence.value);
  append_digest(bytes, agreed.order.chain);
  append_digest(bytes, agreed.state);
  return bytes;
}

std::optional<OrderState> decode_agreed(std::string_view bytes) {
  ByteReader reader(bytes);
  OrderState agreed;
  agreed.order.term = Term(reader.number<std::uint64_t>());
  agreed.order.sequence = Sequence(reader.number<std::uint64_t>());
  agreed.order.chain = read_digest(reader);
  agreed.state = read_digest(reader);
  return reader.at_end() ? std::optional(agreed) : std::nullopt;
}

}  // namespace tally
