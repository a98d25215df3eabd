// SPDX-License-Identifier: Apache-2.0
// What a group says of itself to people: who votes, how far the orders have got, and what is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/group.h"
#include "protocol/histogram.h"
#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

// Of the distributor and the comparator.
enum class RoleState : std::uint8_t {
  ok = 1,
  draining = 2,  // it takes no new requests, and ends when what it has is done
  down = 3,      // it has not been heard of for a while
};
std::string_view to_string(RoleState state);
std::optional<RoleState> role_state_from(std::string_view word);

struct StatusQuery {
  std::uint64_t number = 0;  // comes back with the answer
  auto operator<=>(const StatusQuery&) const = default;
};

struct LastVerdict {
  VerdictReason reason{};
  Sequence sequence;
  CalendarTime at;
  auto operator<=>(const LastVerdict&) const = default;
};

struct ReplicaStatus {
  ReplicaId id;
  ReplicaState state = ReplicaState::down;
  Sequence applied;
  std::uint64_t lag = 0;  // orders behind the last one
  std::uint64_t pid = 0;
  std::string store;
  std::uint64_t votes = 0;
  std::uint64_t dissents = 0;
  std::uint64_t dissent_verdicts = 0;
  std::uint64_t silences = 0;
  std::uint64_t evictions = 0;
  std::uint64_t readmissions = 0;
  std::optional<LastVerdict> last_verdict;
  bool held = false;  // out until an operator readmits it
  Sequence checkpoint;
  OutReason reason = OutReason::none;  // why it does not vote, or rolls back
  CalendarTime since;                  // in this state, zero: not known
  // evicted: when it begins to recover; zero: not by itself, or now.
  CalendarTime next_try;
  // Since its last report, which all of this is of; none: never in this term.
  std::optional<std::uint64_t> heard_ms;
  auto operator<=>(const ReplicaStatus&) const = default;
};

struct ClusterStatus {
  std::uint64_t number = 0;
  Term term;
  ViewNumber view;
  Sequence sequence;
  Sequence decided;
  Sequence stable;
  GroupState state = GroupState::unavailable;
  std::vector<ReplicaStatus> replicas;
  std::uint64_t distributor_pid = 0;
  RoleState distributor_state = RoleState::down;
  std::uint64_t comparator_pid = 0;
  RoleState comparator_state = RoleState::down;
  std::uint64_t orders = 0;           // made in this term
  std::uint64_t requests = 0;         // put into them
  std::uint64_t journal_appends = 0;  // in this term
  std::uint64_t journal_syncs = 0;
  std::uint64_t orders_sent = 0;     // to all replicas together
  std::uint64_t votes_received = 0;  // from all replicas together
  Sequence journal_first;            // the first order that the journal still has
  // Halted, or about to roll back: the order that no majority was found on.
  Sequence undecided;
  // Why the state is not ok, of the list in docs/operations.md; empty: it is.
  std::string reason;
  std::string advice;  // one sentence for people; empty: the state is ok
  Histogram decision;  // the comparator's, below
  Histogram order_operations;
  // Since its last report; none: never in this term.
  std::optional<std::uint64_t> comparator_heard_ms;
  // From an append that must be on disk until it is; since the distributor started.
  Histogram journal_sync;
  auto operator<=>(const ClusterStatus&) const = default;
};

}  // namespace tally
