// SPDX-License-Identifier: Apache-2.0
// What Redis clients send. The expected errors are those of Redis 7.0.15, to which the same bytes
// were sent.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "bridge/resp/integer.h"
#include "bridge/resp/limits.h"
#include "bridge/resp/parser.h"
#include "count_allocations.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::resp;
using namespace std::string_literals;

namespace {

using Outcome = Parser::Outcome;
using Command = std::vector<std::string>;

struct Parsed {
  std::vector<Command> commands;
  Outcome end = Outcome::need_more;
  std::string error;
  std::string left;  // not consumed

  bool operator==(const Parsed&) const = default;
};

enum class Login : bool { unauthenticated, authenticated };

// A client's connection: it keeps what was not consumed, each time in another place.
class Connection {
 public:
  explicit Connection(Login login = Login::authenticated) { parser_.set_authenticated(login == Login::authenticated); }

  void receive(std::string_view bytes) {
    if (parsed_.end != Outcome::need_more) return;
    std::string buffered = parsed_.left + std::string(bytes);
    std::string_view rest = buffered;
    do {
      parsed_.end = parser_.parse(rest);
      BOOST_TEST_REQUIRE(parser_.consumed() <= rest.size());
      rest.remove_prefix(parser_.consumed());
      if (parsed_.end == Outcome::command)
        parsed_.commands.emplace_back(parser_.arguments().begin(), parser_.arguments().end());
    } while (parsed_.end == Outcome::command);
    parsed_.left = rest;
    if (parsed_.end == Outcome::protocol_error) parsed_.error = parser_.error();
  }

  const Parsed& parsed() const { return parsed_; }

 private:
  Parser parser_;
  Parsed parsed_;
};

Parsed parse(std::string_view bytes, Login login = Login::authenticated) {
  Connection connection(login);
  connection.receive(bytes);
  return connection.parsed();
}

Parsed commands(std::vector<Command> commands, std::string left = "") {
  return {std::move(commands), Outcome::need_more, "", std::move(left)};
}

// The error, without what all of them begin with; or what came instead of one.
std::string error_of(std::string_view bytes, Login login = Login::authenticated) {
  const std::string prefix = "ERR Protocol error: ";
  const Parsed parsed = parse(bytes, login);
  if (parsed.end == Outcome::protocol_error && parsed.commands.empty() && parsed.error.starts_with(prefix))
    return parsed.error.substr(prefix.size());
  return std::to_string(parsed.commands.size()) + " commands, outcome " + std::to_string(int(parsed.end));
}

bool closes_silently(std::string_view bytes) {
  const Parsed parsed = parse(bytes);
  return parsed.end == Outcome::close_silently && parsed.commands.empty();
}

bool waits(std::string_view bytes) { return parse(bytes) == commands({}, std::string(bytes)); }

std::string argument(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}

std::string multibulk(const Command& arguments) {
  std::string bytes = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& each : arguments) bytes += argument(each);
  return bytes;
}

// What the inline command's arguments are.
Command inline_arguments(const std::string& line) {
  const Parsed parsed = parse(line + "\r\n");
  return parsed.commands.size() == 1 && parsed.end == Outcome::need_more ? parsed.commands[0] : Command{};
}

}  // namespace

namespace tally::bridge::resp {
std::ostream& operator<<(std::ostream& out, Outcome outcome) { return out << int(outcome); }
}  // namespace tally::bridge::resp

