// SPDX-License-Identifier: Apache-2.0
// What protobuf's own parse makes of an operation, to compare our decoder with.
#pragma once

#include <algorithm>
#include <cstdint>

#include "protocol/operations.h"
#include "wire/tally.pb.h"

namespace tally {

// Views of `proto`.
inline Operation view_of(const v1::Operation& proto) {
  const auto clipped = [](std::uint64_t number) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, UINT32_MAX));
  };
  const bool known = v1::OperationKind_IsValid(proto.kind());
  const bool expiry_known = v1::ExpiryKind_IsValid(proto.expiry_kind());
  return {known ? static_cast<OperationKind>(proto.kind()) : OperationKind::unspecified,
          proto.name(),
          proto.value(),
          proto.idempotency_key(),
          proto.after(),
          clipped(proto.limit()),
          {expiry_known ? static_cast<ExpiryKind>(proto.expiry_kind()) : ExpiryKind::unknown, proto.expiry_ms()},
          clipped(proto.conditions()),
          proto.detail()};
}

inline bool same(const Operation& one, const Operation& other) {
  return one.kind == other.kind && one.name == other.name && one.value == other.value &&
         one.idempotency_key == other.idempotency_key && one.after == other.after && one.limit == other.limit &&
         one.expiry == other.expiry && one.conditions == other.conditions && one.detail == other.detail;
}

}  // namespace tally
