// SPDX-License-Identifier: Apache-2.0
// The body of a request. It is a JSON object in UTF-8 without unknown or repeated members, and may
// be empty where nothing is required. Pure; any bytes give a value or a problem.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/http/problem.h"
#include "bridge/http/request.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally::bridge::http {

// Checks that the head announces a body that this bridge can read: JSON in UTF-8, without a coding.
// If it is not sent by a browser, it may also have no type, or the type of a form, because `curl
// -d` says that of whatever it sends; check_form() then looks at the body itself.
std::optional<Problem> check_media(const HttpRequest& request);

// Checks that a body is JSON that is said to be a form.
std::optional<Problem> check_form(const HttpRequest& request);

// A change of a counter, and how long the counter is to last then.
struct Change {
  std::int64_t value = 0;
  Expiry expiry;  // of ExpiryKind::none or ExpiryKind::after
};
tl::expected<Change, Problem> parse_increment(std::string_view body);
tl::expected<Change, Problem> parse_value(std::string_view body);
tl::expected<Fault, Problem> parse_fault(std::string_view body);
// Of the distributor or the comparator, which only crash and hang, and at once.
tl::expected<Fault, Problem> parse_role_fault(std::string_view body);
// Checks the body of a request that needs none.
std::optional<Problem> check_nothing(std::string_view body);

}  // namespace tally::bridge::http
