// SPDX-License-Identifier: Apache-2.0
// What can go wrong with an HTTP request, as a value. One table gives each kind its status and
// title; answers.h writes it as application/problem+json (RFC 9457).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tally::bridge::http {

enum class ProblemKind : std::uint8_t {
  malformed,
  unauthorized,
  forbidden,
  not_found,
  method_not_allowed,
  request_timeout,
  conflict,
  body_too_large,
  target_too_long,
  unsupported_type,
  misdirected,
  overflow,
  key_reused,
  too_many_keys,
  header_too_large,
  other_version,
  broken,  // a mistake of ours
  prefetch,
  overloaded,
  unavailable,
  undecided,
  draining,
  tables_full,
  outcome_unknown,
};

// Whether the request's change may have happened all the same.
enum class Applied : std::uint8_t { no, unknown };

struct Problem {
  ProblemKind kind = ProblemKind::broken;
  std::string detail;  // for people; UTF-8
  Applied applied = Applied::no;
  std::string allow = {};  // of method_not_allowed: the Allow field
};

struct ProblemRow {
  int status;
  std::string_view word;  // the end of the problem's type URI
  std::string_view title;
  bool retry;  // whether the answer says Retry-After
};
const ProblemRow& row_of(ProblemKind kind);

}  // namespace tally::bridge::http
