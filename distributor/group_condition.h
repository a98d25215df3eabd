// SPDX-License-Identifier: Apache-2.0
// Why a group is not well, in one word of the list in docs/operations.md, and what its people can
// do about it.
//
// Pure functions of what the distributor knows, in a term (GroupCondition) or before one
// (gathering.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/event.h"
#include "protocol/group.h"
#include "protocol/ids.h"
#include "protocol/journal_facts.h"

namespace tally {

enum class GroupTrouble : std::uint8_t {
  none,
  replicas_out,
  no_majority,
  no_state,
  no_comparator,
  journal_slow,
  no_room,
  starting,
  rolling_back,
  halted,
  waiting_for_replicas,  // this one and those below: before a term
  journal_behind,
  wrong_group,
};
std::string_view to_string(GroupTrouble trouble);  // none is the empty word

struct GroupCondition {
  GroupRollback::Stage rollback = GroupRollback::Stage::none;
  bool is_ending_term = false;
  bool has_comparator = false;
  bool has_room = false;  // the journal
  bool is_journal_slow = false;
  bool is_stalled = false;
  bool has_decided = false;       // in this term
  bool has_anybody_state = true;  // false: f+1 replicas are there, and all of them want a state
  std::uint32_t replicas = 0;
  std::uint32_t voters = 0;
  std::uint32_t majority = 0;  // f+1
  // Only a person can bring this replica back; zero: there is none such.
  ReplicaId waiting;
  Sequence journal_first;

  bool is_deciding() const { return rollback == GroupRollback::Stage::none && !is_ending_term; }
};

GroupState state_of(const GroupCondition& condition);
GroupTrouble trouble_of(const GroupCondition& condition);
// One sentence for people; empty: all is well.
std::string advice_on(GroupTrouble trouble, const GroupCondition& condition);

// What the log says of it, since the log has what the status says.
Event group_state_event(GroupState state, GroupTrouble trouble, std::string_view advice);

}  // namespace tally