namespace {

std::ostream& operator<<(std::ostream& out, const Parsed& parsed) {
  for (const Command& command : parsed.commands) {
    out << "[";
    for (const std::string& each : command) out << " '" << each << "'";
    out << " ] ";
  }
  return out << "outcome " << parsed.end << " error '" << parsed.error << "' left '" << parsed.left << "'";
}

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(Command)

BOOST_AUTO_TEST_SUITE(resp_parser)

BOOST_AUTO_TEST_CASE(a_multibulk_command_is_its_arguments) {
  BOOST_TEST(parse("*2\r\n$4\r\nINCR\r\n$4\r\nhome\r\n") == commands({{"INCR", "home"}}));
  BOOST_TEST(parse("*1\r\n$0\r\n\r\n") == commands({{""}}));
  const std::string any_bytes = "\0\r\n*1\r\n$4\r\n\xFF"s;
  BOOST_TEST(parse(multibulk({"ECHO", any_bytes, ""})) == commands({{"ECHO", any_bytes, ""}}));
}

BOOST_AUTO_TEST_CASE(an_inline_command_ends_in_crlf_or_in_lf_alone) {
  BOOST_TEST(parse("PING\r\n") == commands({{"PING"}}));
  BOOST_TEST(parse("PING\n") == commands({{"PING"}}));
  BOOST_TEST(parse("INCRBY home 5\r\n") == commands({{"INCRBY", "home", "5"}}));
  BOOST_TEST(parse("$4\r\nPING\r\n") == commands({{"$4"}, {"PING"}}));
  BOOST_TEST(parse(" *1\r\n") == commands({{"*1"}}));
}

BOOST_AUTO_TEST_CASE(counts_of_no_arguments_and_blank_lines_are_no_commands) {
  for (const std::string& nothing :
       {"*0\r\n"s, "*-1\r\n"s, "*-10\r\n"s, "*-9223372036854775808\r\n"s, "\r\n"s, "\n"s, "  \t \r\n"s, "\r\r\n"s}) {
    BOOST_TEST(parse(nothing) == commands({}));
    std::string around_commands = nothing + nothing;
    around_commands += multibulk({"GET", "a"}) + nothing;
    around_commands += "PING\n" + nothing;
    BOOST_TEST(parse(around_commands) == commands({{"GET", "a"}, {"PING"}}));
  }
}

BOOST_AUTO_TEST_CASE(many_lines_that_are_no_commands_leave_nothing_to_keep) {
  std::string nothing;
  for (int time = 0; time < 100'000; ++time) nothing += "\r\n*0\r\n";
  BOOST_TEST(parse(nothing) == commands({}));
}

BOOST_AUTO_TEST_CASE(several_commands_in_one_buffer_come_in_their_order) {
  BOOST_TEST(parse("\r\nPING\r\n*1\r\n$4\r\nPING\r\nGET a\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n*1\r\n$3\r\nGE") ==
             commands({{"PING"}, {"PING"}, {"GET", "a"}, {"GET", "b"}}, "*1\r\n$3\r\nGE"));
}

BOOST_AUTO_TEST_CASE(a_count_that_is_none_of_redis_is_refused) {
  for (const std::string& count : {"*3000000000"s, "*2147483648"s, "*abc"s, "*+1"s, "*01"s, "*"s, "*-"s, "*-0"s, "* 1"s,
                                   "*1 "s, "*1\n$4"s, "*-9223372036854775809"s, "*99999999999999999999999"s})
    BOOST_TEST(error_of(count + "\r\n") == "invalid multibulk length");
}

BOOST_AUTO_TEST_CASE(a_size_that_is_none_of_redis_is_refused) {
  for (const std::string& size : {"$-1"s, "$x"s, "$536870913"s, "$"s, "$04"s, "$+4"s, "$4 "s, "$4\nPING"s})
    BOOST_TEST(error_of("*1\r\n" + size + "\r\n") == "invalid bulk length");
}

BOOST_AUTO_TEST_CASE(an_argument_without_a_dollar_is_refused_by_its_first_byte) {
  BOOST_TEST(error_of("*1\r\nfoo\r\n") == "expected '$', got 'f'");
  BOOST_TEST(error_of("*2\r\n$1\r\na\r\n*1\r\n") == "expected '$', got '*'");
  BOOST_TEST(error_of("*1\r\n\xFFX\r\n") == "expected '$', got '\xFF'");
  BOOST_TEST(error_of("*1\r\n\nX\r\n") == "expected '$', got '\n'");
  BOOST_TEST(error_of("*1\r\n\rX") == "expected '$', got '\r'");
  BOOST_TEST(waits("*1\r\nfoo"));
  BOOST_TEST(waits("*1\r\nfoo\r"));
}

BOOST_AUTO_TEST_CASE(the_bytes_behind_a_cr_and_behind_an_argument_are_passed_over) {
  BOOST_TEST(parse("*1\rX$4\rYPINGzzPING\r\n") == commands({{"PING"}, {"PING"}}));
}

BOOST_AUTO_TEST_CASE(quotes_hold_an_inline_argument_together) {
  BOOST_TEST(inline_arguments("SET \"a b\" 'c d'") == (Command{"SET", "a b", "c d"}));
  BOOST_TEST(inline_arguments("a \"\" ''") == (Command{"a", "", ""}));
  BOOST_TEST(inline_arguments("\"\"") == (Command{""}));
  BOOST_TEST(inline_arguments("a\"b c\" d'e f'") == (Command{"ab c", "de f"}));
  BOOST_TEST(inline_arguments("\"it's\" 'so \"it\" is'") == (Command{"it's", "so \"it\" is"}));
}

BOOST_AUTO_TEST_CASE(an_argument_in_quotes_stays_where_it_is_when_more_of_them_follow) {
  Command arguments{"a"};
  std::string line = "\"a\"";
  for (std::size_t length = 10; length <= 10'000; length *= 10) {
    arguments.emplace_back(length, 'b');
    line += " '" + arguments.back() + "'";
  }
  BOOST_TEST(inline_arguments(line) == arguments);
}

BOOST_AUTO_TEST_CASE(double_quotes_know_escapes) {
  BOOST_TEST(inline_arguments(R"("\n\r\t\b\a\\\"\q")") == (Command{"\n\r\t\b\a\\\"q"}));
  BOOST_TEST(inline_arguments(R"("\x41\x0a\xfF\x00")") == (Command{"A\n\xFF\0"s}));
  BOOST_TEST(inline_arguments(R"("\xg1\x4" "\x4g")") == (Command{"xg1x4", "x4g"}));
}

