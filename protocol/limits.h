// SPDX-License-Identifier: Apache-2.0
// Every bound has a name, and stands here.
//
// Those marked [state] decide how a replica executes: they are part of the semantics, equal in all replicas, and
// change only together with `semantics_version`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally::limits {

inline constexpr std::uint32_t semantics_version = 2;  // [state]

// Terms that nobody has reported may have been begun all the same: so many are left out.
inline constexpr std::uint64_t term_gap = 1u << 20;

// Names and operations.
inline constexpr std::size_t name_bytes = 256;             // [state]
inline constexpr std::size_t idempotency_key_bytes = 256;  // [state]
inline constexpr std::uint32_t list_entries = 1000;        // [state] most counters one list operation returns

// One request of a session.
inline constexpr std::size_t request_operations = 4096;            // [state]
inline constexpr std::size_t request_bytes = 512 * 1024;           // encoded operations
inline constexpr std::uint32_t request_result_bytes = 512 * 1024;  // [state] most a request may ask to get back

// One order. Its own bytes and each vote on it stay below `message_bytes` by construction.
inline constexpr std::size_t order_requests = 1024;
inline constexpr std::size_t order_bytes = 1024 * 1024;
inline constexpr std::size_t order_result_bytes = 1024 * 1024;
inline constexpr std::size_t message_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t client_message_bytes = 640 * 1024;  // from a client to the distributor
inline constexpr std::size_t report_bytes = 64 * 1024;           // a report, or a request for state
inline constexpr std::size_t hello_bytes = 1024;                 // all that a client sends to the comparator

// Replicated state. What principals have each an account of: bridges and operators one, all other clients another.
struct Account {
  std::size_t sessions;
  std::size_t result_bytes;      // results kept until they are acknowledged
  std::size_t counter_bytes;     // of the counters that it made: each its name and counter_overhead_bytes
  std::size_t idempotency_keys;  // about 60 bytes each
};
inline constexpr Account bridges_account{10'000, 192u << 20, 4ull << 30, 3'200'000};  // [state]
inline constexpr Account clients_account{90'000, 64u << 20, 1ull << 30, 1'000'000};   // [state]
inline constexpr std::size_t counter_overhead_bytes = 96;                             // [state]
inline constexpr std::uint64_t session_window = 64;               // [state] W: unacknowledged requests of one session
inline constexpr std::size_t session_result_bytes = 8u << 20;     // [state] of its account's, that one session may take
inline constexpr Duration session_lifetime = hours(1);            // [state] of served time without a request
inline constexpr Duration unused_session_lifetime = seconds(60);  // [state] the same, of one that never had any
inline constexpr Duration idempotency_least = minutes(10);        // [state] of served time that a key is kept surely
inline constexpr Duration idempotency_key_lifetime = hours(24);   // [state] and at most

// Distributor.
inline constexpr std::size_t pending_requests = 16'384;  // waiting for a place in the order, all clients
inline constexpr std::size_t pending_requests_per_client = 256;
inline constexpr std::size_t pending_bytes = 64u << 20;
inline constexpr std::uint64_t open_orders = 512;            // ordered, not yet decided
inline constexpr std::size_t open_result_bytes = 2u << 20;   // that these may have; another order is not begun beyond
inline constexpr std::uint64_t replica_window_orders = 256;  // sent to a replica, not yet reported applied
inline constexpr std::size_t recent_orders = 1024;           // kept encoded in memory for retransmission
inline constexpr std::size_t recent_order_bytes = 128u << 20;
inline constexpr std::size_t catch_up_orders_per_turn = 64;  // read from the journal for one replica in one turn
inline constexpr Duration ballot_lifetime = seconds(5);      // an undecided ballot is closed then
inline constexpr Duration slow_sync = seconds(1);            // of the journal: then the group is called unavailable
inline constexpr std::size_t voided_orders = 64;             // by an operator, still in the journal
inline constexpr Duration served_time_step = seconds(10);    // most that served time advances between two orders

// Replica: the state on its way from one to another.
inline constexpr std::size_t state_chunk_bytes = 1024 * 1024;    // entries of one chunk; every entry is smaller
inline constexpr std::size_t state_transfers = 2;                // that a donor serves at the same time
inline constexpr std::uint64_t state_bytes = 64ull << 30;        // imported at most
inline constexpr Duration state_transfer_idle = seconds(10);     // a transfer without a request for so long is dropped
inline constexpr Duration state_import_lifetime = seconds(600);  // from one donor

// Comparator.
inline constexpr std::uint64_t vote_lead = 2 * open_orders;  // votes kept that run ahead of the ballots
inline constexpr std::size_t judged_ballots = 65'536;        // decided ballots kept to judge late votes
inline constexpr std::size_t kept_result_bytes = 64u << 20;  // results kept whole as evidence, beyond that digests only
inline constexpr std::size_t known_clients = 65'536;

// Client library.
inline constexpr std::size_t client_waiting_operations = 1'000'000;

// Sockets: messages queued by ZeroMQ for one peer.
inline constexpr int client_queue_messages = 256;
inline constexpr int client_unread_messages = 16;   // the rest waits in the client's own machine
inline constexpr int decision_queue_messages = 64;  // for a client: it has no more requests on the way (session_window)
inline constexpr int peer_queue_messages = 1024;
inline constexpr int state_queue_messages = 4;           // chunks and requests of state
inline constexpr std::size_t messages_per_turn = 256;    // read from one socket before the others get their turn
inline constexpr std::size_t bytes_per_turn = 4u << 20;  // of these, and at least one message

// Connections to one bound socket, at most; fewer where a process may open few files (connection_limit.h).
inline constexpr std::size_t client_connections = 4096;
inline constexpr std::size_t peer_connections = 32;     // of a replica or the comparator: one, and those it gave up
inline constexpr Duration handshake_time = seconds(3);  // then a connection that has said too little is closed
inline constexpr int keep_alive_idle_seconds = 10;      // of TCP, for a peer whose machine has gone: then it is asked,
inline constexpr int keep_alive_period_seconds = 5;     // so often,
inline constexpr int keep_alive_probes = 3;             // and so many times

// A process's own memory, heap and stacks: beyond that allocations fail. Far above what the bounds here add up to; it
// is for what libzmq does not bound, a message of endless parts.
inline constexpr std::uint64_t daemon_memory_bytes = 4ull << 30;    // distributor, comparator, bridge
inline constexpr std::uint64_t replica_memory_bytes = 32ull << 30;  // `counters` of them, twice while one is imported

// Wire: what a decoder accepts, beyond the limits above (law 23).
inline constexpr std::size_t word_bytes = 64;                // what a state, a reason, a store is called
inline constexpr std::size_t sentence_bytes = 1024;          // for people
inline constexpr std::size_t admin_token_bytes = 1024;       // that a command brings
inline constexpr std::size_t audit_head_bytes = 128;         // a number and a hash as text
inline constexpr std::size_t entry_key_bytes = 512;          // of a checkpoint's entry
inline constexpr std::size_t routing_id_bytes = 255;         // ZeroMQ's own limit
inline constexpr std::size_t group_replicas = 64;            // members, voters, verdicts of one message
inline constexpr std::size_t message_ballots = open_orders;  // of one BallotCalls
inline constexpr std::size_t message_ballot_requests = 32 * order_requests;  // of all ballots of one BallotCalls
inline constexpr std::size_t message_fields = 2 * order_requests;            // at the top of a message, lists included
inline constexpr std::size_t reused_message_bytes = 16u << 20;               // coded by one protobuf object at most

}  // namespace tally::limits
