// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/counters.h"

#include <algorithm>

#include "cli/outcome.h"
#include "cli/report.h"
#include "protocol/limits.h"

namespace tally::cli {
namespace {

Answer call_one(Client& client, const OwnedOperation& operation, Duration timeout) {
  return std::move(client.call({operation}, timeout).at(0));
}

std::string as_json(const std::string& name, const Answer& answer) {
  return "{\"name\":" + json_string(name) + ",\"value\":" + std::to_string(answer.result.value) +
         ",\"sequence\":" + std::to_string(answer.result.first_sequence.value_or(answer.sequence).value) +
         ",\"votes\":" + std::to_string(answer.votes) + '}';
}

// Prints pages as they come, so that a long list needs no memory.
class ListPrinter {
 public:
  explicit ListPrinter(bool json) : json_(json) {}

  void print(const ListedCounter& counter) {
    if (json_)
      std::printf("%s{\"name\":%s,\"value\":%lld}", first_ ? "{\"counters\":[" : ",", json_string(counter.name).c_str(),
                  static_cast<long long>(counter.value));
    else
      std::printf("%s\t%lld\n", counter.name.c_str(), static_cast<long long>(counter.value));
    first_ = false;
  }

  // `next`: where the next page would begin; empty: there is none.
  void end(const std::string& next) {
    if (!json_) return;
    std::printf("%s],\"next\":%s}\n", first_ ? "{\"counters\":[" : "",
                next.empty() ? "null" : json_string(next).c_str());
  }

 private:
  bool json_;
  bool first_ = true;
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
  Client client(group->client);
  const Answer answer = call_one(client, options.operation, group->timeout());
  if (const auto failure = failure_of(answer, name)) return fail(explained(*failure, client));
  if (options.json)
    std::printf("%s\n", as_json(name, answer).c_str());
  else
    std::printf("%lld\n", static_cast<long long>(answer.result.value));
  return ExitCode::done;
}

ExitCode run_list(const ListOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  Client client(group->client);
  ListPrinter printer(options.json);
  OwnedOperation page;
  page.kind = OperationKind::list;
  page.name = options.prefix;
  for (std::int64_t left = options.limit; left > 0;) {
    page.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(left, limits::list_entries));
    const Answer answer = call_one(client, page, group->timeout());
    if (const auto failure = failure_of(answer, options.prefix)) return fail(explained(*failure, client));
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
