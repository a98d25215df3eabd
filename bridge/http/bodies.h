// SPDX-License-Identifier: Apache-2.0
// The body of a request: a UTF-8 JSON object without unknown or repeated members; empty where
// nothing is required. Pure; any bytes give a value or a problem.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/http/problem.h"
#include "bridge/http/request.h"
#include "protocol/messages.h"

namespace tally::bridge::http {

// Whether the head says of the body what this bridge can read: JSON in UTF-8, as it is. Where no
// browser sends it no type at all is fine, and so is a form, which check_form() looks at: `curl -d`
// says that of whatever it sends.
std::optional<Problem> check_media(const HttpRequest& request);

// That a body that is said to be a form is JSON.
std::optional<Problem> check_form(const HttpRequest& request);

tl::expected<std::int64_t, Problem> parse_increment(std::string_view body);
tl::expected<std::int64_t, Problem> parse_value(std::string_view body);
tl::expected<Fault, Problem> parse_fault(std::string_view body);
// Of a request that needs none.
std::optional<Problem> check_nothing(std::string_view body);

}  // namespace tally::bridge::http
