// SPDX-License-Identifier: Apache-2.0
// Commands on the values of counters.
#include <cstdint>
#include <limits>
#include <string>

#include "bridge/resp/expiry_options.h"
#include "bridge/resp/handlers.h"
#include "bridge/resp/replies.h"
#include "bridge/resp/words.h"
#include "protocol/limits.h"

namespace tally::bridge::resp {
namespace {

using Part = Question::Part;

void add_to(Session& session, std::string_view name, std::int64_t increment) {
  if (!session.check_name(name)) return;
  session.question().add(OperationKind::add, name).value = increment;
  session.ask(replies::value);
}

OwnedOperation& add_set(Session& session, std::string_view name, std::int64_t value) {
  OwnedOperation& operation = session.question().add(OperationKind::set, name);
  operation.value = value;
  return operation;
}

// What SET says behind the value.
struct SetOptions {
  Expiry expiry;
  std::uint32_t conditions = 0;
  bool wants_old = false;
};

// False: it makes no sense, and the client was told so. A time is looked at once the whole is known
// to be well formed.
bool read_options(Session& session, Arguments options, SetOptions& read) {
  std::optional<TimeUnit> unit;
  std::string_view time;
  for (std::size_t place = 0; place < options.size(); ++place) {
    const std::string_view option = options[place];
    const auto named_unit = time_unit_of(option);
    // The same unit may come again, and the last one counts.
    const bool has_another = read.expiry.kind == ExpiryKind::keep || (unit && unit != named_unit);
    if (is_word(option, "nx") && !(read.conditions & condition::present)) {
      read.conditions |= condition::missing;
    } else if (is_word(option, "xx") && !(read.conditions & condition::missing)) {
      read.conditions |= condition::present;
    } else if (is_word(option, "get")) {
      read.wants_old = true;
    } else if (is_word(option, "keepttl") && !unit) {
      read.expiry.kind = ExpiryKind::keep;
    } else if (named_unit && !has_another && place + 1 < options.size()) {
      unit = named_unit;
      time = options[++place];
    } else {
      syntax_error(session);
      return false;
    }
  }
  if (!unit) return true;
  const auto expiry = expiry_of(session, time, *unit, Past::refused, "set");
  if (expiry) read.expiry = *expiry;
  return expiry.has_value();
}

// The answer to SET without GET.
void set_reply(const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  if (write_refusal(answers.back(), writer)) return;
  if (answers.back())
    writer.simple_string("OK");
  else
    writer.null();
}

// The value before, unless the change was refused. Where only its condition did not hold, SET NX
// GET still answers what is there.
void old_value_reply(const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
  if (!write_refusal(answers.back(), writer)) replies::text(part, answers.first(1), writer);
}

void set_for(Session& session, Arguments arguments, bool is_seconds, std::string_view command) {
  if (!session.check_name(arguments[1])) return;
  const auto expiry = expiry_of(session, arguments[2], {ExpiryKind::after, is_seconds}, Past::refused, command);
  if (!expiry) return;
  const auto value = integer_of(session, arguments[3]);
  if (!value) return;
  add_set(session, arguments[1], *value).expiry = *expiry;
  session.ask(replies::ok);
}

// What would always be refused as a whole is refused here, where it can be said why. False: the
// client was told so.
bool fits_one_request(Session& session, std::size_t operations, std::size_t bytes_of_names) {
  constexpr std::size_t most_besides = 24;  // of each: its kind, its value, its condition, the sizes
  if (operations <= limits::request_operations && operations * most_besides + bytes_of_names <= limits::request_bytes)
    return true;
  session.error("ERR these names are more than one request of the group may have");
  return false;
}

// One operation on each of the names that follow the command. False: there are too many.
bool add_for_each(Session& session, OperationKind kind, Arguments names) {
  std::size_t bytes = 0;
  for (const std::string_view name : names) bytes += name.size();
  if (!fits_one_request(session, names.size(), bytes)) return false;
  for (const std::string_view name : names) session.add_of_present(kind, name);
  return true;
}

struct Pair {
  std::string_view name;
  std::int64_t value;
};

// The pairs of MSET and MSETNX. Nothing: they make no sense, and the client was told so.
std::optional<std::vector<Pair>> read_pairs(Session& session, Arguments arguments, std::string_view command,
                                            std::size_t operations_each) {
  if (arguments.size() % 2 == 0) {
    session.error("ERR wrong number of arguments for '" + std::string(command) + "' command");
    return std::nullopt;
  }
  std::vector<Pair> pairs;
  std::size_t bytes = 0;
  for (std::size_t place = 1; place < arguments.size(); place += 2) {
    if (!session.check_name(arguments[place])) return std::nullopt;
    const auto value = integer_of(session, arguments[place + 1]);
    if (!value) return std::nullopt;
    pairs.push_back({arguments[place], *value});
    bytes += arguments[place].size();
  }
  if (!fits_one_request(session, pairs.size() * operations_each, bytes * operations_each)) return std::nullopt;
  return pairs;
}

// GETEX looks at the counter before it looks at the time: of one that is missing it answers null.
void refuse_if_present(Session& session, std::string_view name, std::string error) {
  session.add_of_present(OperationKind::get, name);
  session
      .ask([](const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
        if (answers[0])
          writer.error(part.text);
        else
          replies::text(part, answers, writer);
      })
      .text = std::move(error);
}

std::int64_t digits(std::int64_t value) { return static_cast<std::int64_t>(std::to_string(value).size()); }

}  // namespace

// ---- counting

void increment(Session& session, Arguments arguments) { add_to(session, arguments[1], 1); }
void decrement(Session& session, Arguments arguments) { add_to(session, arguments[1], -1); }

void increment_by(Session& session, Arguments arguments) {
  if (const auto by = integer_of(session, arguments[2])) add_to(session, arguments[1], *by);
}

void decrement_by(Session& session, Arguments arguments) {
  const auto by = integer_of(session, arguments[2]);
  if (!by) return;
  if (*by == std::numeric_limits<std::int64_t>::min()) return session.error("ERR decrement would overflow");
  add_to(session, arguments[1], -*by);
}

// TALLY.INCRBY key by IDEMPOTENCY token
void increment_once(Session& session, Arguments arguments) {
  if (!is_word(arguments[3], "idempotency")) return syntax_error(session);
  const auto by = integer_of(session, arguments[2]);
  if (!by || !session.check_name(arguments[1])) return;
  const std::string_view token = arguments[4];
  if (token.empty() || token.size() > limits::idempotency_key_bytes)
    return session.error("ERR an idempotency token has 1 to " + std::to_string(limits::idempotency_key_bytes) +
                         " bytes");
  if (!session.host().may_spend_token(session.peer()))
    return session.error("TRYAGAIN nothing was applied: too many idempotency tokens came from this address");
  OwnedOperation& operation = session.question().add(OperationKind::add, arguments[1]);
  operation.value = *by;
  operation.idempotency_key = token;
  session.ask(replies::value);
}

// ---- reading and setting

void get(Session& session, Arguments arguments) {
  session.add_of_present(OperationKind::get, arguments[1]);
  session.ask(replies::text);
}

void set(Session& session, Arguments arguments) {
  SetOptions options;
  if (!session.check_name(arguments[1]) || !read_options(session, arguments.subspan(3), options)) return;
  const auto value = integer_of(session, arguments[2]);
  if (!value) return;
  if (options.wants_old) session.question().add(OperationKind::get, arguments[1]);
  OwnedOperation& operation = add_set(session, arguments[1], *value);
  operation.expiry = options.expiry;
  operation.conditions = options.conditions;
  session.ask(options.wants_old ? old_value_reply : set_reply);
}

void set_if_missing(Session& session, Arguments arguments) {
  if (!session.check_name(arguments[1])) return;
  const auto value = integer_of(session, arguments[2]);
  if (!value) return;
  add_set(session, arguments[1], *value).conditions = condition::missing;
  session.ask(replies::whether_done);
}

void set_for_seconds(Session& session, Arguments arguments) { set_for(session, arguments, true, "setex"); }
void set_for_milliseconds(Session& session, Arguments arguments) { set_for(session, arguments, false, "psetex"); }

void get_and_set(Session& session, Arguments arguments) {
  if (!session.check_name(arguments[1])) return;
  const auto value = integer_of(session, arguments[2]);
  if (!value) return;
  session.question().add(OperationKind::get, arguments[1]);
  add_set(session, arguments[1], *value);
  session.ask(old_value_reply);
}

void get_and_remove(Session& session, Arguments arguments) {
  session.add_of_present(OperationKind::remove, arguments[1]);
  session.ask(replies::text);
}

// GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
void get_and_expire(Session& session, Arguments arguments) {
  const Arguments options = arguments.subspan(2);
  bool persists = false;
  std::optional<TimeUnit> unit;
  std::string_view time;
  for (std::size_t place = 0; place < options.size(); ++place) {
    const auto named_unit = time_unit_of(options[place]);
    const bool has_another = persists || (unit && unit != named_unit);
    if (is_word(options[place], "persist") && !unit) {
      persists = true;
    } else if (named_unit && !has_another && place + 1 < options.size()) {
      unit = named_unit;
      time = options[++place];
    } else {
      return syntax_error(session);
    }
  }
  Expiry expiry;
  if (unit) {
    auto named = read_expiry(time, *unit, Past::refused, "getex", session.host().calendar());
    if (!named) return refuse_if_present(session, arguments[1], std::move(named.error()));
    expiry = *named;
  }
  const auto kind = options.empty() ? OperationKind::get : OperationKind::expire;
  session.add_of_present(kind, arguments[1]).expiry = expiry;
  session.ask(replies::text);
}

void get_many(Session& session, Arguments arguments) {
  if (!add_for_each(session, OperationKind::get, arguments.subspan(1))) return;
  session.ask([](const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
    writer.array(answers.size());
    for (std::size_t place = 0; place < answers.size(); ++place) replies::text(part, answers.subspan(place, 1), writer);
  });
}

void set_many(Session& session, Arguments arguments) {
  const auto pairs = read_pairs(session, arguments, "mset", 1);
  if (!pairs) return;
  for (const Pair& pair : *pairs) add_set(session, pair.name, pair.value);
  session.ask([](const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
    for (const Answer& answer : answers)
      if (write_refusal(answer, writer)) return;
    writer.simple_string("OK");
  });
}

// All names are checked first; if one is there, what follows is passed over.
void set_many_if_missing(Session& session, Arguments arguments) {
  const auto pairs = read_pairs(session, arguments, "msetnx", 2);
  if (!pairs) return;
  auto following = static_cast<std::uint32_t>(2 * pairs->size());
  for (const Pair& pair : *pairs) {
    OwnedOperation& check = session.question().add(OperationKind::check, pair.name);
    check.conditions = condition::missing;
    check.limit = --following;
  }
  for (const Pair& pair : *pairs) add_set(session, pair.name, pair.value);
  session.ask(replies::whether_done);
}

void remove(Session& session, Arguments arguments) {
  if (!add_for_each(session, OperationKind::remove, arguments.subspan(1))) return;
  session.ask(replies::count_done);
}

// ---- what is there

void exists(Session& session, Arguments arguments) {
  if (!add_for_each(session, OperationKind::get, arguments.subspan(1))) return;
  session.ask(replies::count_done);
}

void type(Session& session, Arguments arguments) {
  session.add_of_present(OperationKind::get, arguments[1]);
  session.ask([](const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
    writer.simple_string(answers[0] ? "string" : "none");
  });
}

void length(Session& session, Arguments arguments) {
  session.add_of_present(OperationKind::get, arguments[1]);
  session.ask([](const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
    writer.integer(answers[0] ? digits(answers[0].result.value) : 0);
  });
}

void encoding(Session& session, Arguments arguments) {
  session.add_of_present(OperationKind::get, arguments[2]);
  session.ask([](const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
    if (answers[0])
      writer.bulk_string("int");
    else
      writer.null();
  });
}

}  // namespace tally::bridge::resp
