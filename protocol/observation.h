// SPDX-License-Identifier: Apache-2.0
// What the comparator tells whoever watches it: the newest decision, how each replica voted last,
// and what the audit log has on record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.h"
#include "protocol/ids.h"
#include "protocol/order_identity.h"

namespace tally {

struct ObservationQuery {
  std::uint64_t number = 0;  // comes back with the answer
  std::uint64_t record = 0;  // audit records after this one, please; zero: the newest ones
  auto operator<=>(const ObservationQuery&) const = default;
};

enum class VoteOutcome : std::uint8_t {
  pending = 1,  // its order is not decided
  agrees = 2,
  differs = 3,
};
std::string_view to_string(VoteOutcome outcome);

// The newest vote that came of one replica.
struct ObservedVote {
  ReplicaId replica;
  Sequence sequence;  // zero: none came since the comparator started
  Digest state;
  Digest results;  // digest of the vote's results
  VoteOutcome outcome = VoteOutcome::pending;
  std::uint64_t matches = 0;  // consecutive votes equal to the decision, in this recovery
  auto operator<=>(const ObservedVote&) const = default;
};

struct ObservedRecord {
  std::uint64_t number = 0;
  std::string hash;
  std::string line;  // as in the audit log; empty: it is longer than limits::observed_line_bytes
  auto operator<=>(const ObservedRecord&) const = default;
};

// The answer. Everything in it is since the comparator started, except records.
struct Observation {
  std::uint64_t number = 0;
  Incarnation incarnation;
  OrderState decided;                // the newest decision; sequence zero: none
  Digest results;                    // of that decision
  std::uint32_t votes = 0;           // equal ones, when it was decided
  std::vector<ObservedVote> voters;  // one for each configured replica, by id
  // Oldest first, all on disk (law 16); only for those who come by the bridges' endpoint. The newest
  // limits::observed_records are kept, so there may be a gap behind the one that was asked for. If
  // more follow it than go into one answer, these are the oldest of them.
  std::vector<ObservedRecord> records;
  auto operator<=>(const Observation&) const = default;
};

}  // namespace tally
