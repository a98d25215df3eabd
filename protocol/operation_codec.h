// SPDX-License-Identifier: Apache-2.0
// What a request carries: operations as bytes, and back (Request::operations).
//
// Every replica executes what decode_operations makes of the bytes, so decoding is part of the
// semantics: the same bytes give the same operations, or are refused, in every replica.
//
// The bytes are those that protobuf writes and reads for tally.v1.Operations. They are coded here
// without protobuf's objects, because every operation passes here once in its client and once in
// each replica (docs/decisions/0009-operations-without-objects.md). wire/operations.cc makes the
// compiler check that the field numbers below are those of tally.proto. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/operations.h"

namespace tally {

// The encodings of two lists, one behind the other, are the encoding of both lists together.
std::string encode_operations(const std::vector<Operation>& operations);

// Replaces `operations` by views of the bytes. False, and no operations: the bytes are no
// tally.v1.Operations, or hold more than limits::request_operations. An unknown kind becomes
// OperationKind::unspecified, an unknown kind of expiry ExpiryKind::unknown, and a limit or
// conditions beyond 32 bits UINT32_MAX: such an operation is malformed, and the others of the
// request are not.
bool decode_operations(std::string_view bytes, std::vector<Operation>& operations);

// The field numbers of tally.v1.Operation, and of the list in tally.v1.Operations.
namespace operation_field {
inline constexpr int kind = 1;
inline constexpr int name = 2;
inline constexpr int value = 3;
inline constexpr int idempotency_key = 4;
inline constexpr int after = 5;
inline constexpr int limit = 6;
inline constexpr int expiry_kind = 7;
inline constexpr int expiry_ms = 8;
inline constexpr int conditions = 9;
inline constexpr int detail = 10;
}  // namespace operation_field
inline constexpr int operations_field = 1;

}  // namespace tally
