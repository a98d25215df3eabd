// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <string>

#include "cli/bench/bench.h"
#include "runtime/json_text.h"

namespace tally::cli {
namespace {

double per_second(const BenchResult& result) {
  return result.seconds > 0 ? static_cast<double>(result.operations) / result.seconds : 0;
}

std::string readable(double nanoseconds) {
  const char* unit = "ns";
  double value = nanoseconds;
  for (const char* larger : {"us", "ms", "s"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = larger;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, unit);
  return text;
}

void print_group_work(const GroupWork& work, double operations) {
  const double orders = static_cast<double>(std::max<std::uint64_t>(1, work.orders));
  const auto each = [&](std::uint64_t count) { return static_cast<double>(count) / orders; };
  std::printf(
      "orders      %llu; each with %.1f increments in %.2f requests, %.2f journal appends, %.2f syncs, "
      "sent %.2f times, %.2f votes\n",
      static_cast<unsigned long long>(work.orders), operations / orders, each(work.requests),
      each(work.journal_appends), each(work.journal_syncs), each(work.orders_sent), each(work.votes_received));
}

// One line for each doubling of the latency.
void print_histogram(const Histogram& latency) {
  if (latency.count() == 0) return;
  constexpr double width = 50;
  std::uint64_t most = 1;
  for (int power = 0; power < 63; ++power)
    most = std::max(most, latency.between(std::uint64_t{1} << power, std::uint64_t{2} << power));
  std::printf("\n");
  bool begun = false;
  for (int power = 0; power < 63; ++power) {
    const std::uint64_t from = std::uint64_t{1} << power;
    if (from > latency.max()) break;
    const std::uint64_t count = latency.between(from, from * 2);
    begun = begun || count > 0;
    if (!begun) continue;
    const double bar = static_cast<double>(count) / static_cast<double>(most) * width;
    const auto marks = static_cast<std::size_t>(bar) + (count > 0 && bar < 1 ? 1 : 0);
    std::printf("  from %9s %6.2f %% |%s\n", readable(static_cast<double>(from)).c_str(),
                100.0 * static_cast<double>(count) / static_cast<double>(latency.count()),
                std::string(marks, '#').c_str());
  }
}

}  // namespace

void print_bench_json(const BenchResult& result) {
  const auto microseconds_at = [&](double quantile) { return Decimal{result.latency.quantile(quantile) / 1000, 1}; };
  std::string text;
  JsonText json(text);
  json.begin_object()
      .member("operations", result.operations)
      .member("seconds", Decimal{result.seconds, 3})
      .member("operations_per_second", Decimal{per_second(result), 1});
  json.name("latency_us")
      .begin_object()
      .member("p50", microseconds_at(0.5))
      .member("p99", microseconds_at(0.99))
      .member("p999", microseconds_at(0.999))
      .member("max", Decimal{static_cast<double>(result.latency.max()) / 1000, 1})
      .end_object();
  json.member("errors", result.errors).member("verified", result.verified).name("group");
  if (const auto& work = result.group)
    json.begin_object()
        .member("orders", work->orders)
        .member("requests", work->requests)
        .member("journal_appends", work->journal_appends)
        .member("journal_syncs", work->journal_syncs)
        .member("orders_sent", work->orders_sent)
        .member("votes_received", work->votes_received)
        .end_object();
  else
    json.value(nullptr);
  json.end_object();
  std::printf("%s\n", text.c_str());
}

void print_bench_text(const BenchOptions& options, const BenchResult& result) {
  const Histogram& latency = result.latency;
  std::printf("load        %lld clients, %lld increments outstanding each, %lld counters, %.1f s\n",
              static_cast<long long>(options.clients), static_cast<long long>(options.pipeline),
              static_cast<long long>(options.counters), result.seconds);
  std::printf("increments  %llu answered, %.0f a second, %llu errors\n",
              static_cast<unsigned long long>(result.operations), per_second(result),
              static_cast<unsigned long long>(result.errors));
  std::printf("latency     p50 %s, p99 %s, p99.9 %s, max %s\n", readable(latency.quantile(0.5)).c_str(),
              readable(latency.quantile(0.99)).c_str(), readable(latency.quantile(0.999)).c_str(),
              readable(static_cast<double>(latency.max())).c_str());
  if (result.group) print_group_work(*result.group, static_cast<double>(result.operations));
  std::printf("verified    %s\n", result.verified
                                      ? "yes: every value once and in order, nothing lost, nothing counted twice"
                                      : "NO: see stderr");
  print_histogram(latency);
}

}  // namespace tally::cli
