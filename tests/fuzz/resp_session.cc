// SPDX-License-Identifier: Apache-2.0
// Three Redis clients at a bridge, each connection driven as bridge/resp/connection.cc does it, and
// a group whose answers come early, late, in any order, or are that nobody knows. Each command must
// get exactly one reply, in its place, and the one that a naive model has for it, if it has one.
// Each request must keep the group's bounds, and do what its commands say and nothing else.
//
// Input: steps of two bytes. The first says which connection (modulo 4; 3: the first again) and
// what happens there (divided by 4, modulo 8), the second says it more precisely. Where a client
// sends bytes, the second says how many, and they follow.
#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/resp/limits.h"
#include "bridge/resp/parser.h"
#include "protocol/bytes.h"
#include "protocol/limits.h"
#include "resp_model.h"
#include "runtime/whole_number.h"
#include "target.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::resp;

namespace {

// Of all clients together. It suffices for more commands than one request may have.
constexpr std::size_t most_bytes = 6 * limits::request_operations + 2048;
constexpr std::string_view commands[] = {
    "INCR a",
    "INCR b",
    "GET a",
    "GET b",
    "SET a 7",
    "SET b 9223372036854775807",
    "DEL a b",
    "PING",
    "ECHO x",
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH a",
    "WATCH a b",
    "UNWATCH",
    "KEYS *",
    "RANDOMKEY",
    "FLUSHALL",
    "SCAN 0 COUNT 1000",
    "DBSIZE",
    "SET a 1 PX 50 GET",
    "PEXPIRE a 20",
    "PTTL a",
    "MSETNX a 1 b 2",
    "MGET a b c",
    "INCRBY a -3",
    "TALLY.INCRBY a 1 IDEMPOTENCY token",
    "EVALSHA 895b92e1712734e1b464999be23953485475357b 1 a 40",
    "EVALSHA 628bd136a573a06b346879695681af12ccef300f 1 b 1 2",
    "CLIENT REPLY SKIP",
    "CLIENT REPLY OFF",
    "CLIENT REPLY ON",
    "HELLO 3",
    "HELLO 2",
    "AUTH secret",
    "RESET",
    "QUIT",
    "INFO",
    "COMMAND DOCS",
    "GET \"\"",
};

// The size of the reply that `bytes` begin with, whatever its type.
std::size_t reply_size(std::string_view bytes) {
  const std::size_t line = bytes.find("\r\n");
  CHECK(line != bytes.npos && line > 0);
  std::size_t size = line + 2;
  const std::string_view text = bytes.substr(1, line - 1);
  const bool is_line = std::string_view("+-:_,#").find(bytes[0]) != std::string_view::npos;
  if (is_line || text == "-1") return size;
  const auto count = whole_number<std::size_t>(text);
  CHECK(count);
  if (bytes[0] == '$' || bytes[0] == '=') {
    size += *count + 2;
    CHECK(size <= bytes.size() && bytes.substr(size - 2, 2) == "\r\n");
    return size;
  }
  CHECK(std::string_view("*~>%").find(bytes[0]) != std::string_view::npos);
  const std::size_t elements = *count * (bytes[0] == '%' ? 2 : 1);
  for (std::size_t element = 0; element < elements; ++element) size += reply_size(bytes.substr(size));
  return size;
}

std::vector<fuzz::RespCommand> commands_in(std::string_view bytes) {
  std::vector<fuzz::RespCommand> found;
  Parser parser;
  parser.set_authenticated(true);
  while (parser.parse(bytes) == Parser::Outcome::command) {
    found.emplace_back(parser.arguments().begin(), parser.arguments().end());
    bytes.remove_prefix(parser.consumed());
  }
  return found;
}

// What becomes of a request. What nobody knows of may be executed at once, later, or never.
struct Fate {
  CallOutcome outcome = CallOutcome::done;
  CallError error = CallError::none;
  bool is_executed = true;
  bool is_full = false;  // the group has no room for another counter
};
constexpr Fate fates[] = {
    {},
    {.is_full = true},
    {CallOutcome::unknown, CallError::timed_out},
    {CallOutcome::unknown, CallError::timed_out, false},
    {CallOutcome::not_applied, CallError::unavailable, false},
    {CallOutcome::not_applied, CallError::overloaded, false},
};

Rules rules_of(std::size_t connection) {
  Rules rules;
  rules.writers_may_flush = true;
  if (connection == 2) rules.password = "secret";
  return rules;
}

// The operations of requests that nobody knows of, and that are executed in the end.
using Late = std::vector<std::vector<OwnedOperation>>;

class Connection {
 public:
  Connection(FakeGroup& group, const Rules& rules) : group_(group), client_(group, rules) {
    model_.look_at(client_.session);
  }

