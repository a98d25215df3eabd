// SPDX-License-Identifier: Apache-2.0
// The bounds of the replicated state. Equal in all replicas of a group; tests hand in small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/bytes.h"
#include "protocol/limits.h"

namespace tally {

struct StateLimits {
  std::size_t counters = limits::counters;
  std::size_t sessions = limits::sessions;
  std::uint64_t session_window = limits::session_window;
  std::size_t stored_result_bytes = limits::stored_result_bytes;
  std::size_t idempotency_keys = limits::idempotency_keys;
  Duration session_lifetime = limits::session_lifetime;
  Duration idempotency_key_lifetime = limits::idempotency_key_lifetime;
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
  append_number(bytes, std::uint64_t{state_limits.counters});
  append_number(bytes, std::uint64_t{state_limits.sessions});
  append_number(bytes, state_limits.session_window);
  append_number(bytes, std::uint64_t{state_limits.stored_result_bytes});
  append_number(bytes, std::uint64_t{state_limits.idempotency_keys});
  append_number(bytes, state_limits.session_lifetime.nanoseconds);
  append_number(bytes, state_limits.idempotency_key_lifetime.nanoseconds);
  return bytes;
}

}  // namespace tally
