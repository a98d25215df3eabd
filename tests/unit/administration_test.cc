// SPDX-License-Identifier: Apache-2.0
#include "distributor/administration.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

const Moment at{Instant{} + seconds(10), CalendarTime{1'000}};

struct Bench {
  Membership membership{MembershipConfig{}, JournaledView{}, at};
  VoidableOrders orders{.first = Sequence(1),
                        .last = Sequence(20),
                        .began = Sequence(20),
                        .comparator_has_joined = true,
                        .agreed = Sequence(10),
                        .executed = Sequence(12)};
  Administration::Config config{"secret", true};
  bool hears = true;

  Administration::Outcome carry_out(AdminCommand command) {
    command.number = 4;
    if (command.token.empty()) command.token = "secret";
    return Administration(config).carry_out(command, orders, hears, membership, at);
  }
  const char* why_not(std::uint64_t sequence) const {
    const char* why = refusal_to_void(Sequence(sequence), orders, membership.record());
    return why ? why : "";
  }
  ReplicaState state(std::uint64_t replica) const { return membership.member(ReplicaId(replica)).state; }
};

AdminCommand command(AdminAction action, std::uint64_t replica = 0) {
  AdminCommand command;
  command.action = action;
  command.replica = ReplicaId(replica);
  return command;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(administration)

BOOST_AUTO_TEST_CASE(nothing_is_carried_out_without_the_token) {
  Bench bench;
  AdminCommand evict = command(AdminAction::evict, 2);
  for (const char* token : {"secre", "secrets", "SECRET"}) {
    evict.token = token;
    BOOST_TEST((bench.carry_out(evict).reply.outcome == AdminOutcome::forbidden));
  }
  bench.config.token.clear();
  BOOST_TEST((bench.carry_out(evict).reply.outcome == AdminOutcome::forbidden));
  BOOST_TEST((bench.state(2) == ReplicaState::voting));
}

BOOST_AUTO_TEST_CASE(a_replica_is_evicted_and_readmitted) {
  Bench bench;
  const Administration::Outcome evicted = bench.carry_out(command(AdminAction::evict, 2));
  BOOST_TEST((evicted.reply.outcome == AdminOutcome::done));
  BOOST_TEST(evicted.reply.number == 4u);
  BOOST_TEST(!evicted.change.empty());
  BOOST_TEST(!evicted.ends_term);
  BOOST_TEST((bench.state(2) == ReplicaState::evicted));
  BOOST_TEST((bench.carry_out(command(AdminAction::evict, 2)).reply.outcome == AdminOutcome::refused));
  BOOST_TEST((bench.carry_out(command(AdminAction::evict, 3)).reply.outcome == AdminOutcome::refused), "law 13");
  BOOST_TEST((bench.carry_out(command(AdminAction::readmit, 2)).reply.outcome == AdminOutcome::done));
  BOOST_TEST((bench.state(2) == ReplicaState::recovering));
  BOOST_TEST((bench.carry_out(command(AdminAction::readmit, 1)).reply.outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(a_replica_that_there_is_not_is_refused) {
  Bench bench;
  for (const AdminAction action : {AdminAction::evict, AdminAction::readmit, AdminAction::fault})
    for (const std::uint64_t replica : {std::uint64_t{0}, std::uint64_t{4}, ~std::uint64_t{0}})
      BOOST_TEST((bench.carry_out(command(action, replica)).reply.outcome == AdminOutcome::refused));
}

BOOST_AUTO_TEST_CASE(a_fault_is_neither_injected_nor_cleared_where_nobody_would_hear_of_it) {
  Bench bench;
  bench.hears = false;
  for (const AdminTarget target : {AdminTarget::replica, AdminTarget::comparator})
    for (const FaultKind kind : {FaultKind::hang, FaultKind::none}) {
      AdminCommand fault = command(AdminAction::fault, 2);
      fault.target = target;
      fault.fault.kind = kind;
      const Administration::Outcome outcome = bench.carry_out(fault);
      BOOST_TEST((outcome.reply.outcome == AdminOutcome::refused));
      BOOST_TEST(outcome.reply.detail == "it has not reported in this term yet: try again");
      BOOST_TEST(!outcome.injected.has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_fault_is_injected_only_where_that_is_on) {
  Bench bench;
  AdminCommand fault = command(AdminAction::fault, 2);
  fault.fault.kind = FaultKind::silent;
  BOOST_TEST((bench.carry_out(fault).injected == fault.fault));
  bench.config.fault_injection = false;
  BOOST_TEST((bench.carry_out(fault).reply.outcome == AdminOutcome::refused));
  BOOST_TEST(!bench.carry_out(fault).injected.has_value());
}

BOOST_AUTO_TEST_CASE(the_distributor_and_the_comparator_crash_and_hang_and_nothing_else) {
  Bench bench;
  for (const AdminTarget target : {AdminTarget::distributor, AdminTarget::comparator}) {
    AdminCommand asked = command(AdminAction::fault);
    asked.target = target;
    for (int kind = 0; kind <= static_cast<int>(FaultKind::disk_full); ++kind) BOOST_TEST_CONTEXT("kind " << kind) {
        asked.fault = {static_cast<FaultKind>(kind), seconds(3)};
        const Administration::Outcome outcome = bench.carry_out(asked);
        const bool strikes = asked.fault.kind == FaultKind::crash || asked.fault.kind == FaultKind::hang;
        const bool clears = asked.fault.kind == FaultKind::none;
        BOOST_TEST((outcome.reply.outcome == (strikes || clears ? AdminOutcome::done : AdminOutcome::refused)));
        BOOST_TEST((outcome.injected == (strikes ? std::optional(asked.fault) : std::nullopt)));
      }
    asked.fault = {FaultKind::crash, {}, 0.5};
    BOOST_TEST((bench.carry_out(asked).reply.outcome == AdminOutcome::refused), "a probability");
  }
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_distributor_or_the_comparator_needs_token_and_injection_too) {
  Bench bench;
  for (const AdminTarget target : {AdminTarget::distributor, AdminTarget::comparator}) {
    AdminCommand asked = command(AdminAction::fault);
    asked.target = target;
    asked.fault.kind = FaultKind::crash;
    asked.token = "wrong";
    bench.config.fault_injection = true;
    BOOST_TEST((bench.carry_out(asked).reply.outcome == AdminOutcome::forbidden));
    BOOST_TEST(!bench.carry_out(asked).injected.has_value());
    asked.token.clear();
    bench.config.fault_injection = false;
    BOOST_TEST((bench.carry_out(asked).reply.outcome == AdminOutcome::refused));
    BOOST_TEST(!bench.carry_out(asked).injected.has_value());
  }
}

BOOST_AUTO_TEST_CASE(only_replicas_are_evicted_and_readmitted) {
  Bench bench;
  for (const AdminTarget target : {AdminTarget::distributor, AdminTarget::comparator})
    for (const AdminAction action : {AdminAction::evict, AdminAction::readmit}) {
      AdminCommand asked = command(action, 2);
      asked.target = target;
      BOOST_TEST((bench.carry_out(asked).reply.outcome == AdminOutcome::refused));
    }
  BOOST_TEST((bench.state(2) == ReplicaState::voting));
}

BOOST_AUTO_TEST_CASE(whoever_clears_a_fault_vouches_for_an_evicted_replica_that_nobody_holds) {
  Bench bench;
  AdminCommand clear = command(AdminAction::fault, 2);
  BOOST_TEST(bench.carry_out(clear).change.empty());
  bench.membership.evict({ReplicaId(2), Recovery(1), VerdictReason::silence, Sequence(5)}, at);
  BOOST_TEST(!bench.carry_out(clear).change.empty());
  BOOST_TEST((bench.state(2) == ReplicaState::recovering));
  bench.membership.evict_by_operator(ReplicaId(2), at);
  BOOST_TEST(bench.carry_out(clear).change.empty());
  BOOST_TEST((bench.state(2) == ReplicaState::evicted));
}

BOOST_AUTO_TEST_CASE(a_halted_group_is_resumed_in_a_new_term) {
  Bench bench;
  BOOST_TEST((bench.carry_out(command(AdminAction::resume)).reply.outcome == AdminOutcome::refused));
  bench.membership.no_majority(Sequence(15), at);
  bench.membership.halt("test");
  const Administration::Outcome resumed = bench.carry_out(command(AdminAction::resume));
  BOOST_TEST((resumed.reply.outcome == AdminOutcome::done));
  BOOST_TEST(resumed.ends_term);
}

BOOST_AUTO_TEST_CASE(only_an_order_that_was_certainly_not_answered_may_be_voided) {
  Bench bench;
  BOOST_TEST(bench.why_not(13) == "");
  BOOST_TEST(bench.why_not(21) == "there is no such order");
  BOOST_TEST(bench.why_not(10) == "that order is decided already");
  BOOST_TEST(bench.why_not(12) == "a replica has executed that order, so it may be decided already");
  bench.orders.decides = true;
  BOOST_TEST(bench.why_not(13) == "the group decides: no order keeps it from that");
  bench.orders.began = Sequence(12);
  BOOST_TEST(bench.why_not(13) == "that order may still be decided; restart the distributor first");
  bench.orders.first = Sequence(14);
  BOOST_TEST(bench.why_not(13) == "there is no such order");
}

BOOST_AUTO_TEST_CASE(an_order_without_a_majority_may_be_voided_and_none_before_it) {
  Bench bench;
  bench.membership.no_majority(Sequence(15), at);
  bench.orders.began = Sequence(12);
  BOOST_TEST(bench.why_not(15) == "");
  BOOST_TEST(bench.why_not(14) == "that order may be decided already");
  BOOST_TEST(bench.why_not(16) == "that order may still be decided; restart the distributor first");
  AdminCommand resume = command(AdminAction::resume);
  resume.void_sequence = Sequence(15);
  BOOST_TEST(bench.carry_out(resume).ends_term);
  BOOST_TEST(bench.why_not(15) == "that order is voided already");
}

BOOST_AUTO_TEST_SUITE_END()