  void send(const std::string& bytes) {
    if (is_closed_ || bytes.empty()) return;
    sent_last_ = bytes;
    client_.buffer += bytes;
    if (!session().asks()) advance();
  }
  const std::string& sent_last() const { return sent_last_; }

  // Whether the group has something to do.
  bool asks() const { return !is_closed_ && !answers_ && session().asks(); }
  // The group answers, which nobody hears yet. Precondition: it is asked.
  void decide(const Fate& fate, Late& late) {
    const auto operations = session().question().operations();
    fuzz::RespModel::Group seen{group_.seen(), 0, fate.is_full, {}};
    if (fate.outcome == CallOutcome::unknown) seen.failure = "-UNKNOWN ";
    if (fate.outcome == CallOutcome::not_applied) seen.failure = "-TRYAGAIN ";
    const std::size_t most_before = std::exchange(group_.most_counters, fate.is_full ? 0 : group_.most_counters);
    if (fate.is_executed) answers_ = group_.answer(operations);
    group_.most_counters = most_before;
    if (fate.outcome != CallOutcome::done)
      answers_.emplace(operations.size(), Answer{fate.outcome, fate.error, {}, {}, 0});
    if (fate.outcome == CallOutcome::unknown && !fate.is_executed)
      late.emplace_back(operations.begin(), operations.end());
    seen.change = group_.newest_change();
    expect(seen);
    if (fate.is_executed && model_.is_sure()) check_counters(seen.counters);
  }
  void deliver() {
    if (!answers_) return;
    session().answered(*std::exchange(answers_, std::nullopt));
    if (session().asks()) return;
    hear();
    advance();
  }

 private:
  Session& session() { return client_.session; }
  const Session& session() const { return client_.session; }

  // As a Connection: what has come is taken, what is to be said is sent, what is to be known is
  // asked.
  void advance() {
    while (!is_closed_) {
      const std::uint64_t errors = client_.host.errors_of(ErrorReply::protocol);
      take();
      has_error_ = client_.host.errors_of(ErrorReply::protocol) > errors;
      check_bounds();
      is_closed_ = session().ends_silently();
      if (is_closed_ || session().asks()) return;
      fuzz::RespModel::Group nobody{group_.seen(), 0, false, {}};
      expect(nobody);
      const bool has_said_something = !session().output().empty();
      hear();
      if (!has_said_something) break;
    }
    if (is_closed_) return;
    Parser parser;
    parser.set_authenticated(!session().is_stranger());
    CHECK(parser.parse(client_.buffer) == Parser::Outcome::need_more);
  }

  // The bytes lie in another place each time, in a buffer of exactly their size.
  void take() {
    const std::vector<char> moved(client_.buffer.begin(), client_.buffer.end());
    const std::size_t done = session().receive({moved.data(), moved.size()});
    taken_ = commands_in({moved.data(), done});
    client_.buffer.erase(0, done);
    for (const fuzz::RespCommand& command : taken_)
      if (command.size() > 1 && fuzz::in_small_letters(command[0]) == "client" &&
          fuzz::in_small_letters(command[1]) == "reply")
        is_heard_ = false;
  }

  void check_bounds() {
    const Transaction& transaction = session().transaction();
    CHECK(transaction.arguments() <= resp_limits::transaction_arguments + resp_limits::watched_counters);
    CHECK(transaction.watched().size() <= resp_limits::watched_counters);
    // Only the last reply may be beyond the bound. It does not count the replies of commands that
    // could have asked the group and did not, as WATCH of what is no name; these are short.
    const std::size_t most = resp_limits::output_bytes + 16 * taken_.size();
    std::string_view rest = is_heard_ ? session().output() : std::string_view();
    while (!rest.empty() && session().output().size() - rest.size() <= most) rest.remove_prefix(reply_size(rest));
    CHECK(rest.empty());
  }

