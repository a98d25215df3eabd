// SPDX-License-Identifier: Apache-2.0
// What a request carries: Operations to bytes and back. Replicas execute what decode_operations gives, so it is part of
// the semantics: the same bytes give the same operations, or are refused, in every replica.
#include <algorithm>
#include <cstdint>

#include "protocol/limits.h"
#include "wire/body.h"
#include "wire/codec.h"
#include "wire/enums.h"
#include "wire/tally.pb.h"

namespace tally::wire {
namespace {

void to_proto(const Operation& operation, v1::Operation& proto) {
  proto.set_kind(wire::to_proto(operation.kind));
  proto.set_name(operation.name.data(), operation.name.size());
  proto.set_value(operation.value);
  proto.set_idempotency_key(operation.idempotency_key.data(), operation.idempotency_key.size());
  proto.set_after(operation.after.data(), operation.after.size());
  proto.set_limit(operation.limit);
}

// Total, unlike its likes: one operation of an unknown kind, or with an impossible limit, is malformed for the replica
// that executes it, and leaves the others of the request alone.
Operation view_of(const v1::Operation& proto) {
  Operation operation;
  if (!from_proto(proto.kind(), operation.kind)) operation.kind = OperationKind::unspecified;
  operation.name = proto.name();
  operation.value = proto.value();
  operation.idempotency_key = proto.idempotency_key();
  operation.after = proto.after();
  operation.limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(proto.limit(), UINT32_MAX));
  return operation;
}

}  // namespace

std::string encode_operations(const std::vector<Operation>& operations) {
  thread_local Reused<v1::Operations> reused;
  v1::Operations& proto = reused.next();
  for (const Operation& operation : operations) to_proto(operation, *proto.add_operations());
  std::string bytes = proto.SerializeAsString();
  reused.has_coded(bytes.size());
  return bytes;
}

bool decode_operations(std::string_view bytes, std::vector<Operation>& operations) {
  thread_local Reused<v1::Operations> reused;  // owns what the views point to
  operations.clear();
  if (bytes.size() > limits::message_bytes || !has_at_most(limits::request_operations, bytes)) return false;
  v1::Operations& proto = reused.next();
  reused.has_coded(bytes.size());
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  operations.reserve(static_cast<std::size_t>(proto.operations_size()));
  for (const v1::Operation& operation : proto.operations()) operations.push_back(view_of(operation));
  return true;
}

}  // namespace tally::wire
