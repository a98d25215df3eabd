// SPDX-License-Identifier: Apache-2.0
// A user of the Redis door, as an entry of the key `resp_users` says it: NAME:PASSWORD:RIGHTS.
// Pure.
//
// The first colon ends the name, and the last one begins the rights, so a password may contain
// colons. No part is empty. Rights are words with + between them, each once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tally {

// What a user may do. None of them implies another.
struct RespRights {
  bool read = false;
  bool add = false;
  bool write = false;
  bool admin = false;

  friend bool operator==(const RespRights&, const RespRights&) = default;
};

struct RespUser {
  std::string name;
  std::string password;
  RespRights rights;
};

// Who a client is that names no user. `resp_password` is this user's, so no entry names it.
inline constexpr std::string_view default_resp_user = "default";

// Nothing if the text is no such entry. The name may be that of the default user.
std::optional<RespUser> parse_resp_user(std::string_view text);

}  // namespace tally
