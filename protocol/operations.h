// SPDX-License-Identifier: Apache-2.0
// What can be done to counters, and what comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace tally {

enum class OperationKind : std::uint8_t {
  unspecified = 0,
  add = 1,
  get = 2,
  set = 3,
  remove = 4,
  list = 5,
  // Of operators, who come by the bridges' endpoints. replica/state_operators.cc
  list_sessions = 6,  // like list: each session as text, with the bytes of its stored results
  close_session = 7,  // `name`: of the session, as hexadecimal digits; value: the bytes that it had
  list_limits = 8,    // like list: each limit of an account, and how much of it is used
  set_limit = 9,      // `name`: of the limit; `value`: what it is from now on
};

inline bool is_list(OperationKind kind) {
  return kind == OperationKind::list || kind == OperationKind::list_sessions || kind == OperationKind::list_limits;
}
inline bool is_read(OperationKind kind) { return kind == OperationKind::get || is_list(kind); }

// One operation as a replica executes it. The views belong to whoever decoded the request.
struct Operation {
  OperationKind kind = OperationKind::unspecified;
  std::string_view name;             // list: the prefix
  std::int64_t value = 0;            // add: the increment; set: the new value
  std::string_view idempotency_key;  // empty: none. Not allowed with get and list
  std::string_view after;            // list: only names greater than this, in byte order
  std::uint32_t limit = 0;           // list: most entries, 1 .. limits::list_entries
};

// The same, owning its text: what a client hands in.
struct OwnedOperation {
  OperationKind kind = OperationKind::unspecified;
  std::string name;
  std::int64_t value = 0;
  std::string idempotency_key;
  std::string after;
  std::uint32_t limit = 0;

  Operation view() const { return {kind, name, value, idempotency_key, after, limit}; }
};

enum class OperationStatus : std::uint8_t {
  ok = 1,  // value: the counter's value afterwards (remove: before)
  // Get, remove: there is no such counter; close_session, set_limit: no such session or limit.
  not_found = 2,
  overflow = 3,       // add: the sum is not a signed 64-bit number; value: unchanged
  malformed = 4,      // the operation itself makes no sense: bad name, kind, limit
  key_reused = 5,     // this idempotency key came with another operation before
  counters_full = 6,  // no room for another counter
  keys_full = 7,      // no room for another idempotency key
  read_only = 8,      // a change inside a request that promised none
  forbidden = 9,      // an operator's, and whose session this is is none
};

enum class RequestOutcome : std::uint8_t {
  // Results follow. A repetition brings the stored results again, with the first sequence.
  executed = 1,
  session_opened = 2,  // or open already, under the same secret
  session_closed = 3,
  session_expired = 4,  // unknown or expired session; not executed
  sessions_full = 5,    // not executed
  stale = 6,            // acknowledged before; not executed (again)
  beyond_window = 7,    // number > acknowledged + limits::session_window; not executed
  // The operations could not be decoded; or this number came with others before; or it is no number
  // above `acknowledged`. Not executed.
  malformed = 8,
  results_too_large = 9,  // would exceed the request's own result limit; not executed
  results_full = 10,      // no room to store results until they are acknowledged; not executed
  voided = 11,            // an operator voided the order (law 14); not executed
};

struct ListedCounter {
  std::string name;
  std::int64_t value = 0;
  auto operator<=>(const ListedCounter&) const = default;
};

struct OperationResult {
  OperationStatus status{};
  std::int64_t value = 0;
  // Set when an idempotency key brought an earlier result again.
  std::optional<Sequence> first_sequence;
  std::vector<ListedCounter> listed;  // list only, in byte order of the names
  auto operator<=>(const OperationResult&) const = default;
};

struct RequestResult {
  RequestOutcome outcome{};
  Sequence sequence;  // the order that executed the request first
  std::vector<OperationResult> operations;
  auto operator<=>(const RequestResult&) const = default;
};

// The canonical layout of results: one byte string of fixed layout, little-endian, so that equal
// answers are equal bytes. docs/protocol.md specifies it.
//
//   request result   := outcome u8, sequence u64, count u32, operation result * count
//   operation result := status u8 (+ 0x80: first_sequence follows; + 0x40: a list follows), value i64,
//                       [first_sequence u64], [entries u32, (name size u16, name, value i64) * entries]
namespace results {

inline constexpr std::size_t header_bytes = 13;
inline constexpr std::size_t operation_bytes = 9;  // of one result without first_sequence and list
inline constexpr std::uint8_t has_first_sequence = 0x80;
inline constexpr std::uint8_t has_list = 0x40;

inline void append_header(std::string& bytes, RequestOutcome outcome, Sequence sequence, std::uint32_t count) {
  append_number(bytes, static_cast<std::uint8_t>(outcome));
  append_number(bytes, sequence.value);
  append_number(bytes, count);
}

inline void append_operation(std::string& bytes, OperationStatus status, std::int64_t value) {
  char raw[operation_bytes];
  raw[0] = static_cast<char>(status);
  std::memcpy(raw + 1, &value, sizeof value);
  bytes.append(raw, sizeof raw);
}

// A result with a list: its entries are appended in between.
inline std::size_t begin_list(std::string& bytes) {
  const std::size_t start = bytes.size();
  bytes.append(operation_bytes + sizeof(std::uint32_t), '\0');
  return start;
}
inline void end_list(std::string& bytes, std::size_t start, std::uint32_t entries) {
  const std::int64_t value = entries;
  bytes[start] = static_cast<char>(static_cast<std::uint8_t>(OperationStatus::ok) | has_list);
  std::memcpy(bytes.data() + start + 1, &value, sizeof value);
  std::memcpy(bytes.data() + start + operation_bytes, &entries, sizeof entries);
}

// Total: any bytes give a result or nothing.
std::optional<RequestResult> decode(std::string_view bytes);

}  // namespace results

// The most bytes that a request result of these operations can take; what a client asks for as
// `result_limit`, and what a replica compares with it before it executes anything:
//
//   header_bytes + for each operation: operation_bytes
//                + 8 with an idempotency key (first_sequence)
//                + 4 + min(limit, limits::list_entries) * (2 + limits::name_bytes + 8) for a list
std::size_t worst_result_bytes(const std::vector<Operation>& operations);

// A list's texts and limit are what they may be.
bool is_proper_list(const Operation& operation);

// UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F) and without format characters
// (Unicode's category Cf), which are not seen, or turn around how the rest is seen.
bool is_plain_text(std::string_view text);

// A counter's: plain text of 1 to 256 bytes. Names are compared by their bytes.
bool is_valid_name(std::string_view name);

}  // namespace tally
