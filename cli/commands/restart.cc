// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/restart.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <tl/expected.hpp>
#include <vector>

#include "cli/commands/wait.h"
#include "cli/disk/lock.h"
#include "cli/report.h"
#include "runtime/clock.h"
#include "runtime/descriptor.h"

namespace tally::cli {
namespace {

constexpr int between_looks_ms = 20;

std::vector<std::string> all_roles(const Config& config) {
  std::vector<std::string> roles;
  for (const ReplicaId replica : config.replica_ids()) roles.push_back("replica-" + std::to_string(replica.value));
  roles.insert(roles.end(), {"comparator", "distributor"});
  for (std::int64_t id = 1; id <= config.bridges; ++id)
    roles.push_back(id == 1 ? "bridge" : "bridge-" + std::to_string(id));
  return roles;
}

// The newest process of a role, as `tally up` has written it down; 0 if it has not.
pid_t process_of(const Config& config, const std::string& role) {
  std::ifstream file(config.run_directory() + '/' + role + ".pid");
  pid_t process = 0;
  file >> process;
  return process;
}

bool is_gone(pid_t process) { return kill(process, 0) != 0 && errno == ESRCH; }

std::string roles_of(const Config& config) {
  std::string text;
  for (const std::string& role : all_roles(config)) text += (text.empty() ? "" : ", ") + role;
  return text;
}

// Only one `tally restart` runs at a time: each of two would take the other's restart for its own.
tl::expected<Descriptor, Failure> lock(const Config& config, Duration patience) {
  const std::string path = config.run_directory() + "/restart.lock";
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file)
    return tl::unexpected(
        Failure{ExitCode::usage, "no `tally up` runs in " + config.data + ": " + path + ": " + std::strerror(errno)});
  if (!take_lock(file, patience))
    return tl::unexpected(Failure{ExitCode::failed, "another `tally restart` runs in " + config.data});
  return file;
}

std::optional<Failure> restart(const Config& config, Client& client, const std::string& role, Duration patience) {
  if (auto failure = wait_for_state(client, "ok", patience))
    return Failure{failure->code, role + " is not restarted: " + failure->message};
  const pid_t old = process_of(config, role);
  if (old == 0)
    return Failure{ExitCode::usage, "there is no " + role + " that `tally up` runs in " + config.data +
                                        "; there may be " + roles_of(config)};
  if (kill(old, SIGTERM) != 0)
    return Failure{ExitCode::failed, role + ", process " + std::to_string(old) + ": " + std::strerror(errno)};
  const Instant told = monotonic_now();
  const auto is_replaced = [&] { return is_gone(old) && process_of(config, role) != old; };
  while (!is_replaced()) {
    if (monotonic_now() - told > patience)
      return Failure{ExitCode::unknown, role + " was told to stop, and is not replaced in time"};
    poll(nullptr, 0, between_looks_ms);
  }
  if (auto failure = wait_for_state(client, "ok", patience))
    return Failure{failure->code, role + " was restarted; since then: " + failure->message};
  std::printf("%s: process %d in place of %d, ok after %.1f s\n", role.c_str(), process_of(config, role), old,
              static_cast<double>((monotonic_now() - told).milliseconds()) / 1000);
  std::fflush(stdout);
  return std::nullopt;
}

}  // namespace

ExitCode run_restart(const RestartOptions& options) {
  if (options.all != options.role.empty()) return fail(ExitCode::usage, "name one ROLE, or say --all");
  const auto group = find_group(options.group);
  if (!group) return fail(group.error());
  const Duration patience = seconds(options.timeout_seconds);
  const auto alone = lock(group->config, patience);
  if (!alone) return fail(alone.error());
  auto client = connect_to(*group);
  if (!client) return fail(client.error());
  const std::vector<std::string> roles =
      options.all ? all_roles(group->config) : std::vector{options.role == "bridge-1" ? "bridge" : options.role};
  for (const std::string& role : roles)
    if (const auto failure = restart(group->config, *client, role, patience)) return fail(*failure);
  return ExitCode::done;
}

}  // namespace tally::cli
