// SPDX-License-Identifier: Apache-2.0
#include "journal/identity.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "journal/format.h"
#include "protocol/digest.h"

namespace tally {
namespace {

constexpr int hex = 16;
constexpr std::size_t hex_digits = 16;

std::string first_line() { return "tally journal, format " + std::to_string(journal_format) + '\n'; }

std::string hex_of(std::uint64_t number) {
  std::array<char, hex_digits> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, hex).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return std::string(hex_digits - text.size(), '0') + std::string(text);
}

}  // namespace

std::string to_hex(GroupId group) { return hex_of(group.value); }

std::string encode_identity(const JournalIdentity& identity) {
  const std::string text =
      first_line() + "role distributor\ngroup " + to_hex(identity.group) + "\nmade " + identity.made + '\n';
  return text + "checksum " + hex_of(checksum_of(text)) + '\n';
}

// Whatever is encoded again as the same text.
std::optional<JournalIdentity> decode_identity(std::string_view text) {
  constexpr std::string_view group_label = "\ngroup ";
  constexpr std::string_view made_label = "\nmade ";
  const std::size_t group = text.find(group_label);
  const std::size_t made = text.find(made_label);
  if (group == std::string_view::npos || made == std::string_view::npos) return std::nullopt;
  JournalIdentity identity;
  const char* digits = text.data() + group + group_label.size();
  if (std::from_chars(digits, text.data() + text.size(), identity.group.value, hex).ec != std::errc())
    return std::nullopt;
  const std::string_view rest = text.substr(made + made_label.size());
  identity.made = rest.substr(0, rest.find('\n'));
  return encode_identity(identity) == text ? std::optional(identity) : std::nullopt;
}

}  // namespace tally
