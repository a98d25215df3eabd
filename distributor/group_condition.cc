// SPDX-License-Identifier: Apache-2.0
#include "distributor/group_condition.h"

namespace tally {

std::string_view to_string(GroupTrouble trouble) {
  switch (trouble) {
    case GroupTrouble::none: return "";
    case GroupTrouble::replicas_out: return "replicas_out";
    case GroupTrouble::no_majority: return "no_majority";
    case GroupTrouble::no_state: return "no_state";
    case GroupTrouble::no_comparator: return "no_comparator";
    case GroupTrouble::journal_slow: return "journal_slow";
    case GroupTrouble::no_room: return "no_room";
    case GroupTrouble::starting: return "starting";
    case GroupTrouble::rolling_back: return "rolling_back";
    case GroupTrouble::halted: return "halted";
    case GroupTrouble::waiting_for_replicas: return "waiting_for_replicas";
    case GroupTrouble::journal_behind: return "journal_behind";
    case GroupTrouble::wrong_group: return "wrong_group";
  }
  return "unknown";
}

GroupState state_of(const GroupCondition& condition) {
  if (condition.rollback == GroupRollback::Stage::halted) return GroupState::halted;
  if (!condition.is_deciding() || !condition.has_comparator || condition.is_stalled || !condition.has_decided ||
      !condition.has_room || condition.is_journal_slow)
    return GroupState::unavailable;
  return condition.voters < condition.replicas ? GroupState::degraded : GroupState::ok;
}

GroupTrouble trouble_of(const GroupCondition& condition) {
  switch (state_of(condition)) {
    case GroupState::ok: return GroupTrouble::none;
    case GroupState::degraded: return GroupTrouble::replicas_out;
    case GroupState::halted: return GroupTrouble::halted;
    case GroupState::unavailable: break;
  }
  if (!condition.is_deciding()) return GroupTrouble::rolling_back;
  if (!condition.has_comparator) return GroupTrouble::no_comparator;
  if (!condition.has_room) return GroupTrouble::no_room;
  if (condition.is_journal_slow) return GroupTrouble::journal_slow;
  if (!condition.has_anybody_state) return GroupTrouble::no_state;
  return condition.is_stalled ? GroupTrouble::no_majority : GroupTrouble::starting;
}

std::string advice_on(GroupTrouble trouble, const GroupCondition& condition) {
  const std::string id = std::to_string(condition.waiting.value);
  const bool waits_for_people = condition.waiting.value != 0;
  switch (trouble) {
    case GroupTrouble::replicas_out:
      return waits_for_people ? "Replica " + id + " waits for `tally replica readmit " + id +
                                    "`; what else is out is repaired by itself."
                              : "Everything is answered; what is out is repaired by itself.";
    case GroupTrouble::no_majority:
      return waits_for_people ? "`tally replica readmit " + id + "` would bring replica " + id + " back."
                              : "Bring replicas back until " + std::to_string(condition.majority) +
                                    " of them are whole; nothing is lost.";
    case GroupTrouble::no_state:
      return "The journal begins at order " + std::to_string(condition.journal_first.value) +
             ", and no replica has a state that it leads on from: put the newest copy of a replica's directory back.";
    case GroupTrouble::no_comparator: return "Start the comparator, or see its log.";
    case GroupTrouble::journal_slow: return "The journal's disk does not finish its syncs; see that disk.";
    case GroupTrouble::no_room: return "The journal's disk is full: make room there; nothing has to be started again.";
    case GroupTrouble::starting: return "Wait: nothing was decided yet since the distributor started.";
    case GroupTrouble::rolling_back: return "Wait: all replicas execute again from their checkpoints.";
    case GroupTrouble::halted: return "See the undecided record in the audit log, then `tally group resume`.";
    default: return "";
  }
}

Event group_state_event(GroupState state, GroupTrouble trouble, std::string_view advice) {
  const bool is_expected = trouble == GroupTrouble::none || trouble == GroupTrouble::starting;
  return Event("group_state", is_expected ? Severity::info : Severity::warning)
      .with("state", to_string(state))
      .with("reason", to_string(trouble))
      .with("advice", advice);
}

}  // namespace tally
