// SPDX-License-Identifier: Apache-2.0
// The bounds on what those who watch the group over HTTP cost this bridge.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally::bridge::live_limits {

// Of one bridge, but no more than a quarter of the connections that its door may serve; a source
// has a quarter of them. More are refused with 503.
inline constexpr std::size_t viewers = 1'000;
// What the kernel takes for a viewer that does not read.
inline constexpr int send_buffer_bytes = 64 * 1024;
// How often the comparator is asked while anybody watches, and so how often there is an event at
// most.
inline constexpr Duration interval = milliseconds(200);
// The picture goes on without a comparator that has not answered by then.
inline constexpr Duration patience = milliseconds(500);
// After so long without an event comes a comment, so that nobody on the way takes the connection
// for a dead one.
inline constexpr Duration quiet = seconds(15);

// Kept for viewers that come back, and for their pictures.
inline constexpr std::size_t kept_events = 32;
inline constexpr std::size_t kept_event_bytes = std::size_t{1024} * 1024;
inline constexpr std::size_t figures = 300;  // one a second
inline constexpr std::size_t records = 64;
inline constexpr std::size_t record_bytes = std::size_t{256} * 1024;

// Events that wait for one viewer that reads slowly; more than those that it may have missed. One
// for which more would wait is cut off; its browser comes again.
inline constexpr std::size_t waiting_events = 64;
// Kept of the field Last-Event-ID; no event has a longer name.
inline constexpr std::size_t event_id_bytes = 64;

}  // namespace tally::bridge::live_limits
