// SPDX-License-Identifier: Apache-2.0
// The Lua scripts that this door knows: those of rate limiters, which add within a window. Nothing
// runs Lua here. A script is recognised by the SHA1 of its text, and what it does is expressed in
// the group's own operations, which f+1 replicas execute alike. Pure.
//
// tests/redis/README.md says which version of each library sends which script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tally::bridge::resp {

enum class ScriptKind : std::uint8_t {
  // rate-limit-redis, the store of express-rate-limit. Argument: the window's milliseconds. Answers
  // [hits, milliseconds left]. Up to version 4.2.2 a counter without an expiry counts on, and since
  // then it begins again at 1. Up to version 5 there is an argument before it: "1" if each hit is to
  // start the window anew.
  rate_limit_redis_3,
  rate_limit_redis_4,
  rate_limit_redis_6,
  rate_limit_redis_get,  // no argument; answers [hits or null, milliseconds left]
  // rate-limiter-flexible. Arguments: points, the window's seconds, and more that it does not use.
  // Answers [points, milliseconds left].
  rate_limiter_flexible,
  // limits, and so Flask-Limiter. Arguments: the window's seconds, and how many to add; up to version
  // 2.2 that is 1. Answers the sum, and starts the window if that is what was added.
  limits,
  limits_1,
};

struct KnownScript {
  ScriptKind kind;
  std::string_view sha1;  // as clients name it, in small hexadecimal digits
  std::size_t arguments;  // that it takes, besides its one key; surplus ones are passed over
};

// Nothing: it is not known here. The digest may be in capitals.
const KnownScript* find_script_by_sha1(std::string_view sha1);
const KnownScript* find_script_by_text(std::string_view text);

}  // namespace tally::bridge::resp
