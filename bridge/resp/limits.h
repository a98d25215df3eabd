// SPDX-License-Identifier: Apache-2.0
// The bounds on what one command of a Redis client may take (laws 21 and 23). Sizes are bytes
// unless the name says otherwise. Where Redis 7.0 has the same bound, it is named as Redis's; the
// others are far below Redis's own, because this door serves counters and no large values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "protocol/limits.h"

namespace tally::bridge::resp_limits {

// One command. The largest that the group could execute as one request has to fit: MSET of
// limits::request_operations pairs, each a name and a value of up to 20 characters.
inline constexpr std::size_t command_arguments = 8'200;  // with the command's name
// Names are far shorter. Scripts are some KiB, and no inline argument can be longer.
inline constexpr std::size_t argument_bytes = std::size_t{64} * 1024;
// From its `*` to the last CR LF, as it was sent.
inline constexpr std::size_t command_bytes = std::size_t{1280} * 1024;

static_assert(command_arguments >= 1 + 2 * limits::request_operations);
// As sent: "$256", the name, "$20", the value, and four times CR LF.
static_assert(command_bytes >= 64 + limits::request_operations * (4 + limits::name_bytes + 3 + 20 + 4 * 2));

// An inline command without its newline, or the line of a count without its CR (Redis's).
inline constexpr std::size_t line_bytes = std::size_t{64} * 1024;

// A multibulk command before AUTH, where a password is wanted (Redis's).
inline constexpr std::size_t unauthenticated_arguments = 10;
inline constexpr std::size_t unauthenticated_argument_bytes = std::size_t{16} * 1024;

// Redis's largest count and size. Beyond these it answers the same before AUTH as after it.
inline constexpr std::int64_t redis_arguments = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t redis_argument_bytes = std::int64_t{512} * 1024 * 1024;

// What a connection holds at most of a command that is not whole: the command up to the line of its
// last argument's size, that line, and its CR.
inline constexpr std::size_t unparsed_bytes = command_bytes + line_bytes + 1;

// What a parser keeps of its own memory from one command to the next. A larger command gives it
// back, so that many idle connections that once sent one do not hold it together.
inline constexpr std::size_t kept_arguments = 256;
inline constexpr std::size_t kept_unescaped_bytes = 1024;

}  // namespace tally::bridge::resp_limits
