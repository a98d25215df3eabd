// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace tally {
namespace {

bool needs_escape(char byte) { return byte == '"' || byte == '\\' || static_cast<unsigned char>(byte) < 0x20; }

void append_escape(std::string& out, char byte) {
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      out += code;
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto special = std::ranges::find_if(text, needs_escape);
    const auto plain = static_cast<std::size_t>(special - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    append_escape(out, text.front());
    text.remove_prefix(1);
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

}  // namespace

JsonText& JsonText::name(std::string_view name) {
  separate();
  ((out_ += '"') += name) += "\":";
  comma_is_due_ = false;
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  separate();
  append_quoted(out_, text);
  return *this;
}

JsonText& JsonText::value(Decimal number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", number.digits, number.value);
  return plain(text);
}

JsonText& JsonText::begin(char bracket) {
  separate();
  out_ += bracket;
  comma_is_due_ = false;
  return *this;
}

JsonText& JsonText::end(char bracket) {
  out_ += bracket;
  comma_is_due_ = true;
  return *this;
}

JsonText& JsonText::plain(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

JsonText& JsonText::whole(std::int64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonText& JsonText::whole(std::uint64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

void JsonText::separate() {
  if (comma_is_due_) out_ += ',';
  comma_is_due_ = true;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

}  // namespace tally
