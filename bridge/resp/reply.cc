// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/reply.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "bridge/resp/host.h"

namespace tally::bridge::resp {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view plain_text = "txt:";  // a verbatim string's format
constexpr std::size_t integer_length = 20;       // of the longest, with its sign
constexpr int double_precision = 17;             // of Redis; enough to read back the same number

ErrorReply kind_of(std::string_view error) {
  using enum ErrorReply;
  static constexpr std::pair<std::string_view, ErrorReply> kinds[] = {
      {"ERR Protocol error", protocol}, {"NOAUTH", auth},    {"NOPERM", auth}, {"WRONGPASS", auth},
      {"TRYAGAIN", unavailable},        {"UNKNOWN", unknown}};
  for (const auto& [beginning, kind] : kinds)
    if (error.starts_with(beginning)) return kind;
  return other;
}

}  // namespace

void ReplyWriter::simple_string(std::string_view text) { line('+', text); }

void ReplyWriter::error(std::string_view text) {
  if (host_) host_->count_error(kind_of(text));
  line('-', text);
}

void ReplyWriter::integer(std::int64_t value) { number(':', value); }

void ReplyWriter::bulk_string(std::string_view bytes) {
  number('$', static_cast<std::int64_t>(bytes.size()));
  out_ += bytes;
  out_ += line_end;
}

void ReplyWriter::bulk_integer(std::int64_t value) {
  char digits[integer_length];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  bulk_string({digits, static_cast<std::size_t>(end - digits)});
}

void ReplyWriter::double_number(double value) {
  char digits[2 * double_precision];
  const auto general = std::chars_format::general;
  const char* const end = std::to_chars(digits, digits + sizeof digits, value, general, double_precision).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  is_resp3() ? line(',', text) : bulk_string(text);
}

void ReplyWriter::boolean(bool value) { is_resp3() ? line('#', value ? "t" : "f") : integer(value ? 1 : 0); }

void ReplyWriter::verbatim_string(std::string_view text) {
  if (!is_resp3()) return bulk_string(text);
  number('=', static_cast<std::int64_t>(plain_text.size() + text.size()));
  out_ += plain_text;
  out_ += text;
  out_ += line_end;
}

void ReplyWriter::null() { out_ += is_resp3() ? "_\r\n" : "$-1\r\n"; }

void ReplyWriter::null_array() { out_ += is_resp3() ? "_\r\n" : "*-1\r\n"; }

void ReplyWriter::array(std::size_t elements) { number('*', static_cast<std::int64_t>(elements)); }

void ReplyWriter::map(std::size_t pairs) {
  is_resp3() ? number('%', static_cast<std::int64_t>(pairs)) : array(2 * pairs);
}

void ReplyWriter::set(std::size_t elements) { number(is_resp3() ? '~' : '*', static_cast<std::int64_t>(elements)); }

void ReplyWriter::push(std::size_t elements) { number(is_resp3() ? '>' : '*', static_cast<std::int64_t>(elements)); }

void ReplyWriter::line(char type, std::string_view text) {
  out_ += type;
  const auto begin = static_cast<std::ptrdiff_t>(out_.size());
  out_ += text;
  const auto ends_line = [](char byte) { return byte == '\r' || byte == '\n'; };
  std::replace_if(out_.begin() + begin, out_.end(), ends_line, ' ');
  out_ += line_end;
}

void ReplyWriter::number(char type, std::int64_t value) {
  char text[1 + integer_length + line_end.size()];
  text[0] = type;
  char* end = std::to_chars(text + 1, text + 1 + integer_length, value).ptr;
  end += line_end.copy(end, line_end.size());
  out_.append(text, static_cast<std::size_t>(end - text));
}

}  // namespace tally::bridge::resp
