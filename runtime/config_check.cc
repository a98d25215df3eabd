// SPDX-License-Identifier: Apache-2.0
#include "runtime/config_check.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <sys/un.h>

#include "runtime/network.h"

namespace tally {
namespace {

constexpr std::int64_t highest_port = 65535;
constexpr std::string_view ipc_scheme = "ipc://";
constexpr std::string_view tcp_scheme = "tcp://";

bool is_host_name(std::string_view text) {
  const auto is_letter = [](char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); };
  const auto belongs = [&](char byte) {
    return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
  };
  return std::ranges::all_of(text, belongs) && std::ranges::any_of(text, is_letter);
}

// An address, an IPv6 one also in brackets, or a name.
bool is_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto address = parse_address(text.substr(1, text.size() - 2));
    return address && !address->is_v4();
  }
  return parse_address(text).has_value() || is_host_name(text);
}

// Nothing, or what is wrong with it.
std::optional<std::string> complaint_about(std::string_view endpoint) {
  if (endpoint.starts_with(ipc_scheme)) {
    const std::string_view path = endpoint.substr(ipc_scheme.size());
    if (path.empty()) return "has no path";
    return std::nullopt;
  }
  if (!endpoint.starts_with(tcp_scheme)) return "must be ipc://PATH or tcp://HOST:PORT";
  const std::string_view rest = endpoint.substr(tcp_scheme.size());
  const std::size_t colon = rest.rfind(':');
  const std::string_view host = rest.substr(0, colon);
  if (colon == std::string_view::npos || !(host == "*" || is_host(host)))
    return "must be ipc://PATH or tcp://HOST:PORT";
  const std::string_view digits = rest.substr(colon + 1);
  std::int64_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || port < 1 || port > highest_port)
    return "needs a port from 1 to " + std::to_string(highest_port) + ", not " + std::string(digits);
  return std::nullopt;
}

class Endpoints {
 public:
  void add(const char* key, const std::string& endpoint, std::vector<KeyComplaint>& found) {
    if (const auto complaint = complaint_about(endpoint)) {
      found.push_back({key, *complaint + ": " + endpoint});
      return;
    }
    const auto [other, is_new] = keys_.emplace(endpoint, key);
    if (!is_new) found.push_back({key, "is the same as " + std::string(other->second) + ": " + endpoint});
  }

 private:
  std::map<std::string, const char*> keys_;  // by endpoint
};

void check_endpoints(const Config& config, std::vector<KeyComplaint>& found) {
  Endpoints endpoints;
  endpoints.add("distributor_client_endpoint", config.distributor_client_endpoint, found);
  endpoints.add("distributor_bridge_endpoint", config.distributor_bridge_endpoint, found);
  endpoints.add("distributor_comparator_endpoint", config.distributor_comparator_endpoint, found);
  endpoints.add("comparator_client_endpoint", config.comparator_client_endpoint, found);
  endpoints.add("comparator_bridge_endpoint", config.comparator_bridge_endpoint, found);
  const std::size_t before = found.size();
  for (std::uint64_t id = 1; id <= static_cast<std::uint64_t>(config.replicas) && found.size() == before; ++id) {
    endpoints.add("distributor_replica_endpoint", config.endpoint_for_distributor(ReplicaId(id)), found);
    endpoints.add("comparator_replica_endpoint", config.endpoint_for_comparator(ReplicaId(id)), found);
    endpoints.add("replica_transfer_endpoint", config.endpoint_for_transfer(ReplicaId(id)), found);
  }
}

}  // namespace

std::vector<KeyComplaint> check_whole(const Config& config) {
  std::vector<KeyComplaint> found;
  if (!is_host(config.http_address))
    found.push_back({"http_address", "must be an address or a host's name: " + config.http_address});
  if (config.http_port != 0 && config.http_port + config.bridges - 1 > highest_port)
    found.push_back({"http_port", "leaves no room for " + std::to_string(config.bridges) +
                                      " bridges: the last port is " + std::to_string(highest_port)});
  if (config.cooldown_ms > config.cooldown_max_ms)
    found.push_back(
        {"cooldown_ms", "must not be above cooldown_max_ms, which is " + std::to_string(config.cooldown_max_ms)});
  check_endpoints(config, found);
  return found;
}

}  // namespace tally
