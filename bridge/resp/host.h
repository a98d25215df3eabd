// SPDX-License-Identifier: Apache-2.0
// What a session needs of the bridge that it runs in: its rules, its clock and its figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bridge/counts.h"
#include "bridge/sources.h"
#include "protocol/time.h"
#include "runtime/resp_user.h"

namespace tally::bridge::resp {

// What the configuration says.
struct Rules {
  std::string password;            // of who names no user; empty: none is asked for
  std::vector<RespUser> users;     // the others
  bool writers_may_flush = false;  // whoever may write, may remove all counters
  std::string version;             // of tally
  std::int64_t port = 0;
  std::uint64_t replicas = 0;
  std::size_t most_connections = 0;

  bool wants_authentication() const { return !password.empty() || !users.empty(); }
};

// Who is at the other end.
struct Peer {
  std::uint64_t id = 0;  // no two connections of this bridge have the same
  std::string address;   // "127.0.0.1:52555"
  std::string own_address;
  Source source;  // whose share of things it takes
  bool is_loopback = false;
};

// What INFO tells of the bridge.
struct Figures {
  std::uint64_t uptime_seconds = 0;
  std::uint64_t connections = 0;  // open
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t commands = 0;
  std::uint64_t resident_bytes = 0;
};

class Host {
 public:
  virtual const Rules& rules() const = 0;
  virtual CalendarTime calendar() const = 0;
  virtual Instant now() const = 0;
  virtual std::uint64_t random() = 0;
  virtual Figures figures() const = 0;
  // Whether this client may make the group remember one more idempotency token (law 25).
  virtual bool may_spend_token(const Peer& peer) = 0;
  virtual void count_command() = 0;
  virtual void count_error(ErrorReply error) = 0;

 protected:
  ~Host() = default;
};

}  // namespace tally::bridge::resp
