// SPDX-License-Identifier: Apache-2.0
// tally-bridge: the HTTP gateway of a tally group. It is a client of the group that speaks for many
// users.
#include <fstream>

#include "bridge/http/server.h"
#include "bridge/limits.h"
#include "bridge/service.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/log.h"
#include "runtime/service_manager.h"

namespace tally::bridge {
namespace {

constexpr int exit_failed = 1;

// Configured, or what `tally up` wrote; empty when there is none.
std::string admin_token_of(const Config& config) {
  if (!config.admin_token.empty()) return config.admin_token;
  std::ifstream file(config.admin_token_file());
  std::string token;
  file >> token;
  if (token.empty()) log_event(Event("admin_token_missing", Severity::warning).with("file", config.admin_token_file()));
  return token;
}

void configure(http::Shared& shared, const Config& config) {
  shared.rules = {admin_token_of(config), static_cast<std::uint64_t>(config.replicas), config.fault_injection,
                  config.http_hosts, config.http_origins};
  shared.keep_alive_timeout = milliseconds(config.http_idle_ms);
  shared.random.seed(static_cast<std::minstd_rand::result_type>(random_number()));
}

int serve(const DaemonArguments& arguments) {
  const Config& config = arguments.config;
  const std::uint64_t secret = random_number();
  Site site(door_limits::keys_of_all_bridges / static_cast<std::uint64_t>(config.bridges), secret);
  for (const std::string& text : config.trusted_proxies) site.proxies.push_back(*parse_block(text));
  http::Shared shared(site, secret);
  configure(shared, config);
  boost::asio::io_context context(1);
  const std::int64_t port = config.http_port == 0 ? 0 : config.http_port + static_cast<std::int64_t>(arguments.id) - 1;
  auto acceptor = listen_at(context, {"http_address", config.http_address, static_cast<std::uint16_t>(port)});
  if (!acceptor) {
    log_event(Event("listen_failed", Severity::error).with("reason", acceptor.error()));
    return exit_failed;
  }
  auto client = Client::connect({.distributor_endpoint = config.distributor_bridge_endpoint,
                                 .comparator_endpoint = config.comparator_bridge_endpoint,
                                 .opens_session_at_once = true});
  if (!client) {
    log_event(Event("daemon_failed", Severity::error).with("reason", client.error()));
    return exit_failed;
  }
  Exchange exchange(context, std::move(*client), milliseconds(config.request_timeout_ms));
  GroupWatch group(exchange);
  site.exchange = &exchange;
  site.group = &group;
  http::GroupFigures figures(exchange);
  shared.figures = &figures;
  http::Server server(context, std::move(*acceptor), shared);
  Service service(context, site, {&server});
  service.start();
  tell_manager(now_ready);
  context.run();
  return 0;
}

}  // namespace
}  // namespace tally::bridge

int main(int argc, char** argv) {
  const tally::DaemonKind bridge{
      .role = "bridge", .count = &tally::Config::bridges, .usual_id = 1, .keeps_files = false};
  return tally::run_daemon(argc, argv, bridge, tally::bridge::serve);
}
