// SPDX-License-Identifier: Apache-2.0
// The small pieces that values of HTTP fields are made of (RFC 9110, section 5.6). Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace tally::bridge::http {

// The text without blanks around it.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The text without the quotation marks around it, if there are both.
inline std::string_view unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace tally::bridge::http
