// SPDX-License-Identifier: Apache-2.0
// What a client has said of itself.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/time.h"

namespace tally::bridge::resp {

// Which replies it wants (CLIENT REPLY).
enum class Replies : std::uint8_t { on, off, skip_next, skip_this };

struct ClientFacts {
  std::string name;
  std::string library;
  std::string library_version;
  std::string last_command;  // "client|list"
  Replies replies = Replies::on;
  Instant since;
  Instant last_active;

  bool operator==(const ClientFacts&) const = default;
  bool is_silent() const { return replies == Replies::off || replies == Replies::skip_this; }
};

}  // namespace tally::bridge::resp
