// SPDX-License-Identifier: Apache-2.0
// The bounds on what one command of a Redis client may take (laws 21 and 23). Sizes are bytes
// unless the name says otherwise. Where Redis 7.0 has the same bound, it is named as Redis's; the
// others are far below Redis's own, because this door serves counters and no large values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "protocol/limits.h"
#include "protocol/time.h"

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

// A session.
// Commands that wait for EXEC, and the counters that are watched for them: they become one request.
// A command has at most as many operations as it has arguments, INFO one more; each takes two places
// at least.
inline constexpr std::size_t watched_counters = 256;
inline constexpr std::size_t transaction_arguments = limits::request_operations - watched_counters;
inline constexpr std::size_t transaction_bytes = std::size_t{64} * 1024;
// Replies that are not sent yet; beyond: no more commands are taken. One reply may be longer.
inline constexpr std::size_t output_bytes = std::size_t{64} * 1024;
// What a session and its connection keep of their own memory for the next commands, as a parser does.
inline constexpr std::size_t kept_operations = 128;
inline constexpr std::size_t kept_text_bytes = std::size_t{16} * 1024;
// Of CLIENT SETNAME and SETINFO.
inline constexpr std::size_t client_name_bytes = 256;
// Names of one KEYS, and their bytes together.
inline constexpr std::size_t keys_names = 100'000;
inline constexpr std::size_t keys_bytes = std::size_t{8} << 20;

// A connection.
inline constexpr std::size_t read_bytes = std::size_t{16} * 1024;  // asked of the kernel at a time
// What each connection may hold in any case, of what its client has sent and not taken; and what all
// of them may hold together, before those that hold more are closed.
inline constexpr std::size_t free_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t held_bytes = std::size_t{512} << 20;
// From its beginning, for a client that has to authenticate itself.
inline constexpr Duration authentication_timeout = seconds(10);
inline constexpr Duration command_timeout = seconds(60);           // from a command's first byte to its last
inline constexpr Duration write_timeout = seconds(30);             // for the client to take its replies
inline constexpr Duration linger_timeout = seconds(2);             // for the client to take the last reply
inline constexpr std::size_t linger_bytes = std::size_t{4} << 20;  // read and dropped meanwhile
// Beyond the request timeout; then this process has stood still, and the connection is closed.
inline constexpr Duration answer_grace = seconds(5);
// For a command that is on its way while the bridge drains.
inline constexpr Duration drain_grace = milliseconds(500);

}  // namespace tally::bridge::resp_limits
