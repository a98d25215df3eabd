// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/status.h"

#include <signal.h>

#include "cli/commands/tables.h"
#include "cli/report.h"
#include "client/client.h"
#include "client/status_json.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

// How full tables are is said if the group answers.
constexpr std::chrono::milliseconds limits_patience{500};

constexpr const char* home = "\x1b[H";
constexpr const char* clear_line_end = "\x1b[K";
constexpr const char* clear_below = "\x1b[J";
constexpr const char* clear_screen = "\x1b[2J";

// Each line overwrites the one that was there, so that nothing flickers.
void repaint(const std::string& text) {
  std::string frame = home;
  for (const char letter : text) {
    if (letter == '\n') frame += clear_line_end;
    frame += letter;
  }
  frame += clear_below;
  std::fwrite(frame.data(), 1, frame.size(), stdout);
}

ExitCode watch(const StatusOptions& options, const Group& group) {
  // They are blocked before the client's thread exists, so that this thread alone hears them.
  const sigset_t stops = stop_signals();
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  auto client = connect_to(group);
  if (!client) return fail(client.error());
  const bool screen = is_terminal(stdout) && !options.json;
  if (screen) std::fputs(clear_screen, stdout);
  const timespec one_second{1, 0};
  do {
    const auto status = client->status(group.timeout());
    if (!status)
      fail(ExitCode::unknown, "no answer from the distributor in time");
    else if (options.json)
      std::printf("%s\n", status_json(*status).c_str());
    else if (screen)
      repaint(status_table(*status, wants_colour(stdout)));
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
