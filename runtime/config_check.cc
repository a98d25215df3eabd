// SPDX-License-Identifier: Apache-2.0
#include "runtime/config_check.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "runtime/endpoints.h"
#include "runtime/network.h"
#include "runtime/resp_user.h"
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

struct PortKey {
  const char* key;
  std::int64_t port;
};

// Each bridge has a port of each door: the one that is configured, or one of those that follow it.
void check_ports(const Config& config, std::vector<KeyComplaint>& found) {
  const PortKey http{"http_port", config.http_port};
  const PortKey resp{"resp_port", config.resp_port};
  const std::string bridges = std::to_string(config.bridges);
  for (const auto& [key, port] : {http, resp})
    if (port != 0 && port + config.bridges - 1 > highest_port)
      found.push_back(
          {key, "leaves no room for " + bridges + " bridges: the last port is " + std::to_string(highest_port)});
  if (http.port == 0 || resp.port == 0 || std::abs(http.port - resp.port) >= config.bridges) return;
  // Whoever wrote only one of them is told of that one.
  const bool is_http = config.sources.at(resp.key) == "default";
  const PortKey& told = is_http ? http : resp;
  const PortKey& other = is_http ? resp : http;
  found.push_back({told.key, std::string("must differ from ") + other.key + ", which is " + std::to_string(other.port) +
                                 ", by at least " + bridges + ", the number of bridges"});
}

void check_resp_users(const Config& config, std::vector<KeyComplaint>& found) {
  std::set<std::string> names;
  for (const std::string& entry : config.resp_users) {
    const auto user = parse_resp_user(entry);
    if (user && names.insert(user->name).second) continue;
    found.push_back({"resp_users", "must not have two users of one name"});
    return;
  }
}

}  // namespace

std::vector<KeyComplaint> check_whole(const Config& config) {
  std::vector<KeyComplaint> found;
  if (!is_host(config.http_address))
    found.push_back({"http_address", "must be an address or a host's name: " + config.http_address});
  check_ports(config, found);
  check_resp_users(config, found);
  if (config.cooldown_ms > config.cooldown_max_ms)
    found.push_back(
        {"cooldown_ms", "must not be above cooldown_max_ms, which is " + std::to_string(config.cooldown_max_ms)});
  check_endpoints(config, found);
  return found;
}

}  // namespace tally
