// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/parser.h"

#include <algorithm>

#include "bridge/resp/integer.h"
#include "bridge/resp/limits.h"
#include "protocol/check.h"

namespace tally::bridge::resp {
namespace {

// As C's isspace() in the "C" locale.
bool is_blank(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

// What ends an argument that is not quoted: neither vertical tab nor form feed.
bool ends_argument(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

bool is_quote(char byte) { return byte == '"' || byte == '\''; }

// The value of a hexadecimal digit, or -1.
int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// The character that a letter behind a backslash in "..." stands for; any other stands for itself.
char unescaped(char byte) {
  switch (byte) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return byte;
  }
}

struct Unescaped {
  char byte;
  std::size_t length;  // of what it was written as
};

// The first byte that is meant by the text between quotes. `text` is not empty.
Unescaped unescape_first(std::string_view text, char quote) {
  if (text.front() != '\\' || text.size() == 1) return {text.front(), 1};
  if (quote == '\'') return text[1] == quote ? Unescaped{quote, 2} : Unescaped{'\\', 1};
  if (text[1] == 'x' && text.size() >= 4 && hex_value(text[2]) >= 0 && hex_value(text[3]) >= 0)
    return {static_cast<char>(hex_value(text[2]) * 16 + hex_value(text[3])), 4};
  return {unescaped(text[1]), 2};
}

// Compares ASCII letters without their case; `word` is in lower case.
bool is_word(std::string_view text, std::string_view word) {
  const auto same = [](char byte, char wanted) {
    return (byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte) == wanted;
  };
  return std::ranges::equal(text, word, same);
}

// Redis compares them up to a NUL byte.
bool is_http(std::string_view name) {
  const std::string_view word = name.substr(0, name.find('\0'));
  return is_word(word, "post") || is_word(word, "host:");
}

}  // namespace

Parser::Outcome Parser::parse(std::string_view buffered) {
  consumed_ = 0;
  if (final_) return *final_;
  if (!arguments_.empty()) forget_command();
  CHECK(buffered.size() >= searched_);
  while (consumed_ < buffered.size()) {
    const std::string_view bytes = buffered.substr(consumed_);
    const Progress progress = bytes.front() == '*' ? parse_multibulk(bytes) : parse_inline(bytes);
    if (progress == Progress::unfinished) return Outcome::need_more;
    if (progress == Progress::failed) return *(final_ = Outcome::protocol_error);
    consumed_ += position_;
    position_ = searched_ = announced_ = 0;
    if (arguments_.empty()) continue;
    if (is_http(arguments_.front())) return *(final_ = Outcome::close_silently);
    return Outcome::command;
  }
  return Outcome::need_more;
}

void Parser::forget_command() {
  arguments_.clear();
  ranges_.clear();
  unescaped_.clear();
  if (arguments_.capacity() > resp_limits::kept_arguments) arguments_.shrink_to_fit();
  if (ranges_.capacity() > resp_limits::kept_arguments) ranges_.shrink_to_fit();
  if (unescaped_.capacity() > resp_limits::kept_unescaped_bytes) unescaped_.shrink_to_fit();
}

Parser::Progress Parser::parse_multibulk(std::string_view bytes) {
  if (announced_ == 0) {
    const Progress progress = parse_count(bytes);
    if (progress != Progress::whole || announced_ == 0) return progress;
  }
  while (ranges_.size() < announced_) {
    if (!argument_size_) {
      const Progress progress = parse_argument_size(bytes);
      if (progress != Progress::whole) return progress;
    }
    if (bytes.size() - position_ < *argument_size_ + 2) return Progress::unfinished;
    ranges_.push_back({static_cast<std::uint32_t>(position_), static_cast<std::uint32_t>(*argument_size_)});
    position_ += *argument_size_ + 2;
    searched_ = position_;
    argument_size_.reset();
  }
  for (const Range& range : ranges_) arguments_.push_back(bytes.substr(range.begin, range.size));
  return Progress::whole;
}

// The line "*3". Leaves announced_ at 0 if there is no command.
Parser::Progress Parser::parse_count(std::string_view bytes) {
  const Progress progress = find_line_end(bytes, '\r', "too big mbulk count string");
  if (progress != Progress::whole) return progress;
  const auto count = parse_integer(bytes.substr(1, searched_ - 1));
  if (!count || *count > resp_limits::redis_arguments) return fail("invalid multibulk length");
  if (!authenticated_ && *count > std::int64_t{resp_limits::unauthenticated_arguments})
    return fail("unauthenticated multibulk length");
  if (*count > std::int64_t{resp_limits::command_arguments}) return fail("invalid multibulk length");
  position_ = searched_ += 2;
  announced_ = static_cast<std::size_t>(std::max(*count, std::int64_t{0}));
  return Progress::whole;
}

// The line "$4".
Parser::Progress Parser::parse_argument_size(std::string_view bytes) {
  const Progress progress = find_line_end(bytes, '\r', "too big bulk count string");
  if (progress != Progress::whole) return progress;
  if (bytes[position_] != '$') return fail(std::string("expected '$', got '") + bytes[position_] + "'");
  const auto size = parse_integer(bytes.substr(position_ + 1, searched_ - position_ - 1));
  if (!size || *size < 0 || *size > resp_limits::redis_argument_bytes) return fail("invalid bulk length");
  if (!authenticated_ && *size > std::int64_t{resp_limits::unauthenticated_argument_bytes})
    return fail("unauthenticated bulk length");
  const auto length = static_cast<std::size_t>(*size);
  const std::size_t begin = searched_ + 2;
  if (length > resp_limits::argument_bytes || begin + length + 2 > resp_limits::command_bytes)
    return fail("invalid bulk length");
  position_ = searched_ = begin;
  argument_size_ = length;
  return Progress::whole;
}

// Moves searched_ on to the `end` of the line that begins at position_. A CR counts only when the
// byte behind it is there too.
Parser::Progress Parser::find_line_end(std::string_view bytes, char end, std::string_view too_big) {
  const std::size_t last = std::min(bytes.size(), position_ + resp_limits::line_bytes + 1);
  while (searched_ < last && bytes[searched_] != end && bytes[searched_] != '\0') ++searched_;
  if (searched_ < last && bytes[searched_] == end)
    return end == '\r' && searched_ + 1 == bytes.size() ? Progress::unfinished : Progress::whole;
  return bytes.size() - position_ > resp_limits::line_bytes ? fail(too_big) : Progress::unfinished;
}

Parser::Progress Parser::parse_inline(std::string_view bytes) {
  const Progress progress = find_line_end(bytes, '\n', "too big inline request");
  if (progress != Progress::whole) return progress;
  position_ = searched_ + 1;
  std::string_view line = bytes.substr(0, searched_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return split(line);
}

Parser::Progress Parser::split(std::string_view line) {
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return Progress::whole;
    if (arguments_.size() == resp_limits::command_arguments) return fail("too big inline request");
    const std::size_t begin = at;
    while (at < line.size() && !ends_argument(line[at]) && !is_quote(line[at])) ++at;
    if (at == line.size() || !is_quote(line[at])) {
      arguments_.push_back(line.substr(begin, at - begin));
      continue;
    }
    const auto end = unescape(line, begin);
    if (!end) return fail("unbalanced quotes in request");
    at = *end;
  }
}

// Adds the argument that begins there and has quotes. Returns where it ends, or nothing if its
// quotes do not.
std::optional<std::size_t> Parser::unescape(std::string_view line, std::size_t begin) {
  unescaped_.reserve(line.size());  // it is never longer, so no earlier argument moves
  const std::size_t first = unescaped_.size();
  std::size_t at = begin;
  while (!is_quote(line[at])) unescaped_ += line[at++];
  const char quote = line[at++];
  while (at < line.size() && line[at] != quote) {
    const Unescaped first_byte = unescape_first(line.substr(at), quote);
    unescaped_ += first_byte.byte;
    at += first_byte.length;
  }
  if (at == line.size()) return std::nullopt;
  ++at;
  if (at < line.size() && !is_blank(line[at])) return std::nullopt;
  arguments_.push_back(std::string_view(unescaped_).substr(first));
  return at;
}

Parser::Progress Parser::fail(std::string_view what) {
  error_ = "ERR Protocol error: ";
  error_ += what;
  return Progress::failed;
}

}  // namespace tally::bridge::resp