  void check_counters(const fuzz::RespModel::Counters& expected) const {
    CHECK(std::ranges::equal(expected, group_.seen(), [](const auto& one, const auto& other) {
      return one.first == other.first && one.second.value == other.second.value;
    }));
  }

  // What is taken and not expected to be answered yet, is so now.
  void expect(fuzz::RespModel::Group& group) {
    for (std::string& reply : model_.execute(taken_, group)) expected_.push_back(std::move(reply));
    taken_.clear();
    if (std::exchange(has_error_, false)) expected_.emplace_back("-ERR Protocol error: ");
  }

  // The client reads what it is told. After CLIENT REPLY, replies may be missing; also in the middle
  // of EXEC's, as with Redis, so that nobody can say what they belong to.
  void hear() {
    std::string_view rest = is_heard_ ? session().output() : std::string_view();
    while (!rest.empty()) {
      const std::string_view reply = rest.substr(0, reply_size(rest));
      rest.remove_prefix(reply.size());
      CHECK(!expected_.empty() && reply.starts_with(expected_.front()));
      expected_.pop_front();
    }
    CHECK(!is_heard_ || expected_.empty());
    expected_.clear();
    session().output().clear();
    is_closed_ = session().ends();
    is_heard_ |= !session().transaction().is_open() && session().client().replies == Replies::on;
    model_.look_at(session());
  }

  FakeGroup& group_;
  FakeClient client_;
  fuzz::RespModel model_;
  std::string sent_last_;
  std::vector<fuzz::RespCommand> taken_;        // since the last question
  bool has_error_ = false;                      // and behind them what is no command
  std::deque<std::string> expected_;            // what the replies to come begin with
  bool is_heard_ = true;                        // no command was told not to answer
  std::optional<std::vector<Answer>> answers_;  // of the group, on their way
  bool is_closed_ = false;
};

struct World {
  FakeGroup group;
  Late late;
  std::array<std::optional<Connection>, 3> connections;
  std::size_t left = most_bytes;  // to be sent

  World() {
    for (std::size_t place = 0; place < connections.size(); ++place) connect(place);
  }
  void connect(std::size_t place) { connections.at(place).emplace(group, rules_of(place)); }
  void send(Connection& connection, const std::string& bytes) {
    const std::size_t size = std::min(left, bytes.size());
    left -= size;
    connection.send(bytes.substr(0, size));
  }
  void decide(Connection& connection, const Fate& fate) {
    if (connection.asks()) connection.decide(fate, late);
  }
  void pass(Duration time) {
    group.pass(time);
    for (const auto& operations : std::exchange(late, {})) group.answer(operations);
  }

  // False: there is no more step.
  bool step(ByteReader& reader) {
    const auto what = reader.number<std::uint8_t>();
    const auto detail = reader.number<std::uint8_t>();
    if (!reader.ok()) return false;
    const std::size_t place = what % 4 % connections.size();
    Connection& connection = *connections.at(place);
    switch (what / 4 % 8) {
      case 0: send(connection, std::string(reader.take(std::min<std::size_t>(detail, reader.rest().size())))); break;
      case 1: send(connection, std::string(commands[detail % std::size(commands)]) + "\r\n"); break;
      case 2: {
        std::string bytes;
        const std::string again = connection.sent_last();
        for (std::size_t time = 0; time < 8u * detail && bytes.size() < left; ++time) bytes += again;
        send(connection, bytes);
        break;
      }
      case 3: decide(connection, fates[detail % std::size(fates)]); break;
      case 4: connection.deliver(); break;
      case 5:
        decide(connection, fates[detail % std::size(fates)]);
        connection.deliver();
        break;
      case 6: pass(milliseconds(detail)); break;
      default: connect(place); break;
    }
    return true;
  }
  void finish() {
    for (auto& connection : connections) {
      connection->deliver();
      while (connection->asks()) {
        connection->decide({}, late);
        connection->deliver();
      }
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(fuzz::bytes_of(data, size));
  World world;
  while (world.step(reader)) continue;
  world.finish();
  if (world.group.requests > 0) fuzz::accepted();
  return 0;
}
