// SPDX-License-Identifier: Apache-2.0
// Finds the commands in what a Redis client sends: multibulk commands ("*1\r\n$4\r\nPING\r\n") and
// inline commands ("PING\r\n"). Pure: the connection owns the bytes, and the parser remembers how
// far it has looked, so no byte is searched twice however slowly they come.
//
// Sources: https://redis.io/docs/reference/protocol-spec, and Redis 7.0.15 itself wherever the page
// is silent. So it keeps these of Redis's rules:
//   - "*0" and negative counts, and inline lines that are empty or only of blanks, are no commands,
//     and get no answer. An inline line may end in LF alone.
//   - The line of a count ends at its CR; the byte behind that, and the two bytes behind an
//     argument, are passed over whatever they are.
//   - A NUL byte hides the rest of a line. Such a line is never whole, and is in the end too long.
//   - An inline argument may be quoted, from its beginning or from the middle on. In "..." there
//     are \n, \r, \t, \b, \a and \xHH, and any other character behind a backslash stands for
//     itself. In '...' there is only \'. A closing quote ends the argument, and a blank or the end
//     of the line follows it.
//   - A command "POST" or "Host:" is a browser that a stranger's page sends here (law 30): the
//     connection is closed without an answer. Redis then drops also what it has not yet sent of
//     earlier answers.
//
// It differs from Redis in its bounds (bridge/resp/limits.h), which are smaller. Beyond them it
// gives the error that Redis gives beyond its own:
//   - `invalid multibulk length` if there are more than command_arguments;
//   - `invalid bulk length` if an argument is longer than argument_bytes, or would make the command
//     longer than command_bytes;
//   - `too big inline request` if an inline command has more than command_arguments.
// And a line that is too long is always refused, where Redis accepts it if it comes all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tally::bridge::resp {

class Parser {
 public:
  enum class Outcome : std::uint8_t {
    command,         // arguments() has it
    need_more,       // no whole command is left
    protocol_error,  // error() is to be answered; then the connection is closed
    close_silently,  // the connection is closed, with no answer
  };

  // Parses up to the end of the next command. `buffered` is all that has come and has not been
  // consumed: after each call the first consumed() bytes are dropped, and whatever came meanwhile
  // is added behind the rest, which may have moved. After need_more, the rest has at most
  // resp_limits::unparsed_bytes. After protocol_error and close_silently nothing more is parsed,
  // and the outcome stays.
  Outcome parse(std::string_view buffered);

  // How many bytes the last call has done with: the command's, and before it those of lines that
  // are no commands. The latter also if it then needs more.
  std::size_t consumed() const { return consumed_; }

  // The command, at least its name. The views point into `buffered`, those of quoted inline
  // arguments into the parser; so they are good until the next call, and as long as the bytes stay.
  const std::vector<std::string_view>& arguments() const { return arguments_; }

  // What to answer, as ReplyWriter::error takes it: "ERR Protocol error: …". It may contain one byte
  // of the client's, of any value. Empty unless there was a protocol_error.
  std::string_view error() const { return error_; }

  // Whether the client has authenticated itself, or needs not to. If not, its commands have only a
  // few short arguments. False at first. Each count and size is checked when it is parsed, so this
  // is said before the bytes behind AUTH are parsed.
  void set_authenticated(bool authenticated) { authenticated_ = authenticated; }

 private:
  enum class Progress : std::uint8_t { whole, unfinished, failed };
  struct Range {
    std::uint32_t begin;
    std::uint32_t size;
  };

  void forget_command();
  Progress parse_inline(std::string_view bytes);
  Progress parse_multibulk(std::string_view bytes);
  Progress parse_count(std::string_view bytes);
  Progress parse_argument_size(std::string_view bytes);
  Progress find_line_end(std::string_view bytes, char end, std::string_view too_big);
  Progress split(std::string_view line);
  std::optional<std::size_t> unescape(std::string_view line, std::size_t begin);
  Progress fail(std::string_view what);

  bool authenticated_ = false;
  std::optional<Outcome> final_;  // the outcome that stays
  std::size_t consumed_ = 0;
  std::vector<std::string_view> arguments_;
  std::string unescaped_;  // inline arguments that had quotes
  std::string error_;

  // The command that is not whole yet. Positions count from its first byte, which is the first that
  // was not consumed.
  std::size_t position_ = 0;  // everything before it is parsed
  // Everything before it is searched for the end of the line that begins at position_.
  std::size_t searched_ = 0;
  std::size_t announced_ = 0;                 // arguments; 0: the count is not known yet
  std::vector<Range> ranges_;                 // of those arguments that are whole
  std::optional<std::size_t> argument_size_;  // of the next one, if it is known
};

}  // namespace tally::bridge::resp
