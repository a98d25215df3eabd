// SPDX-License-Identifier: Apache-2.0
// EVAL, EVALSHA and SCRIPT, for the scripts that are known here (bridge/resp/scripts.h).
#include <cstdint>
#include <limits>
#include <string>

#include "bridge/resp/handlers.h"
#include "bridge/resp/replies.h"
#include "bridge/resp/scripts.h"
#include "bridge/resp/words.h"

namespace tally::bridge::resp {
namespace {

using Part = Question::Part;

constexpr std::int64_t no_such_counter = -2;
constexpr std::string_view no_script = "NOSCRIPT No matching script. Please use EVAL.";
constexpr std::string_view unknown_text =
    "ERR this server runs no Lua; it knows the scripts of rate-limit-redis, rate-limiter-flexible and limits";

std::int64_t milliseconds_left(const Answer& answer) {
  return answer.result.detail ? answer.result.detail->expires_in_ms : no_such_counter;
}

// [value, milliseconds left], of the last operation.
void window_reply(const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  for (const Answer& answer : answers)
    if (write_refusal(answer, writer)) return;
  writer.array(2);
  writer.integer(answers.back().result.value);
  writer.integer(milliseconds_left(answers.back()));
}

void get_reply(const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
  writer.array(2);
  replies::text(part, answers, writer);
  writer.integer(answers[0] ? milliseconds_left(answers[0]) : no_such_counter);
}

// Adds within a window of so many milliseconds. Each hit may start the window anew.
void add_within_window(Session& session, std::string_view name, std::int64_t by, std::int64_t milliseconds,
                       bool starts_anew) {
  OwnedOperation& operation = session.question().add(OperationKind::add, name);
  operation.value = by;
  operation.expiry = {ExpiryKind::after, milliseconds};
  operation.detail = true;
  if (!starts_anew) return;
  OwnedOperation& expire = session.question().add(OperationKind::expire, name);
  expire.expiry = {ExpiryKind::after, milliseconds};
  expire.detail = true;
}

// Nothing: it is no window, and the client was told so. `unit`: its milliseconds.
std::optional<std::int64_t> window_of(Session& session, std::string_view text, std::int64_t unit) {
  const auto number = integer_of(session, text);
  if (!number) return std::nullopt;
  std::int64_t milliseconds = 0;
  if (*number > 0 && !__builtin_mul_overflow(*number, unit, &milliseconds)) return milliseconds;
  session.error("ERR invalid expire time in 'eval' command");
  return std::nullopt;
}

// The script's own arguments, behind its one key.
struct Call {
  ScriptKind kind;
  std::string_view key;
  Arguments arguments;
};

void run(Session& session, const Call& call) {
  constexpr std::int64_t millisecond = 1;
  constexpr std::int64_t second = 1000;
  const auto argument = [&](std::size_t place) { return call.arguments[place]; };
  switch (call.kind) {
    case ScriptKind::rate_limit_redis_3:
    case ScriptKind::rate_limit_redis_4:
    case ScriptKind::rate_limit_redis_6: {
      const bool is_newest = call.kind == ScriptKind::rate_limit_redis_6;
      const auto window = window_of(session, argument(is_newest ? 0 : 1), millisecond);
      if (!window) return;
      if (call.kind != ScriptKind::rate_limit_redis_3) {
        // A counter that has no expiry goes first.
        OwnedOperation& removal = session.question().add(OperationKind::expire, call.key);
        removal.expiry = {ExpiryKind::at, 0};
        removal.conditions = condition::without_expiry;
      }
      add_within_window(session, call.key, 1, *window, !is_newest && argument(0) == "1");
      session.ask(window_reply);
      return;
    }
    case ScriptKind::rate_limit_redis_get:
      session.question().add(OperationKind::get, call.key).detail = true;
      session.ask(get_reply);
      return;
    case ScriptKind::rate_limiter_flexible: {
      const auto points = integer_of(session, argument(0));
      const auto window = points ? window_of(session, argument(1), second) : std::nullopt;
      if (!window) return;
      add_within_window(session, call.key, *points, *window, false);
      session.ask(window_reply);
      return;
    }
    case ScriptKind::limits:
    case ScriptKind::limits_1: {
      const auto amount =
          call.kind == ScriptKind::limits ? integer_of(session, argument(1)) : std::optional<std::int64_t>(1);
      const auto window = amount ? window_of(session, argument(0), second) : std::nullopt;
      if (!window) return;
      session.question().add(OperationKind::add, call.key).value = *amount;
      OwnedOperation& check = session.question().add(OperationKind::check, call.key);
      check.conditions = condition::equal;
      check.value = *amount;
      check.limit = 1;
      session.question().add(OperationKind::expire, call.key).expiry = {ExpiryKind::after, *window};
      session.ask([](const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
        replies::value(part, answers.first(1), writer);
      });
      return;
    }
  }
}

// EVAL and EVALSHA: script, number of keys, keys, arguments.
void call_script(Session& session, Arguments arguments, const KnownScript* script, std::string_view unknown) {
  const auto keys = integer_of(session, arguments[2]);
  if (!keys) return;
  if (*keys > static_cast<std::int64_t>(arguments.size()) - 3)
    return session.error("ERR Number of keys can't be greater than number of args");
  if (*keys < 0) return session.error("ERR Number of keys can't be negative");
  if (!script) return session.error(unknown);
  const Arguments rest = arguments.subspan(3);
  if (*keys != 1 || rest.size() < 1 + script->arguments)
    return session.error("ERR this script takes one key and " + std::to_string(script->arguments) + " arguments");
  if (session.check_name(rest[0])) run(session, {script->kind, rest[0], rest.subspan(1)});
}

}  // namespace

void evaluate(Session& session, Arguments arguments) {
  call_script(session, arguments, find_script_by_text(arguments[1]), unknown_text);
}

void evaluate_known(Session& session, Arguments arguments) {
  constexpr std::size_t sha1_digits = 40;
  if (arguments[1].size() != sha1_digits) return session.error(no_script);
  call_script(session, arguments, find_script_by_sha1(arguments[1]), no_script);
}

// What is known stays known.
void flush_scripts(Session& session, Arguments arguments) {
  if (!are_flush_options(arguments.subspan(2))) return session.error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  session.ok();
}

void load_script(Session& session, Arguments arguments) {
  const KnownScript* const script = find_script_by_text(arguments[2]);
  if (!script) return session.error(unknown_text);
  session.reply().bulk_string(script->sha1);
}

void has_scripts(Session& session, Arguments arguments) {
  ReplyWriter writer = session.reply();
  writer.array(arguments.size() - 2);
  for (const std::string_view sha1 : arguments.subspan(2)) writer.integer(find_script_by_sha1(sha1) ? 1 : 0);
}

}  // namespace tally::bridge::resp
