// SPDX-License-Identifier: Apache-2.0
#include "distributor/administration.h"

#include <algorithm>
#include <utility>

#include "protocol/secret.h"

namespace tally {
namespace {

Administration::Outcome refused(const AdminCommand& command, const char* why) {
  return {{command.number, AdminOutcome::refused, why}};
}

Administration::Outcome done(const AdminCommand& command, ViewChange change) {
  return {{command.number, AdminOutcome::done, ""}, std::move(change)};
}

}  // namespace

Administration::Outcome Administration::carry_out(const AdminCommand& command, const VoidableOrders& orders, bool hears,
                                                  Membership& membership, const Moment& at) const {
  if (!is_secret(command.token, config_.token))
    return {{command.number, AdminOutcome::forbidden, "the admin token is missing or wrong"}};
  if (command.action == AdminAction::resume) return resume(command, orders, membership, at);
  if (command.target != AdminTarget::replica) return inject_into_role(command, hears);
  if (!membership.replicas().contains(command.replica)) return refused(command, "there is no such replica");
  if (command.action == AdminAction::fault) return inject(command, hears, membership, at);
  const bool evicts = command.action == AdminAction::evict;
  ViewChange change =
      evicts ? membership.evict_by_operator(command.replica, at) : membership.readmit_by_operator(command.replica, at);
  if (!change.empty()) return done(command, std::move(change));
  return refused(command, evicts ? "it is held already, or too few replicas vote to go without it"
                                 : "it is neither evicted nor quarantined");
}

// Law 14: after a halt; or with an order to void, which may be what keeps the replicas from
// answering at all.
Administration::Outcome Administration::resume(const AdminCommand& command, const VoidableOrders& orders,
                                               Membership& membership, const Moment& at) const {
  const Sequence voided = command.void_sequence;
  if (voided.value != 0)
    if (const char* why = refusal_to_void(voided, orders, membership.record())) return refused(command, why);
  ViewChange change = membership.resume(voided, at);
  if (change.empty())
    return refused(command, voided.value == 0 ? "the group is not halted" : "too many orders are voided already");
  Outcome outcome = done(command, std::move(change));
  outcome.ends_term = true;
  return outcome;
}

// A target that does not hear of the end of its fault goes on with it, so nobody may be told "done".
std::optional<Administration::Outcome> Administration::refusal_of_fault(const AdminCommand& command, bool hears) const {
  if (!config_.fault_injection) return refused(command, "fault injection is off: start with --fault-injection");
  if (!hears) return refused(command, "it has not reported in this term yet: try again");
  return std::nullopt;
}

Administration::Outcome Administration::inject(const AdminCommand& command, bool hears, Membership& membership,
                                               const Moment& at) const {
  if (auto refusal = refusal_of_fault(command, hears)) return *std::move(refusal);
  // Whoever clears a fault vouches for the replica: it need not wait for the rest of its cool-down.
  const JournaledMember& member = membership.member(command.replica);
  const bool is_cooling_down = member.state == ReplicaState::evicted && !member.held;
  const bool is_cleared = command.fault.kind == FaultKind::none;
  Outcome outcome =
      done(command, is_cleared && is_cooling_down ? membership.readmit_by_operator(command.replica, at) : ViewChange());
  outcome.injected = command.fault;
  return outcome;
}

// Of the distributor or the comparator, which have no vote that could be wrong. There is nothing to
// clear: a loop that hangs hears of nothing.
Administration::Outcome Administration::inject_into_role(const AdminCommand& command, bool hears) const {
  if (command.action != AdminAction::fault) return refused(command, "that can be done with replicas only");
  if (auto refusal = refusal_of_fault(command, hears)) return *std::move(refusal);
  const Fault& fault = command.fault;
  if (fault.kind == FaultKind::none) return done(command, {});
  if (!is_of_roles(fault.kind)) return refused(command, "the distributor and the comparator can only crash and hang");
  if (fault.probability != 1)
    return refused(command, "a fault of the distributor or the comparator strikes at once, without a probability");
  Outcome outcome = done(command, {});
  outcome.injected = fault;
  return outcome;
}

const char* refusal_to_void(Sequence sequence, const VoidableOrders& orders, const JournaledView& view) {
  if (sequence < orders.first || sequence > orders.last) return "there is no such order";
  if (std::ranges::binary_search(view.voided, sequence)) return "that order is voided already";
  if (sequence <= orders.agreed) return "that order is decided already";
  const GroupRollback& rollback = view.rollback;
  const bool is_undecided = rollback.stage != GroupRollback::Stage::none;
  if (is_undecided && sequence < rollback.undecided) return "that order may be decided already";
  if (is_undecided && sequence == rollback.undecided) return nullptr;
  if (sequence > orders.began || !orders.comparator_has_joined)
    return "that order may still be decided; restart the distributor first";
  if (is_undecided) return nullptr;
  if (orders.decides) return "the group decides: no order keeps it from that";
  return sequence <= orders.executed ? "a replica has executed that order, so it may be decided already" : nullptr;
}

}  // namespace tally
