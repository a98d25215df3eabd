// SPDX-License-Identifier: Apache-2.0
// Small things that many commands share: words in any case, and the answers to what makes no sense.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bridge/resp/integer.h"
#include "bridge/resp/session.h"

namespace tally::bridge::resp {

// Whether the client's word is this one, whose letters are small.
inline bool is_word(std::string_view given, std::string_view word) {
  return std::ranges::equal(given, word, {}, [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
}

// [ASYNC | SYNC]
inline bool are_flush_options(Arguments options) {
  return options.empty() || (options.size() == 1 && (is_word(options[0], "async") || is_word(options[0], "sync")));
}

inline void syntax_error(Session& session) { session.error("ERR syntax error"); }

inline constexpr std::string_view no_integer = "ERR value is not an integer or out of range";

// Nothing: it is no integer, and the client was told so.
inline std::optional<std::int64_t> integer_of(Session& session, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) session.error(no_integer);
  return number;
}

}  // namespace tally::bridge::resp
