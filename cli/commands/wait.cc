// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/wait.h"

#include <algorithm>
#include <poll.h>

#include "cli/report.h"
#include "runtime/clock.h"

namespace tally::cli {
namespace {

constexpr int between_questions_ms = 50;
constexpr Duration longest_question = seconds(1);

// Whether the comparator and each replica are.
bool are_heard_since(const ClusterStatus& status, Duration elapsed) {
  const auto is_heard = [&](const std::optional<std::uint64_t>& heard_ms) {
    return heard_ms && milliseconds(static_cast<std::int64_t>(*heard_ms)) < elapsed;
  };
  return is_heard(status.comparator_heard_ms) &&
         std::ranges::all_of(status.replicas, is_heard, &ReplicaStatus::heard_ms);
}

std::string described(const std::optional<ClusterStatus>& status) {
  if (!status) return "the distributor does not answer";
  const std::string state = "the state is " + std::string(to_string(status->state));
  return status->reason.empty() ? state : state + ", " + status->reason + ": " + status->advice;
}

}  // namespace

std::optional<Failure> wait_for_state(Client& client, const std::string& state, Duration patience) {
  const Instant began = monotonic_now();
  const Instant deadline = began + patience;
  std::optional<ClusterStatus> last;
  while (true) {
    const Instant asked = monotonic_now();
    const auto status = client.status(to_chrono(std::clamp(deadline - asked, milliseconds(1), longest_question)));
    const bool is_it = status && to_string(status->state) == state;
    if (is_it && (state != "ok" || are_heard_since(*status, asked - began))) return std::nullopt;
    // The last question may have had no time to be answered.
    if (status || monotonic_now() - asked >= longest_question) last = status ? std::optional(*status) : std::nullopt;
    if (monotonic_now() >= deadline) return Failure{ExitCode::unknown, "not in time: " + described(last)};
    poll(nullptr, 0, between_questions_ms);
  }
}

ExitCode run_wait(const WaitOptions& options) {
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  const auto failure = wait_for_state(*client, options.state, seconds(options.timeout_seconds));
  return failure ? fail(*failure) : ExitCode::done;
}

}  // namespace tally::cli
