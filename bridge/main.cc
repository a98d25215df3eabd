// SPDX-License-Identifier: Apache-2.0
// tally-bridge: the HTTP gateway of a tally group. A client of the group that speaks for many users.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <signal.h>

#include "bridge/http/server.h"
#include "bridge/limits.h"
#include "protocol/check.h"
#include "protocol/limits.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/service_manager.h"

namespace tally::bridge {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

int usage_error(const std::string& message) {
  std::fprintf(stderr, "tally-bridge: %s\n", message.c_str());
  return exit_usage;
}

// Keeps SIGINT and SIGTERM from the threads that are started while it lives.
class StopSignalsBlocked {
 public:
  StopSignalsBlocked() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, &before_) == 0);
  }
  ~StopSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  StopSignalsBlocked(const StopSignalsBlocked&) = delete;
  StopSignalsBlocked& operator=(const StopSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// Configured, or what `tally up` wrote; empty when there is none.
std::string admin_token_of(const Config& config) {
  if (!config.admin_token.empty()) return config.admin_token;
  std::ifstream file(config.admin_token_file());
  std::string token;
  file >> token;
  if (token.empty()) log_event(Event("admin_token_missing", Severity::warning).with("file", config.admin_token_file()));
  return token;
}

int serve(const Config& config, std::uint16_t port) {
  http::Site site(door_limits::keys_of_all_bridges / static_cast<std::uint64_t>(config.bridges), random_number());
  site.rules = {admin_token_of(config), static_cast<std::uint64_t>(config.replicas), config.fault_injection,
                config.http_hosts, config.http_origins};
  for (const std::string& text : config.trusted_proxies) site.proxies.push_back(*parse_block(text));
  site.keep_alive_timeout = milliseconds(config.http_idle_ms);
  site.random.seed(static_cast<std::minstd_rand::result_type>(random_number()));
  boost::asio::io_context context(1);
  auto acceptor = http::listen_for_http(context, config.http_address, port);
  if (!acceptor) {
    log_event(Event("listen_failed", Severity::error).with("reason", acceptor.error()));
    return exit_failed;
  }
  std::optional<StopSignalsBlocked> blocked(std::in_place);
  Exchange exchange(context,
                    {.distributor_endpoint = config.distributor_bridge_endpoint,
                     .comparator_endpoint = config.comparator_bridge_endpoint,
                     .opens_session_at_once = true},
                    milliseconds(config.request_timeout_ms));
  blocked.reset();
  site.exchange = &exchange;
  http::GroupFigures figures(exchange);
  site.figures = &figures;
  http::Server server(context, std::move(*acceptor), site);
  server.start();
  tell_manager(now_ready);
  context.run();
  return 0;
}

int run(int argc, char** argv) {
  prepare_daemon();
  limit_memory(limits::daemon_memory_bytes);
  CLI::App app{"HTTP gateway of a tally group. Usually started by `tally up` or by systemd.", "tally-bridge"};
  std::string file;
  std::string log;
  std::int64_t id = 1;
  app.add_option("--config", file, "the group's configuration file, the same for all daemons")->required();
  app.add_option("--log", log, "a file for the log, in place of stderr; of 16 MiB, and FILE.1 with what was before");
  app.add_option("--id", id, "which of the bridges this is, from 1")->capture_default_str();
  app.footer("Example:\n  tally-bridge --config group.toml --id 1");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (const auto complaint = limit_too_small()) return usage_error(*complaint);
  const auto config = load_config(file, {});
  if (!config) return usage_error(config.error().text());
  if (id < 1 || id > config->bridges) return usage_error("--id must be from 1 to " + std::to_string(config->bridges));
  const std::int64_t port = config->http_port == 0 ? 0 : config->http_port + id - 1;

  start_logging("bridge-" + std::to_string(id), config->log_format, config->log_level, log);
  try {
    return serve(*config, static_cast<std::uint16_t>(port));
  } catch (const std::exception& error) {
    log_event(Event("daemon_failed", Severity::error).with("reason", error.what()));
    return exit_failed;
  }
}

}  // namespace
}  // namespace tally::bridge

int main(int argc, char** argv) { return tally::bridge::run(argc, argv); }