BOOST_AUTO_TEST_CASE(single_quotes_know_no_escape_but_of_themselves) {
  BOOST_TEST(inline_arguments(R"('a\'b' '\n\x41\\\"')") == (Command{"a'b", R"(\n\x41\\\")"}));
}

BOOST_AUTO_TEST_CASE(a_backslash_outside_quotes_is_a_byte_like_others) {
  BOOST_TEST(inline_arguments(R"(a\n \x41 \)") == (Command{R"(a\n)", R"(\x41)", R"(\)"}));
}

BOOST_AUTO_TEST_CASE(blanks_of_all_kinds_stand_before_an_argument_but_only_some_end_it) {
  BOOST_TEST(inline_arguments("\v\f a\tb\rc \vd\ve\ff") == (Command{"a", "b", "c", "d\ve\ff"}));
  BOOST_TEST(inline_arguments("\"a\"\v\"b\"\fc\r") == (Command{"a", "b", "c"}));
}

BOOST_AUTO_TEST_CASE(quotes_that_do_not_close_before_a_blank_are_refused) {
  for (const std::string& line : {"SET k \"a"s, "SET k 'a"s, "\""s, "'"s, "\"a\"b"s, "'a'b"s, "\"a\"\"b\""s, "'a''b'"s,
                                  "\"a\\"s, "\"a\\\""s, "'a\\'"s, "'a\\\\'b"s, "a\"b"s})
    BOOST_TEST(error_of(line + "\r\n") == "unbalanced quotes in request");
}

BOOST_AUTO_TEST_CASE(a_nul_byte_hides_the_end_of_its_line) {
  const std::string filled(resp_limits::line_bytes, 'a');
  for (const std::string& line : {"PING\0\nPING\r\n"s, "\0\r\nPING\r\n"s, "ECHO \"a\0b\"\r\n"s}) {
    BOOST_TEST(waits(line));
    BOOST_TEST(error_of(line + filled) == "too big inline request");
  }
  BOOST_TEST(waits("*1\0\r\n"s));
  BOOST_TEST(error_of("*1\0\r\n"s + filled) == "too big mbulk count string");
  for (const std::string& line : {"*1\r\n$4\0\r\nPING\r\n"s, "*1\r\n\0$4\r\nPING\r\n"s}) {
    BOOST_TEST(waits(line));
    BOOST_TEST(error_of(line + filled) == "too big bulk count string");
  }
}

