// SPDX-License-Identifier: Apache-2.0
// The bounds that more than one role must know. Every bound has a name.
//
// Those marked [state] decide how a replica executes: they are part of the semantics, equal in all
// replicas, and change only together with `semantics_version`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/time.h"

namespace tally::limits {

inline constexpr std::uint32_t semantics_version = 3;  // [state]

inline constexpr std::size_t most_replicas = 7;  // of a group: 1, 3, 5 or 7

// Terms that nobody has reported may have been begun all the same: so many are left out.
inline constexpr std::uint64_t term_gap = 1u << 20;

// Names and operations.
inline constexpr std::size_t name_bytes = 256;             // [state]
inline constexpr std::size_t idempotency_key_bytes = 256;  // [state]
// [state] most counters one list operation returns.
inline constexpr std::uint32_t list_entries = 1000;

// One request of a session.
inline constexpr std::size_t request_operations = 4096;   // [state]
inline constexpr std::size_t request_bytes = 512 * 1024;  // encoded operations
// [state] most a request may ask to get back.
inline constexpr std::uint32_t request_result_bytes = 512 * 1024;

// One order. Its own bytes and each vote on it stay below `message_bytes` by construction.
inline constexpr std::size_t order_requests = 1024;
inline constexpr std::size_t order_bytes = 1024 * 1024;
inline constexpr std::size_t order_result_bytes = 1024 * 1024;
inline constexpr std::size_t message_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t client_message_bytes = 640 * 1024;  // from a client to the distributor
inline constexpr std::size_t report_bytes = 64 * 1024;           // a report, or a request for state
// Each message that a client sends to the comparator.
inline constexpr std::size_t hello_bytes = 1024;

// Replicated state. What principals have each an account of: bridges and operators one, all other
// clients another.
struct Account {
  std::size_t sessions;
  std::size_t result_bytes;  // results kept until they are acknowledged
  // Of the counters that it made: each its name and counter_overhead_bytes.
  std::size_t counter_bytes;
  std::size_t idempotency_keys;  // about 60 bytes each
};
inline constexpr Account bridges_account{10'000, 192u << 20, 4ull << 30, 3'200'000};  // [state]
inline constexpr Account clients_account{90'000, 64u << 20, 1ull << 30, 1'000'000};   // [state]
inline constexpr std::size_t counter_overhead_bytes = 192;                            // [state]
// [state] Counters of each account whose time has come, that one order removes.
inline constexpr std::size_t expired_counters_per_order = 4096;
// [state] The same, that all lists of one order pass over; and counters that all its clears remove.
inline constexpr std::size_t passed_counters_per_order = 262'144;
inline constexpr std::size_t cleared_counters_per_order = 16'384;
// [state] How often one operation may add.
inline constexpr std::uint32_t additions = 1'000'000;
// [state] W: unacknowledged requests of one session.
inline constexpr std::uint64_t session_window = 64;
// [state] of its account's, that one session may take.
inline constexpr std::size_t session_result_bytes = 8u << 20;
// [state] of served time without a request.
inline constexpr Duration session_lifetime = hours(1);
// [state] the same, of one that never had any.
inline constexpr Duration unused_session_lifetime = seconds(60);
// [state] of served time that a key is kept surely.
inline constexpr Duration idempotency_least = minutes(10);
inline constexpr Duration idempotency_key_lifetime = hours(24);  // [state] and at most

// Distributor.
// Waiting for a place in the order, all clients.
inline constexpr std::size_t pending_requests = 16'384;
inline constexpr std::size_t pending_requests_per_client = 256;
inline constexpr std::size_t pending_bytes = 64u << 20;
inline constexpr std::uint64_t open_orders = 512;  // ordered, not yet decided
// That these may have; another order is not begun beyond.
inline constexpr std::size_t open_result_bytes = 2u << 20;
// Sent to a replica, not yet reported applied.
inline constexpr std::uint64_t replica_window_orders = 256;
// Kept encoded in memory for retransmission.
inline constexpr std::size_t recent_orders = 1024;
inline constexpr std::size_t recent_order_bytes = 128u << 20;
// Read from the journal for one replica in one turn.
inline constexpr std::size_t catch_up_orders_per_turn = 64;
inline constexpr Duration ballot_lifetime = seconds(5);  // an undecided ballot is closed then
// Whoever was not heard of for so long is taken for down.
inline constexpr Duration presence = seconds(1);
// Of the journal: then the group is called unavailable.
inline constexpr Duration slow_sync = seconds(1);
inline constexpr std::size_t voided_orders = 64;  // by an operator, still in the journal
// Most that served time advances between two orders.
inline constexpr Duration served_time_step = seconds(10);

// Replica: the state on its way from one to another.
// Entries of one chunk; every entry is smaller.
inline constexpr std::size_t state_chunk_bytes = 1024 * 1024;
// That a donor serves at the same time.
inline constexpr std::size_t state_transfers = 2;
inline constexpr std::uint64_t state_bytes = 64ull << 30;  // imported at most
// A transfer without a request for so long is dropped.
inline constexpr Duration state_transfer_idle = seconds(10);
inline constexpr Duration state_import_lifetime = seconds(600);  // from one donor

// Comparator.
// Votes kept that run ahead of the ballots.
inline constexpr std::uint64_t vote_lead = 2 * open_orders;
// Decided ballots that are kept, so that late votes can be compared with them.
inline constexpr std::size_t compared_ballots = 65'536;
// Results kept whole as evidence, beyond that digests only.
inline constexpr std::size_t kept_result_bytes = 64u << 20;
inline constexpr std::size_t known_clients = 65'536;
// Audit records kept for those who watch. A longer line is left out, and what goes into one answer
// is bounded besides, so that it stays far below `message_bytes`.
inline constexpr std::size_t observed_records = 64;
inline constexpr std::size_t observed_line_bytes = 16 * 1024;
inline constexpr std::size_t observation_line_bytes = 256 * 1024;  // of one answer, all lines
// Of each principal, who are told in one turn what the comparator observes.
inline constexpr std::size_t observers_per_turn = 16;

// Client library.
inline constexpr std::size_t client_waiting_operations = 1'000'000;

// Sockets: messages queued by ZeroMQ for one peer.
inline constexpr int client_queue_messages = 256;
inline constexpr int client_unread_messages = 16;  // the rest waits in the client's own machine
// For a client: it has no more requests on the way (session_window).
inline constexpr int decision_queue_messages = 64;
inline constexpr int peer_queue_messages = 1024;
inline constexpr int state_queue_messages = 4;  // chunks and requests of state
// Read from one socket before the others get their turn.
inline constexpr std::size_t messages_per_turn = 256;
inline constexpr std::size_t bytes_per_turn = 4u << 20;  // of these, and at least one message

// Connections to one bound socket, at most; fewer where a process may open few files
// (connection_limit.h).
inline constexpr std::size_t client_connections = 4096;
// Of a replica or the comparator: one, and those it gave up.
inline constexpr std::size_t peer_connections = 32;
// Then a connection that has said too little is closed.
inline constexpr Duration handshake_time = seconds(3);
// Of TCP, for a peer whose machine has gone: then it is asked,.
inline constexpr int keep_alive_idle_seconds = 10;
inline constexpr int keep_alive_period_seconds = 5;  // so often,
inline constexpr int keep_alive_probes = 3;          // and so many times

// A process's own memory, heap and stacks: beyond that allocations fail. Far above what the bounds
// here add up to; it is for what libzmq does not bound, a message of endless parts.
// Distributor, comparator, bridge.
inline constexpr std::uint64_t daemon_memory_bytes = 4ull << 30;
// `counters` of them, twice while one is imported.
inline constexpr std::uint64_t replica_memory_bytes = 32ull << 30;

// Wire: what a decoder accepts, beyond the limits above (law 23).
// What a state, a reason, a store is called.
inline constexpr std::size_t word_bytes = 64;
inline constexpr std::size_t sentence_bytes = 1024;     // for people
inline constexpr std::size_t admin_token_bytes = 1024;  // that a command brings
inline constexpr std::size_t audit_head_bytes = 128;    // a number and a hash as text
inline constexpr std::size_t audit_hash_bytes = 64;     // the hash alone
inline constexpr std::size_t entry_key_bytes = 512;     // of a checkpoint's entry
inline constexpr std::size_t routing_id_bytes = 255;    // ZeroMQ's own limit
// Members, voters, verdicts of one message.
inline constexpr std::size_t group_replicas = 64;
inline constexpr std::size_t message_ballots = open_orders;  // of one BallotCalls
// Of all ballots of one BallotCalls.
inline constexpr std::size_t message_ballot_requests = 32 * order_requests;
// At the top of a message, lists included.
inline constexpr std::size_t message_fields = 2 * order_requests;
// Coded by one protobuf object at most.
inline constexpr std::size_t reused_message_bytes = 16u << 20;

}  // namespace tally::limits
