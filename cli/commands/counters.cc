// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/counters.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "cli/outcome.h"
#include "cli/report.h"
#include "protocol/limits.h"
#include "runtime/json_text.h"

namespace tally::cli {
namespace {

std::string as_json(const std::string& name, const Answer& answer) {
  std::string text;
  JsonText json(text);
  json.begin_object()
      .member("name", name)
      .member("value", answer.result.value)
      .member("sequence", answer.result.first_sequence.value_or(answer.sequence).value)
      .member("votes", answer.votes);
  if (const auto left = answer.expires_in_ms()) json.member("expires_in_ms", *left);
  json.end_object();
  return text;
}

// Prints counters as they come, so that a long list needs no memory.
class ListPrinter {
 public:
  explicit ListPrinter(bool is_json) : is_json_(is_json) {
    if (is_json_) json_.begin_object().name("counters").begin_array();
  }

  void print(const ListedCounter& counter) {
    if (is_json_)
      json_.begin_object().member("name", counter.name).member("value", counter.value).end_object();
    else
      text_ += counter.name + '\t' + std::to_string(counter.value) + '\n';
    flush();
  }

  // `next`: where the next page would begin; empty: there is none.
  void end(const std::string& next) {
    if (!is_json_) return;
    json_.end_array().member("next", next.empty() ? std::nullopt : std::optional(next)).end_object();
    text_ += '\n';
    flush();
  }

 private:
  void flush() {
    std::fwrite(text_.data(), 1, text_.size(), stdout);
    text_.clear();
  }

  bool is_json_;
  std::string text_;  // not printed yet
  JsonText json_{text_};
};

}  // namespace

ExitCode run_counter(const CounterOptions& options) {
  const std::string& name = options.operation.name;
  if (!is_valid_name(name))
    return fail(ExitCode::usage, "a name is 1 to 256 bytes of UTF-8 without control or format characters");
  if (options.operation.idempotency_key.size() > limits::idempotency_key_bytes)
    return fail(ExitCode::usage, "a key has at most " + std::to_string(limits::idempotency_key_bytes) + " bytes");
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  OwnedOperation operation = options.operation;
  operation.detail =
      options.json && (operation.kind == OperationKind::get || operation.expiry.kind != ExpiryKind::none);
  const Answer answer = client->call(operation, group->timeout());
  if (const auto failure = failure_of(answer, name)) return fail(explained(*failure, *client));
  if (options.json)
    std::printf("%s\n", as_json(name, answer).c_str());
  else
    std::printf("%lld\n", static_cast<long long>(answer.result.value));
  return ExitCode::done;
}

ExitCode run_list(const ListOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  ListPrinter printer(options.json);
  OwnedOperation page;
  page.kind = OperationKind::list;
  page.name = options.prefix;
  for (std::int64_t left = options.limit; left > 0;) {
    page.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(left, limits::list_entries));
    const Answer answer = client->call(page, group->timeout());
    if (const auto failure = failure_of(answer, options.prefix)) return fail(explained(*failure, *client));
    for (const ListedCounter& counter : answer.result.listed) printer.print(counter);
    if (answer.result.listed.size() < page.limit) {
      page.after.clear();
      break;
    }
    left -= page.limit;
    page.after = answer.result.listed.back().name;
  }
  printer.end(page.after);
  return ExitCode::done;
}

}  // namespace tally::cli
