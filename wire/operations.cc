// SPDX-License-Identifier: Apache-2.0
// Operations are coded by protocol/operation_codec.cc, without protobuf. Here the compiler checks
// that the field numbers there are those of tally.proto; wire/enums.h checks the kinds. That the
// bytes are protobuf's own is what wire_test and the fuzz target `operations` check.
#include "protocol/operation_codec.h"
#include "wire/enums.h"
#include "wire/tally.pb.h"

namespace tally::wire {

static_assert(v1::Operation::kKindFieldNumber == operation_field::kind);
static_assert(v1::Operation::kNameFieldNumber == operation_field::name);
static_assert(v1::Operation::kValueFieldNumber == operation_field::value);
static_assert(v1::Operation::kIdempotencyKeyFieldNumber == operation_field::idempotency_key);
static_assert(v1::Operation::kAfterFieldNumber == operation_field::after);
static_assert(v1::Operation::kLimitFieldNumber == operation_field::limit);
static_assert(v1::Operation::kExpiryKindFieldNumber == operation_field::expiry_kind);
static_assert(v1::Operation::kExpiryMsFieldNumber == operation_field::expiry_ms);
static_assert(v1::Operation::kConditionsFieldNumber == operation_field::conditions);
static_assert(v1::Operation::kDetailFieldNumber == operation_field::detail);
static_assert(v1::Operations::kOperationsFieldNumber == operations_field);

}  // namespace tally::wire
