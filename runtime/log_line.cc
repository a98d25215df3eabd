// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_line.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tally {
namespace {

constexpr char32_t no_character = 0xFFFD;  // stands for a byte that belongs to no character
constexpr std::string_view ellipsis = "…";

struct Character {
  char32_t point = no_character;
  std::size_t bytes = 1;
};

// The first character of `text`, which is not empty (RFC 3629).
Character first_of(std::string_view text) {
  constexpr std::array<unsigned char, 5> lead_mask{0, 0x7F, 0x1F, 0x0F, 0x07};
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
  if (bytes == 0 || bytes > text.size()) return {};
  char32_t point = lead & lead_mask.at(bytes);
  for (const char raw : text.substr(1, bytes - 1)) {
    const auto byte = static_cast<unsigned char>(raw);
    if ((byte & 0xC0) != 0x80) return {};
    point = (point << 6) | (byte & 0x3F);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < smallest.at(bytes) || point > 0x10FFFF || surrogate) return {};
  return {point, bytes};
}

// False of controls (C0, DEL, C1), line and paragraph separators, and of what sets the direction of
// text (Unicode's UAX #9).
bool is_visible(char32_t point) {
  if (point < 0x20 || (point >= 0x7F && point <= 0x9F)) return false;
  if (point == 0x061C || point == 0x200E || point == 0x200F) return false;
  return (point < 0x2028 || point > 0x202E) && (point < 0x2066 || point > 0x2069) && point != no_character;
}

std::string escaped_first(std::string_view text, const Character& character) {
  if (!is_visible(character.point)) {
    std::array<char, 8> code{};
    std::snprintf(code.data(), code.size(), "\\u%04x",
                  static_cast<unsigned>(character.point));  // all of these have at most four digits
    return code.data();
  }
  const std::string itself(text.substr(0, character.bytes));
  return itself == "\"" || itself == "\\" ? '\\' + itself : itself;
}

// The values of one line. Each of them gets the room that those before it have left.
class Values {
 public:
  std::string escaped(std::string_view value) {
    std::string text = tally::escaped(value, left_);
    left_ -= std::min(left_, text.size());
    return text;
  }

 private:
  std::size_t left_ = log_line_value_bytes;
};

bool needs_no_quotes(std::string_view value, std::string_view written) {
  return !value.empty() && value == written && value.find_first_of(" =") == std::string_view::npos;
}

}  // namespace

std::string escaped(std::string_view text, std::size_t most_bytes) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_of(text);
    const std::string written = escaped_first(text, character);
    const bool is_last = text.size() == character.bytes;
    if (out.size() + written.size() + (is_last ? 0 : ellipsis.size()) > most_bytes) return out += ellipsis;
    out += written;
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string as_text(const Event& event) {
  Values values;
  std::string line = event.name;
  for (const auto& [key, value, is_number] : event.fields) {
    const std::string written = values.escaped(value);
    line += ' ' + key + '=' + (needs_no_quotes(value, written) ? written : '"' + written + '"');
  }
  return line;
}

std::string as_json_fields(const Event& event) {
  Values values;
  std::string line = "\"event\":\"" + event.name + '"';
  for (const auto& [key, value, is_number] : event.fields) {
    const std::string written = values.escaped(value);  // if it was cut, it is no number any more
    const std::string quote = is_number && written == value ? "" : "\"";
    line += ",\"" + key + "\":" + quote + written + quote;
  }
  return line;
}

}  // namespace tally
