// SPDX-License-Identifier: Apache-2.0
#include "distributor/group_condition.h"

namespace tally {

std::string_view to_string(Trouble trouble) {
  switch (trouble) {
    case Trouble::none: return "";
    case Trouble::replicas_out: return "replicas_out";
    case Trouble::no_majority: return "no_majority";
    case Trouble::no_state: return "no_state";
    case Trouble::no_comparator: return "no_comparator";
    case Trouble::journal_slow: return "journal_slow";
    case Trouble::no_room: return "no_room";
    case Trouble::starting: return "starting";
    case Trouble::rolling_back: return "rolling_back";
    case Trouble::halted: return "halted";
    case Trouble::waiting_for_replicas: return "waiting_for_replicas";
    case Trouble::journal_behind: return "journal_behind";
    case Trouble::wrong_group: return "wrong_group";
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

Trouble trouble_of(const GroupCondition& condition) {
  switch (state_of(condition)) {
    case GroupState::ok: return Trouble::none;
    case GroupState::degraded: return Trouble::replicas_out;
    case GroupState::halted: return Trouble::halted;
    case GroupState::unavailable: break;
  }
  if (!condition.is_deciding()) return Trouble::rolling_back;
  if (!condition.has_comparator) return Trouble::no_comparator;
  if (!condition.has_room) return Trouble::no_room;
  if (condition.is_journal_slow) return Trouble::journal_slow;
  if (!condition.has_anybody_state) return Trouble::no_state;
  return condition.is_stalled ? Trouble::no_majority : Trouble::starting;
}

std::string advice_on(Trouble trouble, const GroupCondition& condition) {
  const std::string id = std::to_string(condition.waiting.value);
  const bool waits_for_people = condition.waiting.value != 0;
  switch (trouble) {
    case Trouble::replicas_out:
      return waits_for_people ? "Replica " + id + " waits for `tally replica readmit " + id +
                                    "`; what else is out is repaired by itself."
                              : "Everything is answered; what is out is repaired by itself.";
    case Trouble::no_majority:
      return waits_for_people ? "`tally replica readmit " + id + "` would bring replica " + id + " back."
                              : "Bring replicas back until " + std::to_string(condition.majority) +
                                    " of them are whole; nothing is lost.";
    case Trouble::no_state:
      return "The journal begins at order " + std::to_string(condition.journal_first.value) +
             ", and no replica has a state that it leads on from: put the newest copy of a replica's directory back.";
    case Trouble::no_comparator: return "Start the comparator, or see its log.";
    case Trouble::journal_slow: return "The journal's disk does not finish its syncs; see that disk.";
    case Trouble::no_room: return "The journal's disk is full: make room there; nothing has to be started again.";
    case Trouble::starting: return "Wait: nothing was decided yet since the distributor started.";
    case Trouble::rolling_back: return "Wait: all replicas execute again from their checkpoints.";
    case Trouble::halted: return "See the undecided record in the audit log, then `tally group resume`.";
    default: return "";
  }
}

Event group_state_event(GroupState state, Trouble trouble, std::string_view advice) {
  const bool is_expected = trouble == Trouble::none || trouble == Trouble::starting;
  return Event("group_state", is_expected ? Severity::info : Severity::warning)
      .with("state", to_string(state))
      .with("reason", to_string(trouble))
      .with("advice", advice);
}

}  // namespace tally
