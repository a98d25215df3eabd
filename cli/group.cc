// SPDX-License-Identifier: Apache-2.0
#include "cli/group.h"

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace tally::cli {
namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

std::optional<ClientOptions> from_endpoints_json(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  boost::json::error_code error;
  const boost::json::value root = boost::json::parse(*text, error);
  if (error) return std::nullopt;
  const auto endpoint = [&](const char* pointer) -> std::string {
    const auto* found = root.find_pointer(pointer, error);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  ClientOptions options;
  options.distributor_endpoint = endpoint("/bridge/distributor");
  options.comparator_endpoint = endpoint("/bridge/comparator");
  if (options.distributor_endpoint.empty() || options.comparator_endpoint.empty()) return std::nullopt;
  return options;
}

ClientOptions configured_endpoints(const Config& config) {
  ClientOptions options;
  options.distributor_endpoint = config.distributor_bridge_endpoint;
  options.comparator_endpoint = config.comparator_bridge_endpoint;
  return options;
}

// A directory that was named (flag or environment) outweighs endpoints in a file.
bool endpoints_were_named(const Config& config) {
  const auto source = [&](const char* key) { return config.sources.at(key); };
  const bool data_was_named = source("data") == "flag" || source("data") == "environment";
  return !data_was_named && source("distributor_bridge_endpoint") != "default" &&
         source("comparator_bridge_endpoint") != "default";
}

// Started by systemd, a group has its sockets in DIR/run and no endpoints.json.
bool listens_at_default_endpoints(const Config& config) {
  return config.sources.at("distributor_bridge_endpoint") == "default" &&
         std::filesystem::is_socket(config.run_directory() + "/distributor-bridge.sock");
}

}  // namespace

tl::expected<Group, Failure> find_group(const GroupOptions& options) {
  auto config = effective_config(options);
  if (!config) return tl::unexpected(config.error());
  if (options.connects_to_endpoints()) {
    const std::size_t comma = options.connect.find(',');
    ClientOptions client;
    client.distributor_endpoint = options.connect.substr(0, comma);
    client.comparator_endpoint = options.connect.substr(comma + 1);
    return Group{client, *config};
  }
  if (endpoints_were_named(*config)) return Group{configured_endpoints(*config), *config};
  if (auto client = from_endpoints_json(config->run_directory() + "/endpoints.json")) return Group{*client, *config};
  std::error_code ignored;
  if (std::filesystem::exists(config->run_directory(), ignored) && listens_at_default_endpoints(*config))
    return Group{configured_endpoints(*config), *config};
  return tl::unexpected(Failure{ExitCode::unknown, "no tally group is running in " + config->data +
                                                       "; start one with `tally up`, or name one with --connect"});
}

tl::expected<Client, Failure> connect_to(const Group& group) {
  return Client::connect(group.client).map_error([](std::string reason) {
    return Failure{ExitCode::usage, std::move(reason)};
  });
}

tl::expected<std::string, Failure> admin_token(const Group& group) {
  if (!group.config.admin_token.empty()) return group.config.admin_token;
  const std::string file = group.config.admin_token_file();
  if (auto token = read_file(file)) {
    while (!token->empty() && std::isspace(static_cast<unsigned char>(token->back()))) token->pop_back();
    return *token;
  }
  const int reason = errno;
  // `tally up` was given a token in a configuration of its own.
  const auto of_the_group = load_config(group.config.run_directory() + "/tally.toml", {});
  if (of_the_group && !of_the_group->admin_token.empty()) return of_the_group->admin_token;
  return tl::unexpected(Failure{ExitCode::usage, "no admin token: " + file + ": " + std::strerror(reason) +
                                                     "; set it in the configuration or in TALLY_ADMIN_TOKEN"});
}

}  // namespace tally::cli
