// SPDX-License-Identifier: Apache-2.0
// What a Redis client sends, as a connection parses it. However it is divided it must be the same
// commands, within the bounds, and a command that is written as a client would is read as it was.
// The first byte of the input says whether the client is authenticated, the next two how the rest
// is divided.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "bridge/resp/limits.h"
#include "bridge/resp/parser.h"
#include "bridge/resp/reply.h"
#include "target.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::resp;

namespace {

using Outcome = Parser::Outcome;

struct Parsed {
  std::vector<std::vector<std::string>> commands;
  Outcome end = Outcome::need_more;
  std::string error;
  std::size_t consumed = 0;

  bool operator==(const Parsed&) const = default;
};

void check_bounds(const std::vector<std::string_view>& arguments, bool authenticated) {
  CHECK(!arguments.empty() && arguments.size() <= resp_limits::command_arguments);
  std::size_t bytes = 0;
  for (const std::string_view argument : arguments) {
    CHECK(argument.size() <= resp_limits::argument_bytes);
    bytes += argument.size();
  }
  CHECK(bytes <= resp_limits::command_bytes);
  constexpr std::size_t multibulk_bytes =
      resp_limits::unauthenticated_arguments * resp_limits::unauthenticated_argument_bytes;
  CHECK(authenticated || bytes <= std::max(multibulk_bytes, resp_limits::line_bytes));
}

// Parses as a connection does: what was not consumed is offered again, with more behind it.
// `piece()` says how much comes at a time. The bytes lie in another place each time, in a buffer of
// exactly their size, so that AddressSanitizer sees what is read of an earlier one.
template <class Piece>
Parsed parse(std::string_view bytes, bool authenticated, Piece piece) {
  Parsed parsed;
  Parser parser;
  parser.set_authenticated(authenticated);
  std::size_t arrived = 0;
  while (parsed.end == Outcome::need_more && arrived < bytes.size()) {
    arrived += std::min(piece(), bytes.size() - arrived);
    const std::vector<char> buffer(bytes.begin() + static_cast<std::ptrdiff_t>(parsed.consumed),
                                   bytes.begin() + static_cast<std::ptrdiff_t>(arrived));
    std::string_view rest(buffer.data(), buffer.size());
    do {
      parsed.end = parser.parse(rest);
      CHECK(parser.consumed() <= rest.size());
      rest.remove_prefix(parser.consumed());
      parsed.consumed += parser.consumed();
      if (parsed.end != Outcome::command) continue;
      CHECK(parser.consumed() > 0);
      check_bounds(parser.arguments(), authenticated);
      parsed.commands.emplace_back(parser.arguments().begin(), parser.arguments().end());
    } while (parsed.end == Outcome::command);
    CHECK(parsed.end != Outcome::need_more || rest.size() <= resp_limits::unparsed_bytes);
  }
  if (parsed.end == Outcome::protocol_error) parsed.error = parser.error();
  return parsed;
}

Parsed parse_at_once(std::string_view bytes, bool authenticated) {
  return parse(bytes, authenticated, [&] { return bytes.size(); });
}

// Whatever the client made us say is one line.
void check_error(const Parsed& parsed) {
  CHECK(parsed.error.empty() == (parsed.end != Outcome::protocol_error));
  CHECK(parsed.error.size() <= 64);
  std::string reply;
  ReplyWriter(reply, Protocol::resp2).error(parsed.error);
  CHECK(reply.find_first_of("\r\n") == reply.size() - 2);
}

void check_written_again(const Parsed& parsed) {
  std::string bytes;
  ReplyWriter writer(bytes, Protocol::resp2);
  for (const auto& command : parsed.commands) {
    writer.array(command.size());
    for (const std::string& argument : command) writer.bulk_string(argument);
  }
  const Parsed again = parse_at_once(bytes, true);
  CHECK(again.end == Outcome::need_more && again.consumed == bytes.size());
  CHECK(again.commands == parsed.commands);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const bool authenticated = (data[0] & 1) != 0;
  std::minstd_rand random(1 + data[1] + 256u * data[2]);
  const std::string_view bytes = fuzz::bytes_of(data + 3, size - 3);
  const Parsed parsed = parse_at_once(bytes, authenticated);
  // Mostly a few bytes, sometimes many.
  CHECK(parse(bytes, authenticated, [&] { return std::size_t{1} + random() % (random() % 8 == 0 ? 256 : 8); }) ==
        parsed);
  check_error(parsed);
  check_written_again(parsed);
  if (!parsed.commands.empty()) fuzz::accepted();
  return 0;
}
