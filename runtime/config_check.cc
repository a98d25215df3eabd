// SPDX-License-Identifier: Apache-2.0
#include "runtime/config_check.h"

#include <map>
#include <optional>
#include <string_view>

#include "runtime/endpoints.h"
#include "runtime/network.h"
#include "runtime/whole_number.h"

namespace tally {
namespace {

constexpr std::int64_t highest_port = 65535;
constexpr std::string_view ipc_scheme = "ipc://";
constexpr std::string_view tcp_scheme = "tcp://";

// What is wrong with the endpoint, or nothing.
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
  const auto port = whole_number<std::int64_t>(digits);
  if (!port || *port < 1 || *port > highest_port)
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

// What is wrong with a prefix is wrong with it for every replica, and is said once.
void check_endpoints(const Config& config, std::vector<KeyComplaint>& found) {
  Endpoints endpoints;
  for (const EndpointKey& key : endpoint_keys)
    if (!key.for_each_replica) endpoints.add(key.key, config.*key.endpoint, found);
  const std::size_t before = found.size();
  for (const ReplicaId replica : config.replica_ids()) {
    if (found.size() > before) return;  // the others would say the same
    for (const EndpointKey& key : endpoint_keys)
      if (key.for_each_replica) endpoints.add(key.key, endpoint_for(config, key, replica), found);
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
