// SPDX-License-Identifier: Apache-2.0
// Where the group listens that a command talks to: the endpoints of --connect, those of a configuration file, or what
// DIR/run/endpoints.json says of the data directory DIR.
#pragma once

#include <chrono>
#include <string>
#include <tl/expected.hpp>

#include "cli/effective_config.h"
#include "cli/exit_code.h"
#include "client/client.h"
#include "runtime/config.h"

namespace tally::cli {

struct Group {
  ClientOptions client;
  Config config;  // `data` is the group's directory, if it has one on this machine

  std::chrono::milliseconds timeout() const { return std::chrono::milliseconds(config.request_timeout_ms); }
};

tl::expected<Group, Failure> find_group(const GroupOptions& options);
tl::expected<Client, Failure> connect_to(const Group& group);

// What an operator's command must show: the configured token, else the one that `tally up` wrote.
tl::expected<std::string, Failure> admin_token(const Group& group);

}  // namespace tally::cli
