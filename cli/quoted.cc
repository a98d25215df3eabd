// SPDX-License-Identifier: Apache-2.0
#include "cli/quoted.h"

#include "protocol/hex.h"
#include "protocol/operations.h"

namespace tally::cli {
namespace {

constexpr std::size_t longest_character = 4;  // in UTF-8

// How many bytes the character has that `text` begins with; zero if it is none, or must not be
// shown.
std::size_t plain_character(std::string_view text) {
  for (std::size_t size = 1; size <= longest_character && size <= text.size(); ++size)
    if (is_plain_text(text.substr(0, size))) return size;
  return 0;
}

bool is_separator(std::string_view character) { return character == "\u2028" || character == "\u2029"; }

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char& byte : bytes) text.append("\\x").append(to_hex(std::string_view(&byte, 1)));
  return text;
}

}  // namespace

std::string quoted(std::string_view text, std::size_t most_bytes) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = plain_character(text);
    const std::string_view character = text.substr(0, size == 0 ? 1 : size);
    std::string written = character == "\"" || character == "\\" ? "\\" : "";
    if (size == 0 || is_separator(character))
      written = hexadecimal(character);
    else
      written += character;
    if (out.size() + written.size() + 1 > most_bytes) return out + "…\"";
    out += written;
    text.remove_prefix(character.size());
  }
  return out + '"';
}

}  // namespace tally::cli
