// SPDX-License-Identifier: Apache-2.0
// Patterns of names as KEYS, SCAN and CONFIG GET take them: `*` stands for any bytes, `?` for one,
// `[abc]`, `[a-z]` and `[^a]` for one of a set, and a backslash takes the next byte as it is.
//
// A pattern is read once, and then compared with one name after the other. Whatever the pattern is,
// a name takes time in proportion to its own size alone: KEYS compares a thousand names in one turn
// of the bridge, and a client may send a pattern of 64 KiB.
//
// Source: https://redis.io/commands/keys, and Redis 7.0.15 for patterns that are not whole. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/limits.h"

namespace tally::bridge::resp {

enum class Letters { exact, any_case };

class Glob {
 public:
  explicit Glob(std::string_view pattern, Letters letters = Letters::exact);

  // No text that is longer than a counter's name matches, but by a star.
  bool matches(std::string_view text) const;

 private:
  // An element stands for one byte. So a pattern of more elements than a name has bytes matches
  // none, and how far it is matched is one bit for each number of elements.
  static constexpr std::size_t most_elements = limits::name_bytes;
  using Bits = std::array<std::uint64_t, most_elements / 64 + 1>;

  void add_element(std::string_view& pattern, Letters letters);
  void add_set(std::string_view& pattern, Letters letters);
  void add_byte(char byte, Letters letters);

  std::array<Bits, 256> elements_of_byte_{};  // that it matches
  Bits elements_of_any_byte_{};
  Bits stars_{};  // behind how many elements there is a star
  std::size_t elements_ = 0;
  bool is_too_long_ = false;
};

}  // namespace tally::bridge::resp
