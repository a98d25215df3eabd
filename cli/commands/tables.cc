// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/tables.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "cli/outcome.h"
#include "cli/report.h"
#include "client/client.h"
#include "client/table_fill.h"
#include "protocol/limits.h"
#include "protocol/session.h"
#include "runtime/json_text.h"
#include "runtime/whole_number.h"

namespace tally::cli {
namespace {

// About how many bytes of memory one more of these costs each replica (docs/operations.md).
constexpr std::array<std::pair<std::string_view, int>, 4> costs = {
    {{"counter_bytes", 1}, {"idempotency_keys", 60}, {"result_bytes", 1}, {"sessions", 300}}};

tl::expected<OperationResult, Failure> run(Client& client, const OwnedOperation& operation,
                                           std::chrono::nanoseconds timeout) {
  const Answer answer = client.call(operation, timeout);
  const OperationStatus status = answer.result.status;
  if (answer.outcome == CallOutcome::refused && status == OperationStatus::not_found)
    return tl::unexpected(Failure{ExitCode::failed, "there is no " + json_string(operation.name)});
  if (answer.outcome == CallOutcome::refused && status == OperationStatus::malformed)
    return tl::unexpected(Failure{ExitCode::failed, "not applied: the group does not take this value"});
  if (const auto failure = failure_of(answer, operation.name)) return tl::unexpected(*failure);
  return answer.result;
}

int cost_of(const TableFill& table) {
  for (const auto& [suffix, bytes] : costs)
    if (table.name.ends_with(suffix)) return bytes;
  return 0;
}

int percent_of(const TableFill& table) {
  if (table.limit <= 0) return 100;
  return static_cast<int>(100.0 * static_cast<double>(table.used) / static_cast<double>(table.limit));
}

tl::expected<std::vector<TableFill>, Failure> tables_of(Client& client, std::chrono::nanoseconds timeout) {
  OwnedOperation operation;
  operation.kind = OperationKind::list_limits;
  operation.limit = limits::list_entries;
  const auto result = run(client, operation, timeout);
  if (!result) return tl::unexpected(result.error());
  return tables_in(result->listed);
}

// An operation that changes one thing by its name. Prints the value, or name and value under these
// JSON keys.
ExitCode change(const GroupOptions& options, const OwnedOperation& operation, bool json, const char* name_key,
                const char* value_key) {
  const auto group = find_group(options);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  const auto result = run(*client, operation, group->timeout());
  if (!result) return fail(result.error());
  std::string text;
  if (json)
    JsonText(text).begin_object().member(name_key, operation.name).member(value_key, result->value).end_object();
  else
    text = std::to_string(result->value);
  std::printf("%s\n", text.c_str());
  return ExitCode::done;
}

// A session as replicas describe it (replica/sessions.h).
struct Session {
  // Name, principal, used or unused, idle seconds, acknowledged, results.
  std::array<std::string, 6> words;
  std::int64_t bytes = 0;
};

Session session_of(const ListedCounter& entry) {
  Session session{{}, entry.value};
  std::size_t from = 0;
  for (std::string& word : session.words) {
    const std::size_t end = std::min(entry.name.find(' ', from), entry.name.size());
    word = entry.name.substr(std::min(from, end), end - std::min(from, end));
    from = end + 1;
  }
  return session;
}

void add(JsonText& json, const Session& session) {
  const auto& [name, principal, used, idle, acknowledged, results] = session.words;
  const auto number = [](const std::string& word) { return whole_number<std::uint64_t>(word).value_or(0); };
  json.begin_object()
      .member("session", name)
      .member("account", principal)
      .member("used", used == "used")
      .member("idle_seconds", number(idle))
      .member("acknowledged", number(acknowledged))
      .member("results", number(results))
      .member("result_bytes", session.bytes)
      .end_object();
}

void print(const Session& session) {
  const auto& [name, principal, used, idle, acknowledged, results] = session.words;
  std::printf("%s  %s  %-6s  %7s s idle  %10s acknowledged  %4s results of %lld bytes\n", name.c_str(),
              principal.c_str(), used.c_str(), idle.c_str(), acknowledged.c_str(), results.c_str(),
              static_cast<long long>(session.bytes));
}

void print(const TableFill& table) {
  std::printf("%-26s %12lld %12lld %4d %%  %d\n", table.name.c_str(), static_cast<long long>(table.used),
              static_cast<long long>(table.limit), percent_of(table), cost_of(table));
}

std::string limits_json(const std::vector<TableFill>& tables) {
  std::string text;
  JsonText json(text);
  json.begin_object().name("limits").begin_array();
  for (const TableFill& table : tables)
    json.begin_object()
        .member("name", table.name)
        .member("limit", table.limit)
        .member("used", table.used)
        .member("bytes_each", cost_of(table))
        .end_object();
  json.end_array().end_object();
  return text;
}

}  // namespace

ExitCode run_session_list(const SessionListOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  OwnedOperation page;
  page.kind = OperationKind::list_sessions;
  std::string text;  // not printed yet, so that a long list needs no memory
  JsonText json(text);
  if (options.json) json.begin_object().name("sessions").begin_array();
  for (std::int64_t left = options.limit; left > 0; left -= page.limit) {
    page.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(left, limits::list_entries));
    const auto result = run(*client, page, group->timeout());
    if (!result) return fail(result.error());
    for (const ListedCounter& entry : result->listed)
      options.json ? add(json, session_of(entry)) : print(session_of(entry));
    std::fputs(std::exchange(text, "").c_str(), stdout);
    if (result->listed.size() < page.limit) break;
    page.after = result->listed.back().name;
  }
  if (options.json) json.end_array().end_object();
  if (options.json) std::printf("%s\n", text.c_str());
  return ExitCode::done;
}

ExitCode run_session_close(const SessionCloseOptions& options) {
  if (!session_from_hex(options.session))
    return fail(ExitCode::usage, "a session is 32 lower-case hexadecimal digits, as `tally session list` prints them");
  OwnedOperation operation;
  operation.kind = OperationKind::close_session;
  operation.name = options.session;
  return change(options.group, operation, options.json, "session", "result_bytes");
}

ExitCode run_limits(const LimitsOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  const auto tables = tables_of(*client, group->timeout());
  if (!tables) return fail(tables.error());
  if (options.json) {
    std::printf("%s\n", limits_json(*tables).c_str());
    return ExitCode::done;
  }
  std::printf("%-26s %12s %12s %6s  %s\n", "table", "used", "limit", "full", "bytes each");
  for (const TableFill& table : *tables) print(table);
  return ExitCode::done;
}

ExitCode run_limits_set(const LimitsSetOptions& options) {
  OwnedOperation operation;
  operation.kind = OperationKind::set_limit;
  operation.name = options.name;
  operation.value = options.value;
  return change(options.group, operation, options.json, "name", "limit");
}

std::string fullness(Client& client, std::chrono::nanoseconds timeout) {
  const auto tables = tables_of(client, timeout);
  if (!tables) return {};
  std::string text;
  for (const TableFill& table : *tables)
    if (percent_of(table) >= 50)
      text += "table        " + table.name + " is " + std::to_string(percent_of(table)) +
              " % full: " + std::to_string(table.used) + " of " + std::to_string(table.limit) + '\n';
  return text;
}

}  // namespace tally::cli
