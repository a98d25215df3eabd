// SPDX-License-Identifier: Apache-2.0
// What the journal remembers beside the orders: who votes and why, what was agreed, and which term
// this is. Only the newest of each counts.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/messages.h"

namespace tally {

// What the journal remembers of one replica.
struct JournaledMember {
  ReplicaState state = ReplicaState::voting;  // never ReplicaState::down
  bool held = false;                          // evicted by an operator, and out until readmitted
  Recovery recovery{1};
  std::uint64_t evictions = 0;
  std::uint64_t readmissions = 0;
  std::optional<LastVerdict> last_verdict;
  CalendarTime since;  // when it entered this state
  auto operator<=>(const JournaledMember&) const = default;
};

// What is remembered of the newest order on which no majority was found (law 14).
struct GroupRollback {
  enum class Stage : std::uint8_t {
    // The group decides. `undecided` and `at` tell when it last did not.
    none,
    // All replicas roll back and execute again. Nothing is ordered before f+1 have proven
    // themselves.
    reproducing,
    halted,  // nothing is ordered until an operator resumes the group
  };
  Stage stage = Stage::none;
  Sequence undecided;  // zero: it has never happened
  CalendarTime at;
  auto operator<=>(const GroupRollback&) const = default;
};

struct JournaledView {
  ViewNumber number{1};
  std::vector<JournaledMember> members;  // members[i] is replica i+1
  std::string audit_head;
  GroupRollback rollback;
  std::vector<Sequence> voided;  // orders that every replica executes as refused, ascending
  auto operator<=>(const JournaledView&) const = default;
};

// What the journal holds when a term begins.
struct RecoveredJournal {
  GroupId group;
  Term term;           // already journaled and synced
  Sequence first{1};   // the first order that is still there; earlier ones were cut
  OrderIdentity last;  // sequence 0: there is no order yet
  ServedTime served;
  CalendarTime calendar;
  JournaledView view;
  OrderState agreed;  // the newest agreed order that the journal knows of
};

// How large the journal is, as the distributor's loop sees it.
struct JournalSize {
  std::uint64_t bytes = 0;        // that are written in its files
  Sequence next_cut{UINT64_MAX};  // cut_below() of an earlier order would free nothing
  // False if the newest segment is nearly full and no disk could be made ready for another.
  bool has_room = true;
  auto operator<=>(const JournalSize&) const = default;
};

}  // namespace tally
