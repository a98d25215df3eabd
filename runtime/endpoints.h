// SPDX-License-Identifier: Apache-2.0
// The ZeroMQ endpoints of a group: which keys of the configuration name them, which socket in
// DATA/run stands for one that was not configured, and which role binds it. This is the one list.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/config.h"

namespace tally {

enum class Binder : std::uint8_t { distributor, comparator, replica };

struct EndpointKey {
  const char* key;
  std::string Config::*endpoint;
  const char* socket;
  Binder binder;
  bool for_each_replica = false;  // then it is a prefix, to which the replica's number is appended
};

inline constexpr std::array<EndpointKey, 8> endpoint_keys{{
    {"distributor_client_endpoint", &Config::distributor_client_endpoint, "distributor.sock", Binder::distributor},
    {"distributor_bridge_endpoint", &Config::distributor_bridge_endpoint, "distributor-bridge.sock",
     Binder::distributor},
    {"distributor_comparator_endpoint", &Config::distributor_comparator_endpoint, "ballots.sock", Binder::distributor},
    {"comparator_client_endpoint", &Config::comparator_client_endpoint, "comparator.sock", Binder::comparator},
    {"comparator_bridge_endpoint", &Config::comparator_bridge_endpoint, "comparator-bridge.sock", Binder::comparator},
    {"distributor_replica_endpoint", &Config::distributor_replica_endpoint, "orders.sock-", Binder::distributor, true},
    {"comparator_replica_endpoint", &Config::comparator_replica_endpoint, "votes.sock-", Binder::comparator, true},
    {"replica_transfer_endpoint", &Config::replica_transfer_endpoint, "state.sock-", Binder::replica, true},
}};

// The endpoint of a key that names one for each replica.
std::string endpoint_for(const Config& config, const EndpointKey& key, ReplicaId replica);

// All endpoints that a process of this role binds; of a replica those of `replica`, which the other
// roles do not look at.
std::vector<std::string> endpoints_of(const Config& config, Binder binder, ReplicaId replica = {});

// Puts the sockets in DATA/run where no endpoint was configured.
void fill_in_endpoints(Config& config);

}  // namespace tally
