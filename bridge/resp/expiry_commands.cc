// SPDX-License-Identifier: Apache-2.0
// Commands on when counters are gone.
#include <cstdint>
#include <string>

#include "bridge/resp/expiry_options.h"
#include "bridge/resp/handlers.h"
#include "bridge/resp/replies.h"
#include "bridge/resp/words.h"

namespace tally::bridge::resp {
namespace {

using Part = Question::Part;

constexpr std::int64_t no_such_counter = -2;
constexpr std::int64_t lasts = -1;

// Nothing: they make no sense together, and the client was told so.
std::optional<std::uint32_t> read_conditions(Session& session, Arguments options) {
  std::uint32_t conditions = 0;
  for (const std::string_view option : options) {
    if (is_word(option, "nx")) {
      conditions |= condition::without_expiry;
    } else if (is_word(option, "xx")) {
      conditions |= condition::with_expiry;
    } else if (is_word(option, "gt")) {
      conditions |= condition::later;
    } else if (is_word(option, "lt")) {
      conditions |= condition::sooner;
    } else {
      session.error("ERR Unsupported option " + std::string(option));
      return std::nullopt;
    }
  }
  const auto has = [&](std::uint32_t bits) { return (conditions & bits) != 0; };
  if (has(condition::without_expiry) && has(condition::with_expiry | condition::later | condition::sooner)) {
    session.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (has(condition::later) && has(condition::sooner)) {
    session.error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return conditions;
}

void set_expiry(Session& session, Arguments arguments, TimeUnit unit, std::string_view command) {
  const auto conditions = read_conditions(session, arguments.subspan(3));
  if (!conditions) return;
  const auto expiry = expiry_of(session, arguments[2], unit, Past::allowed, command);
  if (!expiry) return;
  OwnedOperation& operation = session.add_of_present(OperationKind::expire, arguments[1]);
  operation.expiry = *expiry;
  operation.conditions = *conditions;
  session.ask(replies::whether_done);
}

// Redis rounds to whole seconds.
std::int64_t in_unit(std::int64_t milliseconds, bool is_seconds) {
  return is_seconds ? (milliseconds / 1000) + (milliseconds % 1000 >= 500 ? 1 : 0) : milliseconds;
}

template <std::int64_t CounterDetail::*time, bool is_seconds>
void time_reply(const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  const Answer& answer = answers[0];
  if (!answer || !answer.result.detail) return writer.integer(no_such_counter);
  const bool has_expiry = answer.result.detail->expires_in_ms != CounterDetail::never;
  writer.integer(has_expiry ? in_unit((*answer.result.detail).*time, is_seconds) : lasts);
}

void ask_time(Session& session, Arguments arguments, Question::Format format) {
  session.add_of_present(OperationKind::get, arguments[1]).detail = true;
  session.ask(format);
}

}  // namespace

void expire(Session& session, Arguments arguments) {
  set_expiry(session, arguments, {ExpiryKind::after, true}, "expire");
}
void expire_milliseconds(Session& session, Arguments arguments) {
  set_expiry(session, arguments, {ExpiryKind::after, false}, "pexpire");
}
void expire_at(Session& session, Arguments arguments) {
  set_expiry(session, arguments, {ExpiryKind::at, true}, "expireat");
}
void expire_at_milliseconds(Session& session, Arguments arguments) {
  set_expiry(session, arguments, {ExpiryKind::at, false}, "pexpireat");
}

void time_left(Session& session, Arguments arguments) {
  ask_time(session, arguments, time_reply<&CounterDetail::expires_in_ms, true>);
}
void milliseconds_left(Session& session, Arguments arguments) {
  ask_time(session, arguments, time_reply<&CounterDetail::expires_in_ms, false>);
}
void expiry_time(Session& session, Arguments arguments) {
  ask_time(session, arguments, time_reply<&CounterDetail::expires_at_ms, true>);
}
void expiry_time_milliseconds(Session& session, Arguments arguments) {
  ask_time(session, arguments, time_reply<&CounterDetail::expires_at_ms, false>);
}

void persist(Session& session, Arguments arguments) {
  session.add_of_present(OperationKind::expire, arguments[1]).conditions = condition::with_expiry;
  session.ask(replies::whether_done);
}

}  // namespace tally::bridge::resp
