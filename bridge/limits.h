// SPDX-License-Identifier: Apache-2.0
// The bounds that every door of the bridge shares: how many connections there are, what the group
// is asked for at a time, and how the bridge watches the group and ends. What a single request or
// connection may take is bounded by its door, see bridge/http/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally::bridge::door_limits {

// Connections of one door; fewer, if the process may open few files. A source has a quarter of them.
// beyond: the HTTP connection that is idle longest makes room; a Redis client is refused.
inline constexpr std::size_t connections = 10'000;
// Only to ask after health, at the HTTP door. A source has a quarter of them.
// beyond: closed.
inline constexpr std::size_t reserve_connections = 256;
// Not accepted yet.
inline constexpr int backlog = 4'096;
// When the process has no descriptor left.
inline constexpr Duration accept_pause = milliseconds(100);

// How many operations travel in one batch at most, before they are combined.
inline constexpr std::size_t batch_parts = 16'384;

// How many lists the group is asked for at a time, for all sources together: half of
// ClientOptions::requests_in_flight.
inline constexpr std::size_t lists_at_once = 4;
inline constexpr Duration list_turn_timeout = seconds(2);  // a list that waits longer is refused

// Idempotency keys. The group keeps them for a day, and all bridges share its room for them: each
// bridge passes on its part.
inline constexpr std::uint64_t keys_of_all_bridges = 3'000'000;  // in key_step * key_steps
inline constexpr Duration key_step = seconds(60);
inline constexpr std::size_t key_steps = 10;
inline constexpr std::size_t key_sources = 16'384;  // that have a share of their own

// The bridge's clock moves every `tick_interval`, so what is timed by it may be that much late.
inline constexpr Duration tick_interval = milliseconds(100);
// How often a door looks for connections whose deadlines have passed.
inline constexpr Duration sweep_interval = milliseconds(500);
// A tick that is so late follows a pause of the process.
inline constexpr Duration sleep = seconds(1);

// How the group is watched.
inline constexpr Duration status_interval = milliseconds(200);
// While the group is not ready.
inline constexpr Duration unready_status_interval = milliseconds(20);
inline constexpr Duration status_timeout = milliseconds(500);
// A status that is late by more: the library's thread hangs.
inline constexpr Duration client_patience = seconds(5);
inline constexpr Duration ready_for = seconds(1);  // after the last status with a majority

// Then the process ends, whatever is still open.
inline constexpr Duration drain_timeout = seconds(8);

}  // namespace tally::bridge::door_limits
