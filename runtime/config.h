// SPDX-License-Identifier: Apache-2.0
// The group's configuration: one TOML file for all daemons. A flag goes before the environment
// (TALLY_…), the environment before the file, and the file before the default.
//
// Keys are flat, and every timing ends in its unit. `config_keys()` is the one list of them, which
// `tally config show` prints, and with which tests/contract/pages_test.py compares
// docs/configuration.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "protocol/ids.h"
#include "protocol/per_replica.h"
#include "protocol/time.h"

namespace tally {

struct Config {
  std::string data = "./tally-data";
  std::int64_t replicas = 3;
  std::int64_t bridges = 1;
  std::string http_address = "127.0.0.1";
  std::int64_t http_port = 8080;
  // Names, besides localhost and addresses, that this group is asked under.
  std::vector<std::string> http_hosts;
  // Whose pages may change counters, besides the bridge's own.
  std::vector<std::string> http_origins;
  std::int64_t http_idle_ms = 75'000;
  // Addresses and blocks; what they say of who asks is believed.
  std::vector<std::string> trusted_proxies;
  std::int64_t resp_port = 6380;
  std::string resp_password;            // of clients that name no user; empty: they need none
  std::vector<std::string> resp_users;  // see runtime/resp_user.h
  bool resp_flush = false;
  std::string durability = "fsync";
  bool fault_injection = false;
  std::string admin_token;  // empty: `tally up` writes a random one to DATA/run/admin.token
  std::string log_format = "text";
  std::string log_level = "info";

  std::int64_t ack_timeout_ms = 250;
  std::int64_t ack_misses = 4;
  std::int64_t probation_votes = 64;
  std::int64_t cooldown_ms = 1000;
  std::int64_t cooldown_max_ms = 60'000;
  std::int64_t quarantine_dissents = 10;
  std::int64_t quarantine_window_ms = 600'000;
  std::string store = "rocksdb";
  std::int64_t checkpoint_orders = 10'000;
  std::int64_t import_orders = 1'000'000;
  std::int64_t journal_mib = 1024;
  std::int64_t request_timeout_ms = 2'000;
  std::int64_t watchdog_ms = 600;

  // An empty one stands for an ipc socket in DATA/run. Those of which there is one for each replica
  // are prefixes, to which the replica's number is appended; see runtime/endpoints.h.
  std::string distributor_client_endpoint;
  std::string distributor_bridge_endpoint;
  std::string distributor_replica_endpoint;
  std::string distributor_comparator_endpoint;
  std::string comparator_client_endpoint;
  std::string comparator_bridge_endpoint;
  std::string comparator_replica_endpoint;
  std::string replica_transfer_endpoint;

  std::map<std::string, std::string> sources;  // key → "default", "file", "environment", "flag"

  Duration ack_timeout() const { return milliseconds(ack_timeout_ms); }
  std::string journal_directory() const { return data + "/journal"; }
  std::string audit_directory() const { return data + "/audit"; }
  ReplicaIds replica_ids() const { return ReplicaIds(static_cast<std::size_t>(replicas)); }
  std::string replica_directory(ReplicaId replica) const { return data + "/replica-" + std::to_string(replica.value); }
  std::string run_directory() const { return data + "/run"; }
  std::string endpoint_for_distributor(ReplicaId replica) const;
  std::string endpoint_for_comparator(ReplicaId replica) const;
  std::string endpoint_for_transfer(ReplicaId replica) const;
  std::string admin_token_file() const { return run_directory() + "/admin.token"; }
};

struct ConfigError {
  std::string file;  // empty: not from a file
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
  std::string text() const;  // file:line:column: message
};

// All that is wrong with a configuration, at least one thing.
struct ConfigErrors {
  std::vector<ConfigError> all;
  std::string text() const;  // a line for each, without the end of the last line
};

struct ConfigKey {
  std::string_view name;
  std::string_view meaning;
  bool is_secret = false;  // its value does not belong on a screen or in a log
};
const std::vector<ConfigKey>& config_keys();

// The value of a key as TOML text.
std::string config_value(const Config& config, std::string_view key);

// `file` may be empty. `flags`: key → value as text, as assign_text() takes it. Endpoints that were
// left empty are filled in.
tl::expected<Config, ConfigErrors> load_config(const std::string& file,
                                               const std::map<std::string, std::string>& flags);

// The whole configuration as a TOML file that load_config reads back.
std::string to_toml(const Config& config);

}  // namespace tally
