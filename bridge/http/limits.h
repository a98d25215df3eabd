// SPDX-License-Identifier: Apache-2.0
// The bounds on what one HTTP request and one HTTP connection may take, and how long the bridge
// waits for them. Sizes are bytes unless the name says otherwise. What all connections share is
// bounded in bridge/limits.h.
//
// Deadlines are set by a clock that moves every `door_limits::tick_interval`, and are looked at
// every `door_limits::sweep_interval`, so each may be early or late by that much.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally::bridge::http_limits {

// One request.
inline constexpr std::uint32_t header_bytes = 16 * 1024;  // request line and fields; beyond: 431
inline constexpr std::size_t target_bytes =
    std::size_t{4} * 1024;  // beyond: 414; the longest name takes 768 bytes in percent-encoding
inline constexpr std::size_t body_bytes = std::size_t{64} * 1024;  // beyond: 413
// Kept of that field; a longer one matches no token.
inline constexpr std::size_t authorization_bytes = 1024;
inline constexpr std::size_t json_depth = 8;  // nesting of a body
// Of what the request said, in a problem's detail.
inline constexpr std::size_t shown_bytes = 64;
inline constexpr std::uint32_t list_entries_by_default = 100;

// One connection.
// Asked of the kernel at a time.
inline constexpr std::size_t read_bytes = std::size_t{4} * 1024;
// Received and not parsed yet.
inline constexpr std::size_t buffer_bytes = std::size_t{2} * header_bytes;
// Read and dropped after an early answer.
inline constexpr std::size_t linger_bytes = std::size_t{4} * 1024 * 1024;
// From a request's first byte; then 408.
inline constexpr Duration head_timeout = seconds(10);
// From the end of its head; then 408.
inline constexpr Duration body_timeout = seconds(10);
// A client that does not read is dropped.
inline constexpr Duration write_timeout = seconds(10);
// For the client to read an early answer.
inline constexpr Duration linger_timeout = seconds(2);
// For each step of a connection of the reserve.
inline constexpr Duration reserve_timeout = seconds(2);
// Beyond the request timeout; then it is given up.
inline constexpr Duration answer_grace = seconds(5);
// For a request that is on its way while the bridge drains.
inline constexpr Duration drain_grace = milliseconds(500);

// What trusted proxies say of whose request it is.
inline constexpr std::size_t forwarded_bytes = 1024;  // kept of the end of each of their fields
inline constexpr std::size_t proxies = 8;             // one behind the other

// How long /metrics repeats what the group has said.
inline constexpr Duration figures_for = seconds(1);

// Retry-After is one of first .. first + spread - 1, in seconds, so that clients that were refused
// do not come back together.
inline constexpr std::uint32_t retry_after_first_seconds = 1;
inline constexpr std::uint32_t retry_after_spread_seconds = 3;

}  // namespace tally::bridge::http_limits