BOOST_AUTO_TEST_CASE(what_a_browser_sends_closes_silently) {
  for (const std::string& line :
       {"POST / HTTP/1.1\r\n"s, "post\n"s, "Host: localhost\r\n"s, "hOsT:\n"s, "\"POST\" x\r\n"s,
        "*1\r\n$4\r\nPoSt\r\n"s, "*2\r\n$5\r\nhost:\r\n$1\r\nx\r\n"s, "*1\r\n$6\r\nPOST\0x\r\n"s})
    BOOST_TEST(closes_silently(line));
  const Parsed after_others = parse("GET / HTTP/1.1\r\nHost: x\r\nPING\r\n");
  BOOST_TEST((after_others.commands == std::vector<Command>{{"GET", "/", "HTTP/1.1"}}));
  BOOST_TEST(after_others.end == Outcome::close_silently);
}

BOOST_AUTO_TEST_CASE(what_is_only_like_a_browsers_is_a_command) {
  BOOST_TEST(parse("host:x\r\nPOSTS\r\nHOST\r\nGET POST Host:\r\n") ==
             commands({{"host:x"}, {"POSTS"}, {"HOST"}, {"GET", "POST", "Host:"}}));
  BOOST_TEST(waits("*2\r\n$4\r\nPOST\r\n"));
}

BOOST_AUTO_TEST_CASE(an_inline_command_may_have_64_kib_before_its_newline) {
  const std::string longest(resp_limits::line_bytes, 'a');
  BOOST_TEST(waits(longest));
  BOOST_TEST(parse(longest + "\n") == commands({{longest}}));
  BOOST_TEST(error_of(longest + "a") == "too big inline request");
  BOOST_TEST(error_of(longest + "\r\n") == "too big inline request");
  BOOST_TEST(error_of(longest + "a\r\n") == "too big inline request");
}

BOOST_AUTO_TEST_CASE(the_line_of_a_count_or_a_size_may_have_64_kib) {
  const std::string longest(resp_limits::line_bytes - 1, 'a');
  BOOST_TEST(waits("*" + longest));
  BOOST_TEST(waits("*" + longest + "\r"));
  BOOST_TEST(error_of("*" + longest + "\r\n") == "invalid multibulk length");
  BOOST_TEST(error_of("*" + longest + "a") == "too big mbulk count string");
  BOOST_TEST(error_of("*" + longest + "a\r\n") == "too big mbulk count string");
  BOOST_TEST(waits("*1\r\n$" + longest));
  BOOST_TEST(waits("*1\r\n$" + longest + "\r"));
  BOOST_TEST(error_of("*1\r\n$" + longest + "\r\n") == "invalid bulk length");
  BOOST_TEST(error_of("*1\r\n$" + longest + "a") == "too big bulk count string");
  BOOST_TEST(error_of("*1\r\na" + longest + "a") == "too big bulk count string");
}

BOOST_AUTO_TEST_CASE(before_auth_a_command_has_few_and_short_arguments) {
  const Command most(10, "a");
  BOOST_TEST(parse(multibulk(most), Login::unauthenticated) == commands({most}));
  BOOST_TEST(error_of("*11\r\n", Login::unauthenticated) == "unauthenticated multibulk length");
  BOOST_TEST(error_of("*2147483647\r\n", Login::unauthenticated) == "unauthenticated multibulk length");
  BOOST_TEST(error_of("*2147483648\r\n", Login::unauthenticated) == "invalid multibulk length");
  const Command longest{std::string(16384, 'a')};
  BOOST_TEST(parse(multibulk(longest), Login::unauthenticated) == commands({longest}));
  BOOST_TEST(error_of("*1\r\n$16385\r\n", Login::unauthenticated) == "unauthenticated bulk length");
  BOOST_TEST(error_of("*1\r\n$536870912\r\n", Login::unauthenticated) == "unauthenticated bulk length");
  BOOST_TEST(error_of("*1\r\n$536870913\r\n", Login::unauthenticated) == "invalid bulk length");
  BOOST_TEST(parse("a b c d e f g h i j k l\r\n", Login::unauthenticated).commands.size() == 1u);
}

