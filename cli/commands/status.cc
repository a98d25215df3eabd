// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/status.h"

#include <algorithm>
#include <optional>
#include <signal.h>

#include "cli/commands/status_screen.h"
#include "cli/commands/tables.h"
#include "cli/full_screen.h"
#include "cli/report.h"
#include "client/client.h"
#include "client/status_json.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

// How full tables are is said if the group answers.
constexpr std::chrono::milliseconds limits_patience{500};

// A screen that waits longer would not hear a key.
constexpr std::chrono::milliseconds longest_question{1000};
constexpr int refresh_ms = 500;
// A rate is told of so long at least, because the comparator reports four times a second.
constexpr Duration rate_interval = seconds(1);

// Operations in a second, from what the group has counted at two times.
class OperationRate {
 public:
  void see(const ClusterStatus& status, Instant now) {
    const std::uint64_t counted = status.order_operations.sum;
    if (since_ && now - *since_ < rate_interval) return;
    rate_.reset();
    if (since_ && counted >= counted_)
      rate_ = static_cast<double>(counted - counted_) * 1e9 / static_cast<double>((now - *since_).nanoseconds);
    since_ = now;
    counted_ = counted;
  }
  std::optional<double> per_second() const { return rate_; }

 private:
  std::optional<Instant> since_;
  std::uint64_t counted_ = 0;
  std::optional<double> rate_;
};

void watch_on_screen(Client& client, const Group& group, const sigset_t& stops) {
  const FullScreen screen;
  Glance glance;
  OperationRate rate;
  Instant heard = monotonic_now();
  constexpr timespec at_once{};
  const auto wants_to_go_on = [&] {
    const char key = screen.wait_for_key(refresh_ms);
    return key != 'q' && key != 'Q' && std::ferror(stdout) == 0 && sigtimedwait(&stops, nullptr, &at_once) < 0;
  };
  do {
    const auto status = client.status(std::min<std::chrono::nanoseconds>(group.timeout(), longest_question));
    const Instant now = monotonic_now();
    if (status) {
      heard = now;
      glance.status = *status;
      rate.see(*status, now);
    }
    glance.silent = status ? std::nullopt : std::optional(now - heard);
    glance.operations_per_second = rate.per_second();
    glance.now = calendar_now();
    screen.paint(status_screen(glance, screen.size().columns, wants_colour(stdout)));
  } while (wants_to_go_on());
}

ExitCode watch(const StatusOptions& options, const Group& group) {
  // They are blocked before the client's thread exists, so that this thread alone hears them.
  sigset_t stops = stop_signals();
  for (const int signal : {SIGHUP, SIGQUIT}) sigaddset(&stops, signal);  // the terminal is put right first
  sigset_t blocked = stops;
  sigaddset(&blocked, SIGTSTP);  // whoever is stopped cannot do that
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  auto client = connect_to(group);
  if (!client) return fail(client.error());
  if (can_repaint(stdout) && !options.json) {
    watch_on_screen(*client, group, stops);
    return ExitCode::done;
  }
  const timespec one_second{1, 0};
  do {
    const auto status = client->status(group.timeout());
    if (!status)
      fail(ExitCode::unknown, "no answer from the distributor in time");
    else if (options.json)
      std::printf("%s\n", status_json(*status).c_str());
    else
      std::printf("%s\n", status_table(*status, false).c_str());
    std::fflush(stdout);
  } while (std::ferror(stdout) == 0 && sigtimedwait(&stops, nullptr, &one_second) < 0);
  return ExitCode::done;
}

}  // namespace

ExitCode run_status(const StatusOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  if (options.watch) return watch(options, *group);
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  const auto status = client->status(group->timeout());
  if (!status) return fail(ExitCode::unknown, "no answer from the distributor in time");
  if (options.json)
    std::printf("%s\n", status_json(*status).c_str());
  else
    std::fputs((status_table(*status, wants_colour(stdout)) + fullness(*client, limits_patience)).c_str(), stdout);
  return ExitCode::done;
}

}  // namespace tally::cli
