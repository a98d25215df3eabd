// SPDX-License-Identifier: Apache-2.0
#include "runtime/endpoints.h"

namespace tally {

std::string endpoint_for(const Config& config, const EndpointKey& key, ReplicaId replica) {
  return config.*key.endpoint + std::to_string(replica.value);
}

std::vector<std::string> endpoints_of(const Config& config, Binder binder, ReplicaId replica) {
  std::vector<std::string> endpoints;
  for (const EndpointKey& key : endpoint_keys) {
    if (key.binder != binder) continue;
    if (!key.for_each_replica) {
      endpoints.push_back(config.*key.endpoint);
    } else if (binder == Binder::replica) {
      endpoints.push_back(endpoint_for(config, key, replica));
    } else {
      for (const ReplicaId each : config.replica_ids()) endpoints.push_back(endpoint_for(config, key, each));
    }
  }
  return endpoints;
}

void fill_in_endpoints(Config& config) {
  for (const EndpointKey& key : endpoint_keys)
    if (std::string& endpoint = config.*key.endpoint; endpoint.empty())
      endpoint = "ipc://" + config.run_directory() + '/' + key.socket;
}

}  // namespace tally
