// SPDX-License-Identifier: Apache-2.0
// A listening HTTP socket that outlives the bridge that serves it. `tally up` binds it and hands it
// to each bridge that it starts, so the port stays the same, and connections wait in the backlog
// while a bridge restarts.
#pragma once

#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <tl/expected.hpp>

#include "cli/exit_code.h"
#include "runtime/descriptor.h"

namespace tally::cli {

// Where to listen; port 0: any free one.
struct HttpAddress {
  std::string host;
  std::int64_t port = 0;
};

struct Listener {
  Descriptor socket;
  sockaddr_storage address{};  // as bound
  socklen_t address_size = 0;
  std::string url;  // reachable from this machine: http://127.0.0.1:8080
};

tl::expected<Listener, Failure> listen_on(const HttpAddress& wanted);

// The status of `GET path`, asked from this machine; 0 if no answer comes within a second.
int http_status(const Listener& listener, const std::string& path);

}  // namespace tally::cli
