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
  clear = 10,         // removes what scan would list, and answers as scan does, but for the list
  // Of everybody again.
  expire = 11,  // gives the counter another expiry, or none
  check = 12,   // if the conditions do not hold, the next `limit` operations are passed over
  scan = 13,    // lists counters, newest first, from the cursor `value` on; 0: from the newest
  count = 14,   // how many counters there are
};
inline constexpr OperationKind last_operation_kind = OperationKind::count;

// What brings a list of names with their values.
inline bool is_list(OperationKind kind) {
  return kind == OperationKind::list || kind == OperationKind::scan || kind == OperationKind::list_sessions ||
         kind == OperationKind::list_limits;
}
inline bool is_read(OperationKind kind) {
  return kind == OperationKind::get || kind == OperationKind::check || kind == OperationKind::count || is_list(kind);
}

// When a counter is gone: from that time on it is missing, for whatever is executed.
//
// Orders bring two clocks (law 5). Served time always advances, so it measures how long something
// lasts. Calendar time says which date it is, and stands still for as long as somebody has set the
// machine's clock forward and back again.
enum class ExpiryKind : std::uint8_t {
  none = 0,       // set, expire: the counter lasts. add: what it has stays
  keep = 1,       // set: what it has stays
  after = 2,      // so many milliseconds of served time from now. add: if it has no expiry yet
  at = 3,         // set, expire: at this calendar time, in milliseconds since 1970
  unknown = 255,  // of another version; the operation is malformed
};
struct Expiry {
  ExpiryKind kind = ExpiryKind::none;
  std::int64_t milliseconds = 0;
  auto operator<=>(const Expiry&) const = default;
};

// What must hold of the counter. Where several bits are set, all of them must.
namespace condition {
inline constexpr std::uint32_t missing = 1;         // set, check
inline constexpr std::uint32_t present = 2;         // set, check
inline constexpr std::uint32_t unchanged = 4;       // check: its last change is `value`; 0: missing
inline constexpr std::uint32_t without_expiry = 8;  // expire
inline constexpr std::uint32_t with_expiry = 16;    // expire; count: only these
inline constexpr std::uint32_t later = 32;          // expire: than what it has; none is the latest
inline constexpr std::uint32_t sooner = 64;         // expire: than what it has
inline constexpr std::uint32_t equal = 128;         // check: it is there, and its value is `value`
}  // namespace condition

// One operation as a replica executes it. The views belong to whoever decoded the request.
struct Operation {
  OperationKind kind = OperationKind::unspecified;
  std::string_view name;  // list: the prefix
  // add: the increment; set: the new value; scan, clear: the cursor; check: the last change, or the
  // value, that its conditions name.
  std::int64_t value = 0;
  std::string_view idempotency_key;  // empty: none. Only with add, set and remove
  std::string_view after;            // list: only names greater than this, in byte order
  // list, scan, clear: most entries, 1 .. limits::list_entries; check: how many operations it passes
  // over; add: how many times, one after the other, each as if it stood alone; 0: once; at most
  // limits::additions.
  std::uint32_t limit = 0;
  Expiry expiry{};
  std::uint32_t conditions = 0;  // of the namespace condition
  bool detail = false;           // add, get, set, remove, expire: the result has a CounterDetail
};

// The same, owning its text: what a client hands in.
struct OwnedOperation {
  OperationKind kind = OperationKind::unspecified;
  std::string name;
  std::int64_t value = 0;
  std::string idempotency_key;
  std::string after;
  std::uint32_t limit = 0;
  Expiry expiry = {};
  std::uint32_t conditions = 0;
  bool detail = false;

  Operation view() const { return {kind, name, value, idempotency_key, after, limit, expiry, conditions, detail}; }
};

enum class OperationStatus : std::uint8_t {
  // value: the counter's value afterwards (remove, expire: before); scan, clear: the next cursor, 0
  // at the end; count: how many.
  ok = 1,
  // Get, remove, expire: there is no such counter; close_session, set_limit: no such session or
  // limit.
  not_found = 2,
  // add: the sum is not a signed 64-bit number. value: the counter's before it. Of an add that is
  // done several times, those at the beginning that have room were done all the same.
  overflow = 3,
  malformed = 4,      // the operation itself makes no sense: bad name, kind, limit
  key_reused = 5,     // this idempotency key came with another operation before
  counters_full = 6,  // no room for another counter
  keys_full = 7,      // no room for another idempotency key
  read_only = 8,      // a change inside a request that promised none
  forbidden = 9,      // an operator's, and whose session this is is none
  not_met = 10,       // set, expire, check: the conditions do not hold; value: the counter's, or 0
  passed_over = 11,   // by a check that did not hold
  // List: too many counters are in the way whose time has come. Each order removes some of them, so
  // a later list gets through.
  crowded = 12,
};
inline constexpr OperationStatus last_operation_status = OperationStatus::crowded;

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

// A counter as it is after an operation with `detail`; after remove there is none.
struct CounterDetail {
  static constexpr std::int64_t never = -1;

  std::int64_t expires_in_ms = never;
  std::int64_t expires_at_ms = never;  // calendar time, in milliseconds since 1970
  // Names the last change, and is equal to no other change's; 0: there is no such counter.
  std::uint64_t last_change = 0;
  auto operator<=>(const CounterDetail&) const = default;
};

struct OperationResult {
  OperationStatus status{};
  std::int64_t value = 0;
  // Set when an idempotency key brought an earlier result again.
  std::optional<Sequence> first_sequence;
  // Where it was asked for, unless the counter was not even looked at: malformed, key_reused,
  // keys_full, read_only, passed_over.
  std::optional<CounterDetail> detail;
  std::vector<ListedCounter> listed;  // list: in byte order of the names; scan: the newest first
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
//   operation result := status u8 (+ 0x80: first_sequence follows; + 0x40: a list follows;
//                                  + 0x20: a detail follows), value i64,
//                       [first_sequence u64], [expires in i64, expires at i64, last change u64],
//                       [entries u32, (name size u16, name, value i64) * entries]
namespace results {

inline constexpr std::size_t header_bytes = 13;
inline constexpr std::size_t operation_bytes = 9;  // of one result without what may follow
inline constexpr std::size_t detail_bytes = 24;
inline constexpr std::uint8_t has_first_sequence = 0x80;
inline constexpr std::uint8_t has_list = 0x40;
inline constexpr std::uint8_t has_detail = 0x20;

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
inline void end_list(std::string& bytes, std::size_t start, std::uint32_t entries, std::int64_t value) {
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
//                + 24 with `detail`
//                + 4 + min(limit, limits::list_entries) * (2 + limits::name_bytes + 8) for a list
std::size_t worst_result_bytes(const std::vector<Operation>& operations);
// The part of it that is one operation's.
std::size_t worst_result_bytes(const Operation& operation);

// How many of `times` additions, one after the other, have room. What does not fit is an overflow,
// and so are all after it.
std::uint32_t additions_with_room(std::int64_t value, std::int64_t increment, std::uint32_t times);

// A list's texts, limit and cursor are what they may be.
bool is_proper_list(const Operation& operation);

// Idempotency key, expiry and conditions are such as this kind of operation may have.
bool has_proper_terms(const Operation& operation);

// UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F) and without format characters
// (Unicode's category Cf), which are not seen, or turn around how the rest is seen.
bool is_plain_text(std::string_view text);

// A counter's: plain text of 1 to 256 bytes. Names are compared by their bytes.
bool is_valid_name(std::string_view name);

}  // namespace tally
