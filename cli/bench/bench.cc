// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench.h"

#include <algorithm>
#include <cinttypes>

#include "cli/bench/bench_load.h"
#include "cli/files.h"
#include "cli/outcome.h"
#include "cli/report.h"
#include "protocol/limits.h"
#include "runtime/clock.h"

namespace tally::cli {
namespace {

constexpr Duration warm_up = milliseconds(500);
constexpr Duration fill_step = milliseconds(20);
constexpr Duration patience_at_the_end = seconds(30);

// Short enough that a counter's name with up to three digits fits into std::string itself.
std::string fresh_prefix() {
  constexpr std::uint64_t letters = 36;
  std::string text = "bench-";
  std::uint64_t random = random_number();
  for (int place = 0; place < 5; ++place, random /= letters)
    text += "0123456789abcdefghijklmnopqrstuvwxyz"[random % letters];
  return text + '-';
}

std::optional<GroupWork> difference(const tl::expected<ClusterStatus, CallError>& from,
                                    const tl::expected<ClusterStatus, CallError>& to) {
  if (!from || !to || from->term != to->term || from->comparator_pid != to->comparator_pid) return std::nullopt;
  return GroupWork{to->orders - from->orders,
                   to->requests - from->requests,
                   to->journal_appends - from->journal_appends,
                   to->journal_syncs - from->journal_syncs,
                   to->orders_sent - from->orders_sent,
                   to->votes_received - from->votes_received};
}

// Reads until the group answers, because it may be recovering from what was done to it.
std::optional<std::vector<Answer>> read_patiently(Client& client, const std::vector<OwnedOperation>& reads,
                                                  std::chrono::nanoseconds timeout) {
  const Instant end = monotonic_now() + patience_at_the_end;
  do {
    auto answers = client.call(reads, timeout);
    if (std::ranges::all_of(answers, &Answer::is_decided)) return answers;
  } while (monotonic_now() < end);
  return std::nullopt;
}

void check_final_values(Client& client, BenchLoad& load, std::chrono::nanoseconds timeout) {
  const std::vector<std::string>& names = load.names();
  for (std::size_t begin = 0; begin < names.size(); begin += limits::request_operations) {
    const std::size_t end = std::min(names.size(), begin + limits::request_operations);
    std::vector<OwnedOperation> reads;
    for (std::size_t counter = begin; counter < end; ++counter) reads.push_back(read_of(names[counter]));
    const auto answers = read_patiently(client, reads, timeout);
    if (!answers) return load.check().violate("the final values could not be read");
    for (std::size_t place = 0; place < reads.size(); ++place)
      load.check().final_value(static_cast<std::uint32_t>(begin + place), (*answers)[place].value().value_or(0));
  }
}

// Measures in slices of a second, so that a person at a terminal sees some progress.
void measure(BenchLoad& load, Duration duration) {
  const bool show = is_terminal(stderr);
  const Instant begin = monotonic_now();
  const Instant end = begin + duration;
  load.measure(true);
  for (Instant now = begin; now < end; now = monotonic_now()) {
    if (show)
      std::fprintf(stderr, "\rtally: bench: %" PRId64 " of %" PRId64 " s", (now - begin).milliseconds() / 1000,
                   duration.milliseconds() / 1000);
    load.run_for(std::min(end - now, seconds(1)));
  }
  load.measure(false);
  if (show) std::fprintf(stderr, "\r\x1b[K");
}

BenchResult bench(Client& client, const BenchOptions& options, std::chrono::nanoseconds timeout) {
  BenchLoad load(client, options, fresh_prefix(), timeout);
  while (!load.filled()) load.run_for(fill_step);
  load.run_for(warm_up);
  const auto before = client.status(timeout);
  const Instant begin = monotonic_now();
  measure(load, Duration{static_cast<std::int64_t>(options.seconds * 1e9)});
  const Instant end = monotonic_now();
  const auto after = client.status(timeout);
  load.finish();
  check_final_values(client, load, timeout);

  for (const std::string& example : load.check().examples()) fail(ExitCode::unverified, example);
  if (load.errors() > 0)
    fail(ExitCode::failed, std::to_string(load.errors()) + " increments failed, the last one: " +
                               failure_of(load.last_failure(), "bench")->message);
  BenchResult result;
  result.operations = load.latency().count();
  result.seconds = static_cast<double>((end - begin).nanoseconds) / 1e9;
  result.errors = load.errors();
  result.verified = load.check().holds();
  result.latency = load.latency();
  result.group = difference(before, after);
  if (load.timeline()) result.timeline = load.timeline()->csv();
  return result;
}

}  // namespace

ExitCode run_bench(const BenchOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  const Answer first = client->call(read_of("bench"), group->timeout());
  if (!first.is_decided()) return fail(*failure_of(first, "bench"));
  const BenchResult result = bench(*client, options, group->timeout());
  if (options.json)
    print_bench_json(result);
  else
    print_bench_text(options, result);
  if (!options.timeline.empty())
    if (const auto problem = write_file(options.timeline, result.timeline, 0644))
      return fail(ExitCode::failed, *problem);
  return result.verified ? ExitCode::done : ExitCode::unverified;
}

}  // namespace tally::cli