BOOST_AUTO_TEST_CASE(auth_counts_for_the_bytes_behind_it) {
  const std::string auth = multibulk({"AUTH", "secret"}), next = multibulk(Command(11, "a"));
  const std::string bytes = auth + next;
  Parser parser;
  BOOST_TEST(parser.parse(bytes) == Outcome::command);
  BOOST_TEST(parser.consumed() == auth.size());
  parser.set_authenticated(true);
  BOOST_TEST(parser.parse(std::string_view(bytes).substr(auth.size())) == Outcome::command);
  BOOST_TEST(parser.arguments().size() == 11u);
}

BOOST_AUTO_TEST_CASE(the_largest_command_of_the_group_fits) {
  Command mset{"MSET"};
  for (std::size_t pair = 0; pair < limits::request_operations; ++pair) {
    mset.emplace_back(limits::name_bytes, 'n');
    mset.emplace_back("-9223372036854775808");
  }
  BOOST_TEST(parse(multibulk(mset)).commands.size() == 1u);
  const Command del(1 + limits::request_operations, std::string(limits::name_bytes, 'n'));
  BOOST_TEST(parse(multibulk(del)) == commands({del}));
}

BOOST_AUTO_TEST_CASE(a_command_has_bounded_arguments) {
  const Command most(resp_limits::command_arguments, "a");
  const std::string one_more = std::to_string(most.size() + 1);
  BOOST_TEST(parse(multibulk(most)) == commands({most}));
  BOOST_TEST(error_of("*" + one_more + "\r\n") == "invalid multibulk length");
  std::string line;
  for (std::size_t place = 0; place < most.size(); ++place) line += "a ";
  BOOST_TEST(parse(line + "\n") == commands({most}));
  BOOST_TEST(error_of(line + "a\n") == "too big inline request");
}

BOOST_AUTO_TEST_CASE(an_argument_has_bounded_bytes) {
  const Command longest{std::string(resp_limits::argument_bytes, 'a')};
  BOOST_TEST(parse(multibulk(longest)) == commands({longest}));
  BOOST_TEST(error_of("*1\r\n$" + std::to_string(resp_limits::argument_bytes + 1) + "\r\n") == "invalid bulk length");
}

