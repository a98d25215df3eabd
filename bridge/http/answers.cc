// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/answers.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <concepts>

#include "protocol/limits.h"
#include "runtime/json_text.h"

namespace tally::bridge::http {
namespace {

constexpr int no_content = 204;
constexpr std::string_view json_type = "application/json";
constexpr std::string_view problem_type = "application/problem+json";

// The page loads nothing and talks to nobody but this bridge, runs no script that stands in markup,
// and is shown in no frame of another page.
constexpr std::string_view page_fields =
    "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    "\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin"
    "\r\nCross-Origin-Resource-Policy: same-origin";

template <std::integral Number>
void append_decimal(std::string& out, Number number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

// ---- which problem

struct CallRow {
  CallError error;
  ProblemKind kind;
  std::string_view detail;
};

// Of what was certainly not applied.
constexpr CallRow not_applied_rows[] = {
    {CallError::none, ProblemKind::broken, "the client library named no reason"},
    {CallError::timed_out, ProblemKind::unavailable, "the group took no request in time"},
    {CallError::overloaded, ProblemKind::overloaded, "a queue is full"},
    {CallError::unavailable, ProblemKind::unavailable, "no majority of the replicas answers"},
    {CallError::undecided, ProblemKind::undecided,
     "the replicas do not agree; the group is halted until an operator resumes it"},
    {CallError::draining, ProblemKind::draining, "the group is shutting down"},
    {CallError::session_expired, ProblemKind::unavailable, "this bridge's session with the group has expired"},
    {CallError::tables_full, ProblemKind::tables_full, "the group has no room for sessions or results"},
    {CallError::malformed, ProblemKind::malformed, "the request is beyond a limit of the group"},
    {CallError::closed, ProblemKind::draining, "this bridge is shutting down"},
};
static_assert(std::size(not_applied_rows) == static_cast<std::size_t>(CallError::closed) + 1);

struct StatusRow {
  OperationStatus status;
  ProblemKind kind;
  std::string_view detail;
};

// Of what the group has decided and what is not a success.
constexpr StatusRow status_rows[] = {
    {OperationStatus::not_found, ProblemKind::not_found,
     "there is no counter of this name: nothing was counted, or it was deleted or has expired"},
    {OperationStatus::overflow, ProblemKind::overflow,
     "the sum would not be a signed 64-bit integer; the value is unchanged"},
    {OperationStatus::malformed, ProblemKind::malformed, "the replicas refuse this operation as malformed"},
    {OperationStatus::key_reused, ProblemKind::key_reused, "this Idempotency-Key came with another operation before"},
    {OperationStatus::counters_full, ProblemKind::tables_full, "the group has no room for another counter"},
    {OperationStatus::keys_full, ProblemKind::tables_full, "the group has no room for another Idempotency-Key"},
    {OperationStatus::crowded, ProblemKind::overloaded,
     "too many counters that have expired are in the way of this list; ask again"},
};

Problem problem_of_status(OperationStatus status) {
  for (const StatusRow& row : status_rows)
    if (row.status == status) return {row.kind, std::string(row.detail)};
  return {ProblemKind::broken, "the group refused the operation for a reason that no client can cause"};
}

Problem problem_of_not_applied(CallError error) {
  for (const CallRow& row : not_applied_rows)
    if (row.error == error) return {row.kind, std::string(row.detail)};
  return {ProblemKind::broken, "an unknown error of the client library"};
}

// ---- bodies

// Returns how many bytes follow the name.
std::size_t append_counter(std::string& out, const Task& task, const Answer& answer) {
  JsonText json(out);
  json.begin_object().member("name", task.route.name);
  const std::size_t before = out.size();
  json.member("value", answer.result.value)
      .member("sequence", answer.result.first_sequence.value_or(answer.sequence).value)
      .member("votes", answer.votes);
  if (const auto left = answer.expires_in_ms()) json.member("expires_in_ms", *left);
  json.end_object();
  return out.size() - before;
}

// `ab` takes answers of differing length for failed ones. So what counts is answered at one length
// for one name, with a window or without one: as if value, sequence, votes (of at most 7 replicas)
// and expires_in_ms were as wide as they can be.
void append_padded_counter(std::string& out, const Task& task, const Answer& answer) {
  constexpr std::size_t widest_numbers = 20 + 20 + 1;
  constexpr std::size_t widest = std::string_view(R"(,"value":,"sequence":,"votes":})").size() + widest_numbers;
  constexpr std::size_t widest_time = std::string_view(R"(,"expires_in_ms":)").size() + 19;
  const std::size_t length = answer.result.detail ? widest + widest_time : widest;
  const std::size_t written = append_counter(out, task, answer);
  if (written < length) out.append(length - written, ' ');
}

// The request asked for one entry more than `limit`, or for as many as there can be; a full answer
// to the latter may be the last.
void append_list(std::string& out, const Task& task, const Answer& answer) {
  const auto& listed = answer.result.listed;
  const std::size_t shown = std::min<std::size_t>(listed.size(), task.route.limit);
  const bool has_more = listed.size() > shown || shown == limits::list_entries;
  JsonText json(out);
  json.begin_object().name("counters").begin_array();
  for (std::size_t place = 0; place < shown; ++place)
    json.begin_object().member("name", listed[place].name).member("value", listed[place].value).end_object();
  json.end_array().name("next");
  has_more ? json.value(listed[shown - 1].name) : json.value(nullptr);
  json.end_object();
}

void start(Reply& reply, int status, std::string_view content_type) {
  reply.status = status;
  reply.problem.reset();
  reply.content_type = content_type;
  reply.allow.clear();
  reply.challenge = false;
  reply.retry_after_seconds = 0;
  reply.is_page = false;
  reply.is_endless = false;
  reply.body.clear();
}

}  // namespace

bool is_the_groups_affair(ProblemKind kind) {
  return kind == ProblemKind::unavailable || kind == ProblemKind::undecided || kind == ProblemKind::outcome_unknown;
}

Problem unanswered(bool is_read) {
  if (is_read) return {ProblemKind::outcome_unknown, "no answer came in time"};
  return {ProblemKind::outcome_unknown,
          "no answer came in time: it may have been counted or not; with an Idempotency-Key it can be sent again",
          Applied::unknown};
}

std::optional<Problem> problem_of(const Answer& answer, bool is_read) {
  switch (answer.outcome) {
    case CallOutcome::done: return std::nullopt;
    case CallOutcome::refused: return problem_of_status(answer.result.status);
    case CallOutcome::not_applied: return problem_of_not_applied(answer.error);
    case CallOutcome::unknown: break;
  }
  return unanswered(is_read);
}

void write_json(std::string body, Reply& reply) {
  start(reply, 200, json_type);
  reply.body = std::move(body);
  reply.body += '\n';
}

void write_page(const PageFile& file, Reply& reply) {
  start(reply, 200, content_type_of(file));
  reply.is_page = true;
  reply.body = file.content;
}

// The first line asks a browser to come again after a second if the connection breaks.
void write_events(Reply& reply) {
  start(reply, 200, "text/event-stream");
  reply.is_endless = true;
  reply.body = "retry: 1000\n\n";
}

void write_metrics(std::string text, Reply& reply) {
  start(reply, 200, "text/plain; version=0.0.4; charset=utf-8");
  reply.body = std::move(text);
}

void write_allow(std::string_view allow, Reply& reply) {
  start(reply, no_content, {});
  reply.allow = allow;
}

void write_problem(const Problem& problem, const Circumstances& circumstances, Reply& reply) {
  const ProblemRow& row = row_of(problem.kind);
  start(reply, row.status, problem_type);
  reply.problem = problem.kind;
  reply.allow = problem.allow;
  reply.challenge = problem.kind == ProblemKind::unauthorized;
  if (row.retry) reply.retry_after_seconds = circumstances.retry_after_seconds;
  JsonText json(reply.body);
  json.begin_object()
      .member("type", "urn:tally:problem:" + std::string(row.word))
      .member("title", row.title)
      .member("status", row.status)
      .member("detail", problem.detail)
      .member("applied", problem.applied == Applied::no ? "no" : "unknown");
  if (is_the_groups_affair(problem.kind) && !circumstances.reason.empty())
    json.member("reason", circumstances.reason).member("advice", circumstances.advice);
  json.end_object();
  reply.body += '\n';
}

void write_answer(const Task& task, const Answer& answer, const Circumstances& circumstances, Reply& reply) {
  const Action action = task.action();
  const bool is_hit = action == Action::hit || action == Action::look_at_hit;
  auto problem = problem_of(answer, !task.changes());
  // A hit is never 404, so neither is a look at one that never came.
  if (problem && problem->kind == ProblemKind::not_found && is_hit) problem.reset();
  if (problem) return write_problem(*problem, circumstances, reply);

  start(reply, 200, json_type);
  if (action == Action::list)
    append_list(reply.body, task, answer);
  else if (action == Action::increment || is_hit)
    append_padded_counter(reply.body, task, answer);
  else
    append_counter(reply.body, task, answer);
  reply.body += '\n';
}

void write_admin_reply(const AdminCommand& command, const std::optional<AdminReply>& answer, const Rules& rules,
                       const Circumstances& circumstances, Reply& reply) {
  if (!answer)
    return write_problem({ProblemKind::outcome_unknown, "the distributor did not answer in time", Applied::unknown},
                         circumstances, reply);
  const bool is_switched_off = command.action == AdminAction::fault && !rules.fault_injection;
  if (answer->outcome == AdminOutcome::forbidden || (answer->outcome == AdminOutcome::refused && is_switched_off))
    return write_problem({ProblemKind::forbidden, answer->detail}, circumstances, reply);
  if (answer->outcome != AdminOutcome::done)
    return write_problem({ProblemKind::conflict, answer->detail}, circumstances, reply);
  start(reply, 200, json_type);
  JsonText json(reply.body);
  json.begin_object();
  if (command.target == AdminTarget::replica)
    json.member("replica", command.replica.value);
  else
    json.member("role", to_string(command.target));
  json.member("detail", answer->detail).end_object();
  reply.body += '\n';
}

void append_response(std::string& out, const Reply& reply, const Framing& framing) {
  if (reply.status == 200) {
    out += "HTTP/1.1 200 OK";
  } else {
    out += "HTTP/1.1 ";
    append_decimal(out, reply.status);
    out += ' ';
    out += boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(reply.status)));
  }
  out += "\r\nDate: ";
  out += framing.date;
  out += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff";
  if (reply.is_page) out += page_fields;
  if (reply.status != no_content) {
    out += "\r\nContent-Type: ";
    out += reply.content_type;
    if (reply.is_endless)
      out += "\r\nX-Accel-Buffering: no";  // nginx is to pass on each event at once
    else
      append_decimal(out += "\r\nContent-Length: ", reply.body.size());
  }
  out += framing.keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  if (framing.keep_alive && framing.idle_seconds > 0)
    append_decimal(out += "\r\nKeep-Alive: timeout=", framing.idle_seconds);
  if (!reply.allow.empty()) (out += "\r\nAllow: ") += reply.allow;
  if (reply.challenge) out += "\r\nWWW-Authenticate: Bearer";
  if (reply.retry_after_seconds > 0) append_decimal(out += "\r\nRetry-After: ", reply.retry_after_seconds);
  out += "\r\n\r\n";
  if (!framing.head_only) out += reply.body;
}

}  // namespace tally::bridge::http
