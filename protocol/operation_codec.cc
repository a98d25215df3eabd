// SPDX-License-Identifier: Apache-2.0
#include "protocol/operation_codec.h"

#include <algorithm>
#include <cstdint>

#include "protocol/fields.h"
#include "protocol/limits.h"

namespace tally {
namespace {

using namespace fields;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t from_zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::size_t encoded_bytes(const Operation& operation) {
  return field_bytes(static_cast<std::uint64_t>(operation.kind)) + field_bytes(operation.name) +
         field_bytes(zigzag(operation.value)) + field_bytes(operation.idempotency_key) + field_bytes(operation.after) +
         field_bytes(std::uint64_t{operation.limit}) + field_bytes(static_cast<std::uint64_t>(operation.expiry.kind)) +
         field_bytes(zigzag(operation.expiry.milliseconds)) + field_bytes(std::uint64_t{operation.conditions}) +
         field_bytes(std::uint64_t{operation.detail});
}

char* put(char* at, const Operation& operation) {
  at = put_field<operation_field::kind>(at, static_cast<std::uint64_t>(operation.kind));
  at = put_field<operation_field::name>(at, operation.name);
  at = put_field<operation_field::value>(at, zigzag(operation.value));
  at = put_field<operation_field::idempotency_key>(at, operation.idempotency_key);
  at = put_field<operation_field::after>(at, operation.after);
  at = put_field<operation_field::limit>(at, std::uint64_t{operation.limit});
  at = put_field<operation_field::expiry_kind>(at, static_cast<std::uint64_t>(operation.expiry.kind));
  at = put_field<operation_field::expiry_ms>(at, zigzag(operation.expiry.milliseconds));
  at = put_field<operation_field::conditions>(at, std::uint64_t{operation.conditions});
  return put_field<operation_field::detail>(at, std::uint64_t{operation.detail});
}

OperationKind kind_of(std::int32_t number) {
  const bool is_known = number >= 0 && number <= static_cast<std::int32_t>(last_operation_kind);
  return is_known ? static_cast<OperationKind>(number) : OperationKind::unspecified;
}

ExpiryKind expiry_kind_of(std::int32_t number) {
  const bool is_known = number >= 0 && number <= static_cast<std::int32_t>(ExpiryKind::at);
  return is_known ? static_cast<ExpiryKind>(number) : ExpiryKind::unknown;
}

std::uint32_t clipped(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, UINT32_MAX));
}

// Any field is accepted. An unknown kind or an impossible limit makes its own operation malformed,
// for the replica that executes it, and leaves the other operations of the request alone. protobuf
// takes the low 32 bits of an enumerator.
void set(Operation& operation, const Field& field) {
  switch (field.tag) {
    case tag_of(operation_field::kind, wire_number):
      operation.kind = kind_of(static_cast<std::int32_t>(field.value));
      break;
    case tag_of(operation_field::name, wire_text): operation.name = field.content; break;
    case tag_of(operation_field::value, wire_number): operation.value = from_zigzag(field.value); break;
    case tag_of(operation_field::idempotency_key, wire_text): operation.idempotency_key = field.content; break;
    case tag_of(operation_field::after, wire_text): operation.after = field.content; break;
    case tag_of(operation_field::limit, wire_number): operation.limit = clipped(field.value); break;
    case tag_of(operation_field::expiry_kind, wire_number):
      operation.expiry.kind = expiry_kind_of(static_cast<std::int32_t>(field.value));
      break;
    case tag_of(operation_field::expiry_ms, wire_number):
      operation.expiry.milliseconds = from_zigzag(field.value);
      break;
    case tag_of(operation_field::conditions, wire_number): operation.conditions = clipped(field.value); break;
    case tag_of(operation_field::detail, wire_number): operation.detail = field.value != 0; break;
    default: break;
  }
}

// It is copied because g++ 12 clears so many bytes by `rep stos`, which takes longer than all the
// rest.
constexpr Operation blank;

bool append_decoded(std::string_view bytes, std::vector<Operation>& operations) {
  Operation& operation = operations.emplace_back(blank);
  return visit_fields(bytes, [&](const Field& field) {
    set(operation, field);
    return true;
  });
}

}  // namespace

std::string encode_operations(const std::vector<Operation>& operations) {
  std::string bytes;
  for (const Operation& operation : operations) {
    const std::size_t size = encoded_bytes(operation);
    const std::size_t before = bytes.size();
    bytes.resize(before + element_bytes(size));
    put(put_head<operations_field>(bytes.data() + before, size), operation);
  }
  return bytes;
}

bool decode_operations(std::string_view bytes, std::vector<Operation>& operations) {
  operations.clear();
  std::size_t fields_left = limits::request_operations;
  const auto visit = [&](const Field& field) {
    if (fields_left-- == 0) return false;
    const bool is_operation = field.tag == tag_of(operations_field, wire_text);
    return !is_operation || append_decoded(field.content, operations);
  };
  if (bytes.size() <= limits::message_bytes && visit_fields(bytes, visit)) return true;
  operations.clear();
  return false;
}

}  // namespace tally
