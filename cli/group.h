// SPDX-License-Identifier: Apache-2.0
// Finds the group that a command talks to: by the endpoints of --connect, by those of a
// configuration file, or by what DIR/run/endpoints.json says of the data directory DIR.
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
  Config config;  // its `data` is the group's directory, if there is one on this machine

  std::chrono::milliseconds timeout() const { return std::chrono::milliseconds(config.request_timeout_ms); }
};

tl::expected<Group, Failure> find_group(const GroupOptions& options);
tl::expected<Client, Failure> connect_to(const Group& group);

// The token that an operator's command must show: the configured one, or else the one that `tally
// up` has written.
tl::expected<std::string, Failure> admin_token(const Group& group);

}  // namespace tally::cli
