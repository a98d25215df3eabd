// SPDX-License-Identifier: Apache-2.0
// The bounds of the replicated state. They are equal in all replicas of a group; tests hand in
// small ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

  // There may be other principals one day. The account of the clients holds for each of them.
  const limits::Account& of(Principal principal) const { return principal == Principal::bridges ? bridges : clients; }
};

// A limit of an account. Operators name it after the account, too: `bridges.sessions`,
// `clients.sessions` and so on.
struct AccountLimit {
  std::string_view word;
  std::size_t limits::Account::*value;
  std::int64_t least;  // the smallest value that it can be set to
  std::int64_t most;
};
inline constexpr std::array account_limits = {
    AccountLimit{"counter_bytes", &limits::Account::counter_bytes, 1 << 20, 16ll << 30},
    AccountLimit{"idempotency_keys", &limits::Account::idempotency_keys, 0, 50'000'000},
    AccountLimit{"result_bytes", &limits::Account::result_bytes, 1 << 20, 4ll << 30},
    AccountLimit{"sessions", &limits::Account::sessions, 1, 1'000'000},
};
struct AccountName {
  std::string_view word;
  Principal principal;
  limits::Account StateLimits::*account;
};
inline constexpr std::array account_names = {AccountName{"bridges", Principal::bridges, &StateLimits::bridges},
                                             AccountName{"clients", Principal::clients, &StateLimits::clients}};

// The value of the one entry of type 'L', so that a replica with other limits has another digest
// (law 10). What operators can set comes last.
inline std::string limits_entry(const StateLimits& bounds) {
  std::string bytes;
  append_number(bytes, limits::semantics_version);
  append_number(bytes, std::uint64_t{limits::name_bytes});
  append_number(bytes, std::uint64_t{limits::idempotency_key_bytes});
  append_number(bytes, limits::list_entries);
  append_number(bytes, std::uint64_t{limits::request_operations});
  append_number(bytes, limits::request_result_bytes);
  append_number(bytes, std::uint64_t{limits::counter_overhead_bytes});
  append_number(bytes, std::uint64_t{limits::expired_counters_per_order});
  append_number(bytes, std::uint64_t{limits::passed_counters_per_order});
  append_number(bytes, std::uint64_t{limits::cleared_counters_per_order});
  append_number(bytes, limits::additions);
  append_number(bytes, bounds.session_window);
  append_number(bytes, std::uint64_t{bounds.session_result_bytes});
  append_number(bytes, bounds.session_lifetime.nanoseconds);
  append_number(bytes, bounds.unused_session_lifetime.nanoseconds);
  append_number(bytes, bounds.idempotency_least.nanoseconds);
  append_number(bytes, bounds.idempotency_key_lifetime.nanoseconds);
  for (const AccountName& name : account_names)
    for (const AccountLimit& limit : account_limits)
      append_number(bytes, std::uint64_t{(bounds.*name.account).*limit.value});
  return bytes;
}

// Takes over what operators have set. False: the rest is of another version of tally.
inline bool restore_limits(std::string_view entry, StateLimits& bounds) {
  constexpr std::size_t settable = account_names.size() * account_limits.size() * sizeof(std::uint64_t);
  const std::string own = limits_entry(bounds);
  if (entry.size() != own.size() || !entry.starts_with(std::string_view(own).substr(0, own.size() - settable)))
    return false;
  ByteReader reader(entry.substr(own.size() - settable));
  for (const AccountName& name : account_names)
    for (const AccountLimit& limit : account_limits)
      (bounds.*name.account).*limit.value = reader.number<std::uint64_t>();
  return reader.at_end();
}

}  // namespace tally
