// SPDX-License-Identifier: Apache-2.0
// Enumerations on the wire. Those of protocol/ and of tally.proto have the same numbers, which the
// compiler checks. Reading refuses every number that is no enumerator, and zero too where zero has
// no meaning.
#pragma once

#include "protocol/messages.h"
#include "protocol/operations.h"
#include "wire/tally.pb.h"

namespace tally::wire {

template <class Proto, class Enum>
constexpr bool same(Proto proto, Enum value) {
  return static_cast<int>(proto) == static_cast<int>(value);
}

static_assert(same(v1::OPERATION_KIND_UNSPECIFIED, OperationKind::unspecified));
static_assert(same(v1::OPERATION_KIND_ADD, OperationKind::add));
static_assert(same(v1::OPERATION_KIND_GET, OperationKind::get));
static_assert(same(v1::OPERATION_KIND_SET, OperationKind::set));
static_assert(same(v1::OPERATION_KIND_REMOVE, OperationKind::remove));
static_assert(same(v1::OPERATION_KIND_LIST, OperationKind::list));
static_assert(same(v1::OPERATION_KIND_LIST_SESSIONS, OperationKind::list_sessions));
static_assert(same(v1::OPERATION_KIND_CLOSE_SESSION, OperationKind::close_session));
static_assert(same(v1::OPERATION_KIND_LIST_LIMITS, OperationKind::list_limits));
static_assert(same(v1::OPERATION_KIND_SET_LIMIT, OperationKind::set_limit));
static_assert(same(v1::OPERATION_KIND_CLEAR, OperationKind::clear));
static_assert(same(v1::OPERATION_KIND_EXPIRE, OperationKind::expire));
static_assert(same(v1::OPERATION_KIND_CHECK, OperationKind::check));
static_assert(same(v1::OPERATION_KIND_SCAN, OperationKind::scan));
static_assert(same(v1::OPERATION_KIND_COUNT, OperationKind::count));

static_assert(same(v1::EXPIRY_KIND_NONE, ExpiryKind::none));
static_assert(same(v1::EXPIRY_KIND_KEEP, ExpiryKind::keep));
static_assert(same(v1::EXPIRY_KIND_AFTER, ExpiryKind::after));
static_assert(same(v1::EXPIRY_KIND_AT, ExpiryKind::at));

static_assert(same(v1::REQUEST_KIND_OPERATIONS, RequestKind::operations));
static_assert(same(v1::REQUEST_KIND_OPEN_SESSION, RequestKind::open_session));
static_assert(same(v1::REQUEST_KIND_CLOSE_SESSION, RequestKind::close_session));

static_assert(same(v1::FAULT_KIND_NONE, FaultKind::none));
static_assert(same(v1::FAULT_KIND_WRONG_VALUE, FaultKind::wrong_value));
static_assert(same(v1::FAULT_KIND_WRONG_STATE, FaultKind::wrong_state));
static_assert(same(v1::FAULT_KIND_SILENT, FaultKind::silent));
static_assert(same(v1::FAULT_KIND_SLOW, FaultKind::slow));
static_assert(same(v1::FAULT_KIND_CRASH, FaultKind::crash));
static_assert(same(v1::FAULT_KIND_HANG, FaultKind::hang));
static_assert(same(v1::FAULT_KIND_DROP_ORDERS, FaultKind::drop_orders));
static_assert(same(v1::FAULT_KIND_CORRUPT_CHECKPOINT, FaultKind::corrupt_checkpoint));
static_assert(same(v1::FAULT_KIND_DISK_FULL, FaultKind::disk_full));

static_assert(same(v1::ADMIN_ACTION_EVICT, AdminAction::evict));
static_assert(same(v1::ADMIN_ACTION_READMIT, AdminAction::readmit));
static_assert(same(v1::ADMIN_ACTION_FAULT, AdminAction::fault));
static_assert(same(v1::ADMIN_ACTION_RESUME, AdminAction::resume));

static_assert(same(v1::ADMIN_TARGET_REPLICA, AdminTarget::replica));
static_assert(same(v1::ADMIN_TARGET_DISTRIBUTOR, AdminTarget::distributor));
static_assert(same(v1::ADMIN_TARGET_COMPARATOR, AdminTarget::comparator));

static_assert(same(v1::GROUP_STATE_OK, GroupState::ok));
static_assert(same(v1::GROUP_STATE_DEGRADED, GroupState::degraded));
static_assert(same(v1::GROUP_STATE_UNAVAILABLE, GroupState::unavailable));
static_assert(same(v1::GROUP_STATE_HALTED, GroupState::halted));

static_assert(same(v1::REFUSAL_REASON_OVERLOADED, RefusalReason::overloaded));
static_assert(same(v1::REFUSAL_REASON_UNAVAILABLE, RefusalReason::unavailable));
static_assert(same(v1::REFUSAL_REASON_UNDECIDED, RefusalReason::undecided));
static_assert(same(v1::REFUSAL_REASON_DRAINING, RefusalReason::draining));
static_assert(same(v1::REFUSAL_REASON_MALFORMED, RefusalReason::malformed));

static_assert(same(v1::REPLICA_STATE_VOTING, ReplicaState::voting));
static_assert(same(v1::REPLICA_STATE_EVICTED, ReplicaState::evicted));
static_assert(same(v1::REPLICA_STATE_RECOVERING, ReplicaState::recovering));
static_assert(same(v1::REPLICA_STATE_PROBATION, ReplicaState::probation));
static_assert(same(v1::REPLICA_STATE_QUARANTINED, ReplicaState::quarantined));
static_assert(same(v1::REPLICA_STATE_DOWN, ReplicaState::down));

static_assert(same(v1::VERDICT_REASON_DISSENT, VerdictReason::dissent));
static_assert(same(v1::VERDICT_REASON_SILENCE, VerdictReason::silence));

static_assert(same(v1::ADMIN_OUTCOME_DONE, AdminOutcome::done));
static_assert(same(v1::ADMIN_OUTCOME_FORBIDDEN, AdminOutcome::forbidden));
static_assert(same(v1::ADMIN_OUTCOME_REFUSED, AdminOutcome::refused));

static_assert(same(v1::MEMBER_ROLE_NONE, MemberRole::none));
static_assert(same(v1::MEMBER_ROLE_VOTER, MemberRole::voter));
static_assert(same(v1::MEMBER_ROLE_OBSERVED, MemberRole::observed));

static_assert(same(v1::STATE_ANSWER_ENTRIES, StateAnswer::entries));
static_assert(same(v1::STATE_ANSWER_BUSY, StateAnswer::busy));
static_assert(same(v1::STATE_ANSWER_NONE, StateAnswer::none));

static_assert(same(v1::VOTE_OUTCOME_PENDING, VoteOutcome::pending));
static_assert(same(v1::VOTE_OUTCOME_AGREES, VoteOutcome::agrees));
static_assert(same(v1::VOTE_OUTCOME_DIFFERS, VoteOutcome::differs));

inline v1::RequestKind to_proto(RequestKind kind) { return static_cast<v1::RequestKind>(kind); }
inline v1::FaultKind to_proto(FaultKind kind) { return static_cast<v1::FaultKind>(kind); }
inline v1::AdminAction to_proto(AdminAction action) { return static_cast<v1::AdminAction>(action); }
inline v1::AdminTarget to_proto(AdminTarget target) { return static_cast<v1::AdminTarget>(target); }
inline v1::GroupState to_proto(GroupState state) { return static_cast<v1::GroupState>(state); }
inline v1::RefusalReason to_proto(RefusalReason reason) { return static_cast<v1::RefusalReason>(reason); }
inline v1::ReplicaState to_proto(ReplicaState state) { return static_cast<v1::ReplicaState>(state); }
inline v1::VerdictReason to_proto(VerdictReason reason) { return static_cast<v1::VerdictReason>(reason); }
inline v1::AdminOutcome to_proto(AdminOutcome outcome) { return static_cast<v1::AdminOutcome>(outcome); }
inline v1::MemberRole to_proto(MemberRole role) { return static_cast<v1::MemberRole>(role); }
inline v1::StateAnswer to_proto(StateAnswer answer) { return static_cast<v1::StateAnswer>(answer); }
inline v1::VoteOutcome to_proto(VoteOutcome outcome) { return static_cast<v1::VoteOutcome>(outcome); }

// Precondition: the enumerators are contiguous from `first` to `last`.
template <auto first, auto last>
bool read_enumerator(int number, decltype(last)& value) {
  if (number < static_cast<int>(first) || number > static_cast<int>(last)) return false;
  value = static_cast<decltype(last)>(number);
  return true;
}

// On the wire they are words, which people who look at messages can read.
inline bool from_proto(const std::string& word, OutReason& reason) {
  const std::optional<OutReason> known = out_reason_from(word);
  reason = known.value_or(OutReason::none);
  return known.has_value();
}
inline bool from_proto(const std::string& word, RoleState& state) {
  const std::optional<RoleState> known = role_state_from(word);
  state = known.value_or(RoleState::down);
  return known || word.empty();
}
inline bool from_proto(v1::OperationKind number, OperationKind& kind) {
  return read_enumerator<OperationKind::unspecified, last_operation_kind>(number, kind);
}
inline bool from_proto(v1::RequestKind number, RequestKind& kind) {
  return read_enumerator<RequestKind::operations, RequestKind::close_session>(number, kind);
}
inline bool from_proto(v1::FaultKind number, FaultKind& kind) {
  return read_enumerator<FaultKind::none, FaultKind::disk_full>(number, kind);
}
inline bool from_proto(v1::AdminAction number, AdminAction& action) {
  return read_enumerator<AdminAction::evict, AdminAction::resume>(number, action);
}
inline bool from_proto(v1::AdminTarget number, AdminTarget& target) {
  return read_enumerator<AdminTarget::replica, AdminTarget::comparator>(number, target);
}
inline bool from_proto(v1::GroupState number, GroupState& state) {
  return read_enumerator<GroupState::ok, GroupState::halted>(number, state);
}
inline bool from_proto(v1::RefusalReason number, RefusalReason& reason) {
  return read_enumerator<RefusalReason::overloaded, RefusalReason::malformed>(number, reason);
}
inline bool from_proto(v1::ReplicaState number, ReplicaState& state) {
  return read_enumerator<ReplicaState::voting, ReplicaState::down>(number, state);
}
inline bool from_proto(v1::VerdictReason number, VerdictReason& reason) {
  return read_enumerator<VerdictReason::dissent, VerdictReason::silence>(number, reason);
}
inline bool from_proto(v1::AdminOutcome number, AdminOutcome& outcome) {
  return read_enumerator<AdminOutcome::done, AdminOutcome::refused>(number, outcome);
}
inline bool from_proto(v1::MemberRole number, MemberRole& role) {
  return read_enumerator<MemberRole::none, MemberRole::observed>(number, role);
}
inline bool from_proto(v1::StateAnswer number, StateAnswer& answer) {
  return read_enumerator<StateAnswer::entries, StateAnswer::none>(number, answer);
}
inline bool from_proto(v1::VoteOutcome number, VoteOutcome& outcome) {
  return read_enumerator<VoteOutcome::pending, VoteOutcome::differs>(number, outcome);
}

}  // namespace tally::wire
