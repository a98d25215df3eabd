// SPDX-License-Identifier: Apache-2.0
// What a request carries: Operations to bytes and back. Replicas execute what decode_operations gives, so it is part of
// the semantics: the same bytes give the same operations, or are refused, in every replica.
//
// These are the bytes that protobuf writes and reads, without its objects in between: every operation of a request
// passes here once a client and once a replica (docs/decisions/0009-operations-without-objects.md).
#include <algorithm>
#include <cstdint>

#include "protocol/limits.h"
#include "wire/body.h"
#include "wire/codec.h"
#include "wire/enums.h"
#include "wire/tally.pb.h"

namespace tally::wire {
namespace {

using Proto = v1::Operation;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t from_zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::size_t encoded_bytes(const Operation& operation) {
  return field_bytes(static_cast<std::uint64_t>(operation.kind)) + field_bytes(operation.name) +
         field_bytes(zigzag(operation.value)) + field_bytes(operation.idempotency_key) + field_bytes(operation.after) +
         field_bytes(std::uint64_t{operation.limit});
}

char* put(char* at, const Operation& operation) {
  at = put_field<Proto::kKindFieldNumber>(at, static_cast<std::uint64_t>(operation.kind));
  at = put_field<Proto::kNameFieldNumber>(at, operation.name);
  at = put_field<Proto::kValueFieldNumber>(at, zigzag(operation.value));
  at = put_field<Proto::kIdempotencyKeyFieldNumber>(at, operation.idempotency_key);
  at = put_field<Proto::kAfterFieldNumber>(at, operation.after);
  return put_field<Proto::kLimitFieldNumber>(at, std::uint64_t{operation.limit});
}

// Total, unlike its likes: one operation of an unknown kind, or with an impossible limit, is malformed for the replica
// that executes it, and leaves the others of the request alone. protobuf takes the low 32 bits of an enumerator.
void set(Operation& operation, const Field& field) {
  switch (field.tag) {
    case tag_of(Proto::kKindFieldNumber, wire_number):
      if (!from_proto(static_cast<v1::OperationKind>(static_cast<std::int32_t>(field.value)), operation.kind))
        operation.kind = OperationKind::unspecified;
      break;
    case tag_of(Proto::kNameFieldNumber, wire_text): operation.name = field.content; break;
    case tag_of(Proto::kValueFieldNumber, wire_number): operation.value = from_zigzag(field.value); break;
    case tag_of(Proto::kIdempotencyKeyFieldNumber, wire_text): operation.idempotency_key = field.content; break;
    case tag_of(Proto::kAfterFieldNumber, wire_text): operation.after = field.content; break;
    case tag_of(Proto::kLimitFieldNumber, wire_number):
      operation.limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(field.value, UINT32_MAX));
      break;
    default: break;
  }
}

bool append_decoded(std::string_view bytes, std::vector<Operation>& operations) {
  Operation& operation = operations.emplace_back();
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
    put(put_head<v1::Operations::kOperationsFieldNumber>(bytes.data() + before, size), operation);
  }
  return bytes;
}

bool decode_operations(std::string_view bytes, std::vector<Operation>& operations) {
  operations.clear();
  std::size_t fields_left = limits::request_operations;
  const auto visit = [&](const Field& field) {
    if (fields_left-- == 0) return false;
    const bool is_operation = field.tag == tag_of(v1::Operations::kOperationsFieldNumber, wire_text);
    return !is_operation || append_decoded(field.content, operations);
  };
  if (bytes.size() <= limits::message_bytes && visit_fields(bytes, visit)) return true;
  operations.clear();
  return false;
}

}  // namespace tally::wire
