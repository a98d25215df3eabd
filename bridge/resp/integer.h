// SPDX-License-Identifier: Apache-2.0
// Signed 64-bit integers as Redis reads them, in counts as well as in arguments: decimal digits,
// with a minus sign if the number is negative. Every number has one spelling: a plus sign, a blank,
// a leading zero and "-0" are refused. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/whole_number.h"

namespace tally::bridge::resp {

// Nothing, if the text is no such integer or if it does not fit.
inline std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text == "0") return 0;
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.front() < '1' || digits.front() > '9') return std::nullopt;
  const auto number = whole_number<std::int64_t>(text);
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace tally::bridge::resp
