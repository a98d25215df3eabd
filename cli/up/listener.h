// SPDX-License-Identifier: Apache-2.0
// The listening sockets of a bridge, which outlive it. `tally up` binds them and hands them to each
// bridge that it starts, so the ports stay the same, and connections wait in the backlog while a
// bridge restarts.
#pragma once

#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <tl/expected.hpp>

#include "cli/exit_code.h"
#include "runtime/descriptor.h"

namespace tally::cli {

// Where to listen; port 0: any free one.
struct WantedAddress {
  std::string host;
  std::int64_t port = 0;
  // What chooses the port: the flag, and the key of the configuration.
  const char* flag;
  const char* key;
};

struct Listener {
  Descriptor socket;
  sockaddr_storage address{};  // as bound
  socklen_t address_size = 0;

  // How it is reached from this machine.
  std::string host() const;       // 127.0.0.1, ::1
  std::uint16_t port() const;     // as bound
  std::string authority() const;  // 127.0.0.1:8080, [::1]:8080
};

// Those of one bridge.
struct BridgeListeners {
  Listener http;
  Listener resp;

  std::string url() const { return "http://" + http.authority(); }
};

tl::expected<Listener, Failure> listen_on(const WantedAddress& wanted);

// The status of `GET path`, asked from this machine; 0 if no answer comes within a second.
int http_status(const Listener& listener, const std::string& path);

}  // namespace tally::cli
