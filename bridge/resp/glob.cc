// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/glob.h"

#include <algorithm>
#include <utility>

namespace tally::bridge::resp {
namespace {

constexpr std::size_t word_bits = 64;
constexpr std::size_t bytes = 256;  // how many values one has

unsigned char folded(unsigned char code, Letters letters) {
  const bool is_capital = code >= 'A' && code <= 'Z';
  return letters == Letters::any_case && is_capital ? static_cast<unsigned char>(code + 'a' - 'A') : code;
}

template <class Bits>
void set_bit(Bits& bits, std::size_t place) {
  bits[place / word_bits] |= std::uint64_t{1} << place % word_bits;
}

template <class Bits>
bool has_bit(const Bits& bits, std::size_t place) {
  return (bits[place / word_bits] >> place % word_bits & 1) != 0;
}

}  // namespace

Glob::Glob(std::string_view pattern, Letters letters) {
  while (!pattern.empty() && !is_too_long_) {
    if (pattern.starts_with('*')) {
      set_bit(stars_, elements_);
      pattern.remove_prefix(1);
    } else if (elements_ == most_elements) {
      is_too_long_ = true;
    } else {
      add_element(pattern, letters);
      ++elements_;
    }
  }
}

// The element that the pattern begins with, which is no `*`, is taken off.
void Glob::add_element(std::string_view& pattern, Letters letters) {
  if (pattern.front() == '[') return add_set(pattern, letters);
  if (pattern.front() == '?') {
    set_bit(elements_of_any_byte_, elements_);
  } else {
    if (pattern.front() == '\\' && pattern.size() >= 2) pattern.remove_prefix(1);
    add_byte(pattern.front(), letters);
  }
  pattern.remove_prefix(1);
}

void Glob::add_byte(char byte, Letters letters) {
  const unsigned char code = folded(static_cast<unsigned char>(byte), letters);
  set_bit(elements_of_byte_[code], elements_);
  const bool has_capital = letters == Letters::any_case && code >= 'a' && code <= 'z';
  if (has_capital) set_bit(elements_of_byte_[static_cast<std::size_t>(code) - 'a' + 'A'], elements_);
}

// A set that is not closed reaches to the pattern's end. What a backslash takes is no letter of any
// case.
void Glob::add_set(std::string_view& pattern, Letters letters) {
  pattern.remove_prefix(1);
  const bool is_negated = pattern.starts_with('^');
  if (is_negated) pattern.remove_prefix(1);
  std::array<int, bytes + 1> steps{};  // how many more ranges there are from this byte on
  std::array<bool, bytes> taken_as_they_are{};
  const auto add_range = [&](char one, char other) {
    unsigned char first = folded(static_cast<unsigned char>(one), letters);
    unsigned char last = folded(static_cast<unsigned char>(other), letters);
    if (first > last) std::swap(first, last);
    ++steps[first];
    --steps[last + std::size_t{1}];
  };
  while (!pattern.empty() && pattern.front() != ']') {
    std::size_t size = 1;
    if (pattern.front() == '\\' && pattern.size() >= 2) {
      size = 2;
      taken_as_they_are[static_cast<unsigned char>(pattern[1])] = true;
    } else if (pattern.size() >= 3 && pattern[1] == '-') {
      size = 3;
      add_range(pattern[0], pattern[2]);
    } else {
      add_range(pattern.front(), pattern.front());
    }
    pattern.remove_prefix(size);
  }
  if (!pattern.empty()) pattern.remove_prefix(1);

  std::array<bool, bytes> is_in_range{};
  int ranges = 0;
  for (std::size_t code = 0; code < bytes; ++code) is_in_range[code] = (ranges += steps[code]) > 0;
  for (std::size_t code = 0; code < bytes; ++code) {
    const bool is_in = taken_as_they_are[code] || is_in_range[folded(static_cast<unsigned char>(code), letters)];
    if (is_in != is_negated) set_bit(elements_of_byte_[code], elements_);
  }
}

// All ways to match are followed at the same time: a bit of `matched` stands for so many elements
// that what was read of the text may be. With each byte, one element more is matched where it may
// be, and a star lets a number stay.
bool Glob::matches(std::string_view text) const {
  if (is_too_long_) return false;
  const std::size_t words = elements_ / word_bits + 1;
  Bits matched{};
  set_bit(matched, 0);
  for (const char byte : text) {
    const Bits& elements = elements_of_byte_[static_cast<unsigned char>(byte)];
    std::uint64_t carry = 0;
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words; ++word) {
      const std::uint64_t more = matched[word] & (elements[word] | elements_of_any_byte_[word]);
      matched[word] = more << 1 | carry | (matched[word] & stars_[word]);
      carry = more >> (word_bits - 1);
      any |= matched[word];
    }
    if (any == 0) return false;
  }
  return has_bit(matched, elements_);
}

}  // namespace tally::bridge::resp
