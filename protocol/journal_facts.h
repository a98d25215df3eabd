// SPDX-License-Identifier: Apache-2.0
// What the journal remembers beside the orders: who votes and why, what was agreed, which term this is. Of each only
// the newest counts.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/messages.h"

namespace tally {

// What is remembered of a replica in the journal.
struct JournaledMember {
  ReplicaState state = ReplicaState::voting;  // never down
  bool held = false;                          // evicted by an operator: stays so until one readmits it
  Recovery recovery{1};
  std::uint64_t evictions = 0;
  std::uint64_t readmissions = 0;
  std::optional<LastVerdict> last_verdict;
  CalendarTime since;  // in this state
  auto operator<=>(const JournaledMember&) const = default;
};

// No majority was found on an order (law 14).
struct GroupRollback {
  enum class Stage : std::uint8_t {
    none,         // the group decides; the rest is of the newest time that it did not
    reproducing,  // everybody rolls back and executes again: nothing is ordered before f+1 have proven themselves
    halted,       // until an operator resumes it
  };
  Stage stage = Stage::none;
  Sequence undecided;  // zero: it never happened
  CalendarTime at;
  auto operator<=>(const GroupRollback&) const = default;
};

struct JournaledView {
  ViewNumber number{1};
  std::vector<JournaledMember> members;  // member i is replica i+1
  std::string audit_head;
  GroupRollback rollback;
  std::vector<Sequence> voided;  // orders that are to execute as refused, ascending
  auto operator<=>(const JournaledView&) const = default;
};

// What the journal holds, when a term begins.
struct RecoveredJournal {
  GroupId group;
  Term term;           // already journaled and synced
  Sequence first{1};   // the first order that it still has; below it, it was cut
  OrderIdentity last;  // sequence 0: empty
  ServedTime served;
  CalendarTime calendar;
  JournaledView view;
  OrderState agreed;  // the newest that it knows of
};

// How much there is, as the loop sees it.
struct JournalSize {
  std::uint64_t bytes = 0;        // on disk, of what is written
  Sequence next_cut{UINT64_MAX};  // below it nothing can be forgotten by itself
  bool has_room = true;           // false: hardly any, and no more could be made ready
  auto operator<=>(const JournalSize&) const = default;
};

}  // namespace tally
