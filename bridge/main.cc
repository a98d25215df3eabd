// SPDX-License-Identifier: Apache-2.0
// tally-bridge: the gateway of a tally group, for HTTP and for Redis clients. It is a client of the
// group that speaks for many users.
#include <fstream>

#include "bridge/http/live/feed.h"
#include "bridge/http/server.h"
#include "bridge/limits.h"
#include "bridge/resp/server.h"
#include "bridge/service.h"
#include "runtime/clock.h"
#include "runtime/connection_limit.h"
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

resp::Rules resp_rules(const Config& config, std::int64_t port, std::size_t most_connections) {
  resp::Rules rules;
  rules.password = config.resp_password;
  for (const std::string& text : config.resp_users) rules.users.push_back(*parse_resp_user(text));
  rules.writers_may_flush = config.resp_flush;
  rules.version = TALLY_VERSION;
  rules.port = port;
  rules.replicas = static_cast<std::uint64_t>(config.replicas);
  rules.most_connections = most_connections;
  return rules;
}

struct Acceptors {
  Acceptor http;
  Acceptor resp;
};

// The port of this bridge; the first one has the configured port, and the others the next ones.
std::uint16_t port_of(std::int64_t first, std::uint64_t id) {
  return static_cast<std::uint16_t>(first == 0 ? 0 : first + static_cast<std::int64_t>(id) - 1);
}

tl::expected<Acceptors, std::string> open_doors(boost::asio::io_context& context, const DaemonArguments& arguments) {
  const Config& config = arguments.config;
  auto inherited = inherit_sockets({"http", "resp"});
  if (!inherited) return tl::unexpected(inherited.error());
  const auto open = [&](std::string_view door, const char* port_key, std::int64_t first_port) {
    const std::uint16_t port = port_of(first_port, arguments.id);
    return listen_at(context, {door, "http_address", config.http_address, port_key, port}, *inherited);
  };
  auto http = open("http", "http_port", config.http_port);
  if (!http) return tl::unexpected(http.error());
  auto resp = open("resp", "resp_port", config.resp_port);
  if (!resp) return tl::unexpected(resp.error());
  return Acceptors{std::move(*http), std::move(*resp)};
}

int serve(const DaemonArguments& arguments) {
  const Config& config = arguments.config;
  const std::uint64_t secret = random_number();
  Site site(door_limits::keys_of_all_bridges / static_cast<std::uint64_t>(config.bridges), secret);
  for (const std::string& text : config.trusted_proxies) site.proxies.push_back(*parse_block(text));
  const std::size_t most_connections = connections_of_a_door(descriptor_limit());
  http::Shared http_shared(site, secret, most_connections);
  configure(http_shared, config);
  boost::asio::io_context context(1);
  auto acceptors = open_doors(context, arguments);
  if (!acceptors) {
    log_event(Event("listen_failed", Severity::error).with("reason", acceptors.error()));
    return exit_failed;
  }
  resp::Shared resp_shared(site, secret, resp_rules(config, acceptors->resp.local_endpoint().port(), most_connections));
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
  http_shared.figures = &figures;
  http::Feed feed(context,
                  {static_cast<std::uint64_t>(config.replicas), static_cast<std::uint64_t>(config.probation_votes),
                   config.fault_injection},
                  random_number(), site);
  http_shared.feed = &feed;
  http::Server http_server(context, std::move(acceptors->http), http_shared);
  resp::Server resp_server(context, std::move(acceptors->resp), resp_shared);
  Service service(context, site, {&http_server, &resp_server});
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