BOOST_AUTO_TEST_CASE(a_command_has_bounded_bytes) {
  std::string bytes = "*8000\r\n";
  const std::string longest = argument(std::string(resp_limits::argument_bytes, 'a'));
  while (bytes.size() + longest.size() + 10 <= resp_limits::command_bytes) bytes += longest;
  // Beside its bytes an argument has "$12345" and twice CR LF.
  const std::size_t room = resp_limits::command_bytes - bytes.size() - 10;
  BOOST_TEST_REQUIRE((room > 10'000 && room < resp_limits::argument_bytes));
  BOOST_TEST(waits(bytes + "$" + std::to_string(room) + "\r\n"));
  BOOST_TEST(error_of(bytes + "$" + std::to_string(room + 1) + "\r\n") == "invalid bulk length");
}

BOOST_AUTO_TEST_CASE(what_a_connection_keeps_is_bounded) {
  // The worst: as much as there may be, and then a line of a size that has no end.
  std::string bytes = "*8000\r\n";
  const std::string longest = argument(std::string(resp_limits::argument_bytes, 'a'));
  while (bytes.size() + longest.size() <= resp_limits::command_bytes) bytes += longest;
  bytes += std::string(resp_limits::line_bytes, 'a') + "\r";
  BOOST_TEST(waits(bytes));
  BOOST_TEST(bytes.size() <= resp_limits::unparsed_bytes);
}

BOOST_AUTO_TEST_CASE(a_command_in_pieces_is_the_same_command) {
  const std::vector<std::string> all = {
      "*2\r\n$4\r\nINCR\r\n$4\r\nhome\r\n",
      "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$6\r\n\r\n$1\r\n\r\n",
      "INCRBY home 5\r\n",
      "PING\n",
      "SET \"a b\\x41\\n\" 'c\\'d' e\"f\"\r\n",
      "*0\r\n\r\n*-10\r\n \n*1\r\n$4\r\nPING\r\n",
      "\r\nPING\r\n*1\r\n$4\r\nPING\r\nGET a\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n*1\r\n$3\r\nGE",
      "*1\rX$4\rYPINGzzPING\r\n",
      "PING\r\n*abc\r\nPING\r\n",
      "PING\r\n*1\r\nfoo\r\nPING\r\n",
      "*1\r\n\rX\r\n",
      "*2\r\n$1\r\na\r\n$-1\r\nPING\r\n",
      "PING\r\nSET k \"a\"b\r\nPING\r\n",
      "PING\0\r\nPING\r\n"s,
      "*1\0\r\nPING\r\n"s,
      "PING\r\nPOST / HTTP/1.1\r\nHost: x\r\n",
      "*2\r\n$5\r\nhost:\r\n$1\r\nx\r\nPING\r\n",
      "*11\r\n$1\r\na\r\n",
      "*1\r\n$16385\r\na",
  };
  for (const Login login : {Login::authenticated, Login::unauthenticated}) {
    for (const std::string& bytes : all) {
      const Parsed whole = parse(bytes, login);
      // What is left behind an error is of no interest.
      const auto same = [&](const Parsed& in_pieces) {
        return in_pieces.commands == whole.commands && in_pieces.end == whole.end && in_pieces.error == whole.error &&
               (whole.end != Outcome::need_more || in_pieces.left == whole.left);
      };
      for (std::size_t first = 0; first <= bytes.size(); ++first) {
        Connection connection(login);
        connection.receive(std::string_view(bytes).substr(0, first));
        connection.receive(std::string_view(bytes).substr(first));
        BOOST_TEST(same(connection.parsed()), bytes << " cut at " << first << ": " << connection.parsed());
      }
      Connection connection(login);
      for (const char byte : bytes) connection.receive({&byte, 1});
      BOOST_TEST(same(connection.parsed()), bytes << " byte by byte: " << connection.parsed());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_long_line_gives_the_same_error_in_whatever_pieces_it_comes) {
  const std::string longest(resp_limits::line_bytes, 'a');
  for (const std::string& begin : {""s, "*"s, "*1\r\n"s, "*1\r\n$"s}) {
    const std::string error = error_of(begin + longest + "a");
    for (const std::size_t piece : {1000u, 1024u, 65535u, 65536u, 65537u}) {
      Connection connection;
      const std::string bytes = begin + longest + "a\r\n";
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        connection.receive(std::string_view(bytes).substr(at, piece));
      BOOST_TEST(connection.parsed().error == "ERR Protocol error: " + error);
    }
  }
}

// Gives the parser one byte more at a time, as a slow client does. What it has seen before is
// overwritten, except for the command's first byte, and for the line that the new byte ends. So a
// parser that searches old bytes again finds something else there.
Parsed parse_without_a_second_look(const std::string& bytes, char overwritten) {
  Parser parser;
  parser.set_authenticated(true);
  std::string buffer(bytes.size(), overwritten);
  std::size_t line = 0;  // where the line of the new byte begins
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    const bool is_last = end == bytes.size();
    const std::size_t shown = is_last ? 0 : bytes[end - 1] == '\n' ? line : end - 1;
    buffer.assign(end, overwritten);
    buffer.replace(shown, end - shown, bytes, shown, end - shown);
    buffer[0] = bytes[0];
    const Outcome outcome = parser.parse(buffer);
    if (outcome == Outcome::command)
      return {{Command(parser.arguments().begin(), parser.arguments().end())}, outcome, "", bytes.substr(end)};
    if (outcome != Outcome::need_more) return {{}, outcome, std::string(parser.error()), bytes.substr(end)};
    if (bytes[end - 1] == '\n') line = end;
  }
  return commands({}, bytes);
}

BOOST_AUTO_TEST_CASE(no_byte_is_searched_twice_however_slowly_it_comes) {
  const Command many(40, std::string(300, 'b'));
  const Command inline_command{"SET", std::string(5000, 'k'), "5"};
  const std::string line = inline_command[0] + " " + inline_command[1] + " " + inline_command[2] + "\r\n";
  for (const char overwritten : {'\n', '\r', '\0', 'x', '$'}) {
    BOOST_TEST(parse_without_a_second_look(multibulk(many), overwritten) == (Parsed{{many}, Outcome::command, "", ""}));
    BOOST_TEST(parse_without_a_second_look(line, overwritten) == (Parsed{{inline_command}, Outcome::command, "", ""}));
  }
}

BOOST_AUTO_TEST_CASE(a_line_without_an_end_is_searched_once) {
  const std::string filled(resp_limits::line_bytes, 'a');
  const auto error_of_slow = [](const std::string& bytes) { return parse_without_a_second_look(bytes, '\n').error; };
  BOOST_TEST(error_of_slow(filled + "a") == "ERR Protocol error: too big inline request");
  BOOST_TEST(error_of_slow("*" + filled) == "ERR Protocol error: too big mbulk count string");
  BOOST_TEST(error_of_slow("*1\r\n$" + filled) == "ERR Protocol error: too big bulk count string");
}

BOOST_AUTO_TEST_CASE(in_the_steady_state_no_command_allocates) {
  const std::string bytes = multibulk({"INCR", "home"}) + "INCRBY home 5\r\n" +
                            "SET \"a name with blanks\" 'and a value'\r\n" + multibulk(Command(100, "name"));
  Parser parser;
  parser.set_authenticated(true);
  const auto parse_all = [&] {
    std::string_view rest = bytes;
    std::size_t parsed = 0;
    for (; parser.parse(rest) == Outcome::command; ++parsed) rest.remove_prefix(parser.consumed());
    return parsed;
  };
  BOOST_TEST(parse_all() == 4u);
  const std::size_t before = allocations;
  const std::size_t parsed = parse_all() + parse_all();
  const std::size_t after = allocations;
  BOOST_TEST(parsed == 8u);
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(the_memory_of_a_large_command_is_given_back) {
  const std::string large = multibulk(Command(resp_limits::command_arguments, "a"));
  const std::string quoted = "\"" + std::string(60'000, 'a') + "\"\r\n";
  Parser parser;
  parser.set_authenticated(true);
  const std::size_t before = live_bytes;
  const Outcome outcome = parser.parse(large);
  const std::size_t with_large = live_bytes;
  const Outcome quoted_outcome = parser.parse(quoted);
  const std::size_t with_quoted = live_bytes;
  parser.parse("");
  const std::size_t after = live_bytes;
  BOOST_TEST((outcome == Outcome::command && quoted_outcome == Outcome::command));
  BOOST_TEST(with_large > before + 100'000);
  BOOST_TEST(with_quoted > before + 60'000);
  BOOST_TEST(with_quoted < before + 80'000);
  BOOST_TEST(after < before + 1'000);
}

BOOST_AUTO_TEST_CASE(an_announced_count_takes_no_memory_by_itself) {
  const std::string announced = "*" + std::to_string(resp_limits::command_arguments) + "\r\n$65536\r\n";
  Parser parser;
  parser.set_authenticated(true);
  const std::size_t before = allocations;
  const Outcome outcome = parser.parse(announced);
  const std::size_t after = allocations;
  BOOST_TEST(outcome == Outcome::need_more);
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_CASE(after_an_error_nothing_more_is_parsed) {
  Parser parser;
  BOOST_TEST(parser.parse("*x\r\nPING\r\n") == Outcome::protocol_error);
  BOOST_TEST(parser.parse("PING\r\n") == Outcome::protocol_error);
  BOOST_TEST(parser.consumed() == 0u);
  BOOST_TEST(parser.error() == "ERR Protocol error: invalid multibulk length");
  Parser closed;
  BOOST_TEST(closed.parse("POST\r\n") == Outcome::close_silently);
  BOOST_TEST(closed.parse("PING\r\n") == Outcome::close_silently);
}

BOOST_AUTO_TEST_CASE(an_integer_has_one_spelling) {
  const std::vector<std::pair<std::string, std::int64_t>> integers = {
      {"0", 0}, {"7", 7}, {"-1", -1}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
  for (const auto& [text, value] : integers) BOOST_TEST((parse_integer(text) == value), text);
  for (const std::string& text :
       {""s, "-"s, "+5"s, " 5"s, "5 "s, "05"s, "-0"s, "-05"s, "00"s, "1.5"s, "1e3"s, "0x10"s, "9223372036854775808"s,
        "-9223372036854775809"s, "99999999999999999999"s, "5\0"s, "a"s})
    BOOST_TEST(!parse_integer(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
