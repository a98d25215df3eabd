// SPDX-License-Identifier: Apache-2.0
// Every bound on what the bridge takes from the network, and how long it waits for it. Bytes, unless the name says
// else.
//
// Deadlines are set by a clock that moves every `tick_interval` and looked at every `sweep_interval`: each may be that
// much early or late.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally::bridge::http_limits {

// One request.
inline constexpr std::uint32_t header_bytes = 16 * 1024;  // request line and fields: 431 beyond
inline constexpr std::size_t target_bytes =
    std::size_t{4} * 1024;  // 414 beyond; the longest name takes 768 in percent-encoding
inline constexpr std::size_t body_bytes = std::size_t{64} * 1024;  // 413 beyond
inline constexpr std::size_t authorization_bytes = 1024;           // kept of that field; a longer one matches no token
inline constexpr std::size_t json_depth = 8;                       // nesting of a body
inline constexpr std::size_t shown_bytes = 64;                     // of what the request said, in a problem's detail
inline constexpr std::uint32_t list_entries_by_default = 100;

// One connection.
inline constexpr std::size_t read_bytes = std::size_t{4} * 1024;            // asked of the kernel at once
inline constexpr std::size_t buffer_bytes = std::size_t{2} * header_bytes;  // received, not yet parsed
inline constexpr std::size_t linger_bytes = std::size_t{4} * 1024 * 1024;   // read and dropped after an early answer
inline constexpr Duration head_timeout = seconds(10);                       // from the first byte of a request: 408
inline constexpr Duration body_timeout = seconds(10);                       // from the end of its head: 408
inline constexpr Duration write_timeout = seconds(10);                      // a client that does not read is dropped
inline constexpr Duration linger_timeout = seconds(2);                      // for the client to read an early answer
inline constexpr Duration answer_grace = seconds(5);  // beyond the request timeout, then it is dropped

// All connections.
inline constexpr std::size_t connections = 10'000;                       // beyond: the longest idle one makes room
inline constexpr std::size_t connections_of_a_source = connections / 4;  // beyond: only its reserve
inline constexpr std::size_t reserve_connections = 256;                  // for questions after health: else 503
inline constexpr std::size_t reserve_connections_of_a_source = reserve_connections / 4;  // beyond: closed
inline constexpr Duration reserve_timeout = seconds(2);                                  // for each step of such a one
inline constexpr int backlog = 4'096;                                                    // not yet accepted
inline constexpr Duration accept_pause = milliseconds(100);  // when the process is out of descriptors

// What goes to the client library at once, before it is combined; so many of the longest operations stay below
// tally::limits::request_bytes.
inline constexpr std::size_t batch_operations = 512;

// Lists that the group is asked for at once, of all sources: half of ClientOptions::requests_in_flight.
inline constexpr std::size_t lists_at_once = 4;
inline constexpr Duration list_turn_timeout = seconds(2);  // 503 beyond

// Whose request it is, as trusted proxies say.
inline constexpr std::size_t forwarded_bytes = 1024;  // kept of the end of each of their fields
inline constexpr std::size_t proxies = 8;             // one behind the other

// Idempotency keys, which the group keeps for a day and all bridges share: each bridge passes on its part of them.
inline constexpr std::uint64_t keys_of_all_bridges = 3'000'000;  // in key_step * key_steps
inline constexpr Duration key_step = seconds(60);
inline constexpr std::size_t key_steps = 10;
inline constexpr std::size_t key_sources = 16'384;  // with a share of their own

// The group, as /readyz sees it, and the end.
inline constexpr Duration tick_interval = milliseconds(100);
inline constexpr Duration sweep_interval = milliseconds(500);
inline constexpr Duration sleep = seconds(1);  // a tick that is so late comes after a pause of the whole process
inline constexpr Duration status_interval = milliseconds(200);
inline constexpr Duration unready_status_interval = milliseconds(20);  // while it is not ready
inline constexpr Duration status_timeout = milliseconds(500);
inline constexpr Duration figures_for = seconds(1);         // what /metrics asks of the group is good for
inline constexpr Duration client_patience = seconds(5);     // beyond the status timeout: its thread hangs
inline constexpr Duration ready_for = seconds(1);           // after the last status with a majority
inline constexpr Duration drain_grace = milliseconds(500);  // for a request that is on its way on an idle connection
inline constexpr Duration drain_timeout = seconds(8);       // then the process ends, whatever is open

// Retry-After is one of first .. first + spread - 1, in seconds, so that refused clients do not come back together.
inline constexpr std::uint32_t retry_after_first_seconds = 1;
inline constexpr std::uint32_t retry_after_spread_seconds = 3;

}  // namespace tally::bridge::http_limits
