// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/problem.h"

#include "protocol/check.h"

namespace tally::bridge::http {
namespace {

// In the order of ProblemKind.
constexpr ProblemRow rows[] = {
    {400, "malformed", "Malformed request", false},
    {401, "unauthorized", "Token required", false},
    {403, "forbidden", "Not allowed", false},
    {404, "not-found", "Not found", false},
    {405, "method-not-allowed", "Method not allowed", false},
    {408, "request-timeout", "The request came too slowly", false},
    {409, "conflict", "Refused in this state", false},
    {413, "body-too-large", "Body too large", false},
    {414, "target-too-long", "Target too long", false},
    {415, "unsupported-type", "Unsupported media type", false},
    {421, "misdirected", "Not a host of this bridge", false},
    {422, "overflow", "Overflow", false},
    {422, "key-reused", "Idempotency key reused", false},
    {429, "too-many-keys", "Too many idempotency keys", true},
    {431, "header-too-large", "Header too large", false},
    {505, "other-version", "HTTP version not supported", false},
    {500, "broken", "Internal error", false},
    {503, "prefetch", "Prefetches are not counted", false},
    {503, "overloaded", "Overloaded", true},
    {503, "unavailable", "Unavailable", true},
    {503, "undecided", "Undecided", true},
    {503, "draining", "Draining", true},
    {503, "tables-full", "Tables full", true},
    {504, "outcome-unknown", "Outcome unknown", false},
};
static_assert(std::size(rows) == static_cast<std::size_t>(ProblemKind::outcome_unknown) + 1);

}  // namespace

const ProblemRow& row_of(ProblemKind kind) {
  const auto place = static_cast<std::size_t>(kind);
  CHECK(place < std::size(rows));
  return rows[place];
}

}  // namespace tally::bridge::http
