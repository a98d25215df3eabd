// SPDX-License-Identifier: Apache-2.0
#include "runtime/daemon.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

#include "protocol/check.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/service_manager.h"

namespace tally {
namespace {

int usage_error(const std::string& program, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), message.c_str());
  return exit_usage;
}

// Why it must not run here, a sentence; nothing: it may.
std::optional<std::string> why_not(const Config& config, const DaemonKind& kind) {
  if (auto complaint = limit_too_small()) return complaint;
  if (!kind.keeps_files) return std::nullopt;
  for (const std::string& directory : {config.data, config.run_directory()})
    if (auto complaint = keep_private(directory)) return complaint;
  return std::nullopt;
}

}  // namespace

int run_daemon(int argc, char** argv, const DaemonKind& kind, const std::function<int(const DaemonArguments&)>& body) {
  prepare_daemon();
  const std::string& role = kind.role;
  const std::string program = "tally-" + role;
  CLI::App app{"One " + role + " of a tally group. Usually started by `tally up` or by systemd.", program};
  std::string file;
  std::string log;
  std::uint64_t id = kind.usual_id;
  app.add_option("--config", file, "the group's configuration file, the same for all daemons")->required();
  app.add_option("--log", log, "a file for the log, in place of stderr; of 16 MiB, and FILE.1 with what was before");
  if (kind.count) {
    CLI::Option* option = app.add_option("--id", id, "which of the " + role + "s this is, from 1");
    kind.usual_id == 0 ? option->required() : option->capture_default_str();
  }
  app.footer("Example:\n  " + program + " --config group.toml" + (kind.count ? " --id 1" : ""));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  const auto config = load_config(file, {});
  if (!config) return usage_error(program, config.error().text());
  const std::int64_t count = kind.count ? (*config).*kind.count : 0;
  if (kind.count && (id < 1 || id > static_cast<std::uint64_t>(count)))
    return usage_error(program, "--id must be from 1 to " + std::to_string(count));

  limit_memory(kind.memory_bytes);
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  start_logging(kind.count ? role + '-' + std::to_string(id) : role, config->log_format, config->log_level, log);
  if (const auto complaint = why_not(*config, kind)) {
    log_event(Event("refused_to_start", Severity::error).with("reason", *complaint));
    return exit_usage;
  }
  try {
    return body({*config, id});
  } catch (const std::exception& error) {
    log_event(Event("daemon_failed", Severity::error).with("reason", error.what()));
    return 1;
  }
}

StopSignals::StopSignals() {
  const sigset_t signals = stop_signals();
  descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  CHECK(descriptor_ >= 0);
}

StopSignals::~StopSignals() { close(descriptor_); }

void StopSignals::take() {
  signalfd_siginfo info{};
  if (read(descriptor_, &info, sizeof info) != sizeof info || std::exchange(asked_, true)) return;
  tell_manager(now_stopping);  // from now on it may take longer between two heartbeats
}

}  // namespace tally
