// SPDX-License-Identifier: Apache-2.0
// The bounds of the replicated state. Equal in all replicas of a group; tests hand in small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/limits.h"

namespace tally {

struct StateLimits {
  limits::Account bridges = limits::bridges_account;
  limits::Account clients = limits::clients_account;
  std::uint64_t session_window = limits::session_window;
  std::size_t session_result_bytes = limits::session_result_bytes;
  Duration session_lifetime = limits::session_lifetime;
  Duration unused_session_lifetime = limits::unused_session_lifetime;
  Duration idempotency_least = limits::idempotency_least;
  Duration idempotency_key_lifetime = limits::idempotency_key_lifetime;

  // Of whoever else there may be one day, the clients' one holds for each.
  const limits::Account& of(Principal principal) const { return principal == Principal::bridges ? bridges : clients; }
};

// The value of the one entry of type 'L': a replica with other limits has another digest (law 10).
inline std::string limits_entry(const StateLimits& state_limits) {
  std::string bytes;
  append_number(bytes, limits::semantics_version);
  append_number(bytes, std::uint64_t{limits::name_bytes});
  append_number(bytes, std::uint64_t{limits::idempotency_key_bytes});
  append_number(bytes, limits::list_entries);
  append_number(bytes, std::uint64_t{limits::request_operations});
  append_number(bytes, limits::request_result_bytes);
  append_number(bytes, std::uint64_t{limits::counter_overhead_bytes});
  for (const limits::Account& account : {state_limits.bridges, state_limits.clients}) {
    append_number(bytes, std::uint64_t{account.sessions});
    append_number(bytes, std::uint64_t{account.result_bytes});
    append_number(bytes, std::uint64_t{account.counter_bytes});
    append_number(bytes, std::uint64_t{account.idempotency_keys});
  }
  append_number(bytes, state_limits.session_window);
  append_number(bytes, std::uint64_t{state_limits.session_result_bytes});
  append_number(bytes, state_limits.session_lifetime.nanoseconds);
  append_number(bytes, state_limits.unused_session_lifetime.nanoseconds);
  append_number(bytes, state_limits.idempotency_least.nanoseconds);
  append_number(bytes, state_limits.idempotency_key_lifetime.nanoseconds);
  return bytes;
}

}  // namespace tally
