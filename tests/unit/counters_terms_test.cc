// SPDX-License-Identifier: Apache-2.0
// Changes that depend on what is there: conditions, checks that others of their request depend on, the detail that
// names a counter's last change, and additions that are done several times.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "state_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

OperationResult ok(std::int64_t value) { return answer(OperationStatus::ok, value); }
OperationResult not_met(std::int64_t value) { return answer(OperationStatus::not_met, value); }
const OperationResult passed_over = answer(OperationStatus::passed_over);
const OperationResult malformed = answer(OperationStatus::malformed);

CounterDetail detail_of(StateFixture& replica, const std::string& name) {
  return replica.run_one(in_detail(reading(name))).detail.value();
}

OwnedOperation keyed(OwnedOperation operation) {
  operation.idempotency_key = "key";
  return operation;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(a_condition)

BOOST_AUTO_TEST_CASE(of_set_is_that_the_counter_is_there_or_that_it_is_not) {
  using namespace condition;
  StateFixture replica;
  BOOST_TEST((replica.run_one(only_if(present, setting("a", 1))) == not_met(0)));
  BOOST_TEST((replica.run_one(only_if(missing, setting("a", 1))) == ok(1)));
  BOOST_TEST((replica.run_one(only_if(missing, setting("a", 2))) == not_met(1)));
  BOOST_TEST((replica.run_one(only_if(present, setting("a", 3))) == ok(3)));
  BOOST_TEST((replica.run_one(only_if(present | missing, setting("a", 4))) == not_met(3)));
  BOOST_TEST((replica.run_one(only_if(present, setting("", 3))) == malformed));
}

BOOST_AUTO_TEST_CASE(that_does_not_hold_leaves_everything_as_it_is) {
  StateFixture replica;
  replica.run({with(setting("a", 1), after(100))});
  const CounterDetail before = detail_of(replica, "a");
  replica.run({only_if(condition::missing, with(setting("a", 9), after(500))),
               expiring("a", after(500), condition::without_expiry)});
  BOOST_TEST((detail_of(replica, "a") == before));
}

BOOST_AUTO_TEST_CASE(or_another_term_that_the_kind_does_not_have_makes_the_operation_malformed) {
  using namespace condition;
  StateFixture replica;
  replica.run({setting("a", 1)});
  const std::vector<OwnedOperation> senseless = {
      only_if(present, addition("a", 1)),
      only_if(present, removal("a")),
      only_if(present, reading("a")),
      only_if(present, counting()),
      only_if(present, scanning(0, 9)),
      only_if(present, listing("", "", 9)),
      only_if(unchanged, setting("a", 9)),
      only_if(later, setting("a", 9)),
      only_if(1u << 7, setting("a", 9)),
      only_if(UINT32_MAX, setting("a", 9)),
      expiring("a", after(9), present),
      expiring("a", after(9), 1u << 31),
      checking("a", with_expiry),
      checking("a", 1u << 20),
      with(addition("a", 1), at(most)),
      with(addition("a", 1), kept),
      with(addition("a", 1), after(0)),
      with(addition("a", 1), after(-5)),
      with(addition("a", 1), {ExpiryKind::unknown, 5}),
      with(setting("a", 9), after(0)),
      with(setting("a", 9), at(0)),
      with(setting("a", 9), at(-1)),
      with(setting("a", 9), {ExpiryKind::unknown, 5}),
      expiring("a", kept),
      expiring("a", {ExpiryKind::unknown, 5}),
      with(removal("a"), after(5)),
      with(reading("a"), after(5)),
      with(reading("a"), {ExpiryKind::unknown, 0}),
      with(checking("a", present), after(5)),
      with(counting(), after(5)),
      with(scanning(0, 9), at(5)),
      keyed(expiring("a", after(5))),
      keyed(counting()),
      keyed(checking("a", present)),
      keyed(scanning(0, 9)),
  };
  for (std::size_t place = 0; place < senseless.size(); ++place)
    BOOST_TEST((replica.run_one(senseless[place]) == malformed), "operation " << place);
  BOOST_TEST((replica.run_one(reading("a")) == ok(1)));
  BOOST_TEST(detail_of(replica, "a").expires_in_ms == CounterDetail::never);
  BOOST_TEST(replica.state->idempotency_keys() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_check)

BOOST_AUTO_TEST_CASE(that_holds_changes_nothing_for_the_others) {
  StateFixture replica;
  const auto results = replica.run({checking("a", condition::missing, 2), setting("a", 5), addition("a", 1)});
  BOOST_TEST((results == std::vector{ok(0), ok(5), ok(6)}));
}

BOOST_AUTO_TEST_CASE(that_does_not_hold_passes_over_as_many_as_it_says_and_no_more) {
  StateFixture replica;
  const auto results =
      replica.run({checking("a", condition::present, 2), setting("a", 5), addition("b", 1), addition("c", 1)});
  BOOST_TEST((results == std::vector{not_met(0), passed_over, passed_over, ok(1)}));
  BOOST_TEST((replica.run_one(counting()) == ok(1)));
}

BOOST_AUTO_TEST_CASE(on_which_nothing_depends_only_tells) {
  StateFixture replica;
  const auto results = replica.run({setting("a", 5), checking("a", condition::missing), addition("a", 1)});
  BOOST_TEST((results == std::vector{ok(5), not_met(5), ok(6)}));
  BOOST_TEST((replica.run_one(checking("a", 0)) == ok(6)), "no condition always holds");
}

BOOST_AUTO_TEST_CASE(passes_over_the_rest_of_its_request_at_most) {
  StateFixture replica;
  const auto results = replica.run({checking("a", condition::present, UINT32_MAX), addition("a", 1)});
  BOOST_TEST((results == std::vector{not_met(0), passed_over}));
  // The next request of the same order is another one.
  const SessionId other = replica.open();
  const auto both = replica.apply({request(other, 1, {checking("a", condition::present, 9), addition("a", 1)}),
                                   request(other, 2, {addition("a", 1)})});
  BOOST_TEST((both.at(0).operations == std::vector{not_met(0), passed_over}));
  BOOST_TEST((both.at(1).operations == std::vector{ok(1)}));
}

BOOST_AUTO_TEST_CASE(is_passed_over_like_any_other_operation) {
  StateFixture replica;
  const auto results = replica.run(
      {checking("a", condition::present, 1), checking("b", condition::present, 3), addition("a", 1), addition("b", 1)});
  BOOST_TEST((results == std::vector{not_met(0), passed_over, ok(1), ok(1)}));
}

BOOST_AUTO_TEST_CASE(one_after_the_other_makes_all_of_them_a_condition) {
  const auto run = [](bool has_a, bool has_b) {
    StateFixture replica;
    if (has_a) replica.run({setting("a", 1)});
    if (has_b) replica.run({setting("b", 1)});
    return replica
        .run({checking("a", condition::present, 2), checking("b", condition::present, 1), addition("sum", 1),
              addition("asked", 1)})
        .at(2)
        .status;
  };
  BOOST_TEST((run(true, true) == OperationStatus::ok));
  BOOST_TEST((run(true, false) == OperationStatus::passed_over));
  BOOST_TEST((run(false, true) == OperationStatus::passed_over));
  BOOST_TEST((run(false, false) == OperationStatus::passed_over));
}

BOOST_AUTO_TEST_CASE(that_makes_no_sense_holds_for_nothing) {
  StateFixture replica;
  for (OwnedOperation check :
       {checking("", 0), checking("a", condition::later), with(checking("a", 0), after(5)), keyed(checking("a", 0))}) {
    check.limit = 1;
    const auto results = replica.run({check, addition("a", 1), addition("b", 1)});
    BOOST_TEST((results.at(0) == malformed));
    BOOST_TEST((results.at(1) == passed_over));
    BOOST_TEST((results.at(2).status == OperationStatus::ok));
  }
}

BOOST_AUTO_TEST_CASE(holds_while_the_last_change_is_the_one_that_was_seen) {
  StateFixture replica;
  replica.run({setting("a", 1)});
  const std::uint64_t seen = detail_of(replica, "a").last_change;
  const OwnedOperation unchanged = checking("a", condition::unchanged, 0, seen);
  BOOST_TEST((replica.run_one(unchanged) == ok(1)));
  const std::vector<OwnedOperation> changes = {addition("a", 0), setting("a", 1), expiring("a", after(50)),
                                               addition("a", 1), with(addition("a", 1), after(5))};
  for (const OwnedOperation& change : changes) {
    StateFixture other;
    other.run({setting("a", 1)});
    const std::uint64_t before = detail_of(other, "a").last_change;
    other.run({change});
    BOOST_TEST((other.run_one(checking("a", condition::unchanged, 0, before)).status == OperationStatus::not_met));
  }
  replica.run({reading("a"), addition("other", 1), only_if(condition::missing, setting("a", 5)),
               expiring("a", after(5), condition::with_expiry), expiring("a", lasting),
               checking("a", condition::missing)});
  BOOST_TEST((replica.run_one(unchanged) == ok(1)));
  replica.run({removal("a"), setting("a", 1)});
  BOOST_TEST((replica.run_one(unchanged) == not_met(1)), "it is another counter");
}

BOOST_AUTO_TEST_CASE(finds_a_counter_unchanged_that_was_missing_and_still_is) {
  StateFixture replica;
  const std::uint64_t seen = detail_of(replica, "a").last_change;
  BOOST_TEST(seen == 0u);
  BOOST_TEST((replica.run_one(checking("a", condition::unchanged, 0, seen)) == ok(0)));
  replica.run({setting("a", 1)});
  BOOST_TEST((replica.run_one(checking("a", condition::unchanged, 0, seen)) == not_met(1)));
}

BOOST_AUTO_TEST_CASE(and_what_it_passed_over_are_answered_again_from_the_stored_result) {
  StateFixture replica;
  const SessionId session = replica.open();
  const Request conditional = request(session, 1, {checking("a", condition::present, 1), addition("a", 1)});
  const RequestResult first = replica.apply_one(conditional);
  replica.run({setting("a", 1)});
  BOOST_TEST((replica.apply_one(conditional) == first));
  BOOST_TEST((replica.state->counter("a") == 1));
}

BOOST_AUTO_TEST_CASE(leaves_the_keys_of_what_it_passes_over_free) {
  StateFixture replica;
  replica.run({checking("a", condition::present, 1), addition("b", 1, "key")});
  BOOST_TEST(replica.state->idempotency_keys() == 0u);
  BOOST_TEST((replica.run_one(addition("b", 1, "key")) == ok(1)));
}

BOOST_AUTO_TEST_CASE(is_a_read_and_passes_over_what_may_not_change_anything_either) {
  StateFixture replica;
  Request read = request(replica.open(), 1, {checking("a", condition::present, 1), addition("a", 1), addition("a", 1)});
  read.read_only = true;
  const RequestResult result = replica.apply_one(read);
  BOOST_TEST((result.operations == std::vector{not_met(0), passed_over, answer(OperationStatus::read_only)}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_detail)

BOOST_AUTO_TEST_CASE(tells_when_the_counter_expires_by_either_clock) {
  StateFixture replica;
  replica.wait(5000);
  const std::int64_t now = replica.chain.calendar_ms();
  const auto detail = [](OperationResult result) { return result.detail.value(); };
  CounterDetail made = detail(replica.run_one(in_detail(with(addition("a", 1), after(1000)))));
  BOOST_TEST(made.expires_in_ms == 1000);
  BOOST_TEST(made.expires_at_ms == now + 1000);
  replica.wait(400);
  made = detail(replica.run_one(in_detail(reading("a"))));
  BOOST_TEST(made.expires_in_ms == 600);
  BOOST_TEST(made.expires_at_ms == now + 1000);
  made = detail(replica.run_one(in_detail(with(setting("a", 1), at(now + 900)))));
  BOOST_TEST(made.expires_in_ms == 500);
  BOOST_TEST(made.expires_at_ms == now + 900);
  made = detail(replica.run_one(in_detail(expiring("a", lasting))));
  BOOST_TEST(made.expires_in_ms == CounterDetail::never);
  BOOST_TEST(made.expires_at_ms == CounterDetail::never);
}

BOOST_AUTO_TEST_CASE(is_of_the_counter_as_it_is_after_the_operation) {
  StateFixture replica;
  replica.wait(1);
  for (const OwnedOperation& operation :
       {reading("a"), removal("a"), expiring("a", after(5)), with(setting("a", 1), at(1))})
    BOOST_TEST((replica.run_one(in_detail(operation)).detail == CounterDetail{}));
  BOOST_TEST(!replica.run_one(setting("a", 1)).detail.has_value());
  replica.run({setting("a", 1, "key")});
  for (const OwnedOperation& refused : {reading(""), with(setting("a", 1), after(most)), only_if(1u << 9, reading("a")),
                                        setting("a", 2, "key"), only_if(condition::present, addition("a", 1))})
    BOOST_TEST(!replica.run_one(in_detail(refused)).detail.has_value());
  BOOST_TEST((replica.run_one(in_detail(removal("a"))).detail == CounterDetail{}));
  replica.run({setting("a", most)});
  const OperationResult overflow = replica.run_one(in_detail(addition("a", 1)));
  BOOST_TEST((overflow.status == OperationStatus::overflow));
  BOOST_TEST((overflow.detail == detail_of(replica, "a")));
}

BOOST_AUTO_TEST_CASE(names_each_change_differently_also_two_of_one_order) {
  StateFixture replica;
  const SessionId session = replica.open();
  const auto results = replica.apply(
      {request(session, 1, {in_detail(addition("a", 1)), in_detail(addition("b", 1)), addition("a", 1)}),
       request(session, 2, {in_detail(addition("a", 1))}), request(session, 3, {in_detail(reading("a"))})});
  const auto change = [&](std::size_t request, std::size_t place) {
    return results.at(request).operations.at(place).detail.value().last_change;
  };
  BOOST_TEST(change(0, 0) == change(0, 1), "a request makes one change");
  BOOST_TEST(change(0, 0) < change(1, 0));
  BOOST_TEST(change(2, 0) == change(1, 0), "a read makes none");
  const std::uint64_t sequence = replica.chain.last.sequence.value;
  BOOST_TEST(change(0, 0) == sequence << 10);
  BOOST_TEST(change(1, 0) == (sequence << 10) + 1);
}

BOOST_AUTO_TEST_CASE(of_a_repetition_is_of_the_counter_as_it_is_now) {
  StateFixture replica;
  const OwnedOperation once = in_detail(with(addition("a", 1, "key"), after(1000)));
  replica.run({once});
  replica.wait(300);
  replica.run({addition("a", 5)});
  const CounterDetail now = detail_of(replica, "a");
  const OperationResult again = replica.run_one(once);
  BOOST_TEST(again.value == 1);
  BOOST_TEST(again.first_sequence.has_value());
  BOOST_TEST((again.detail == now));
  BOOST_TEST(now.expires_in_ms == 700);
  OwnedOperation plain = once;
  plain.detail = false;
  BOOST_TEST((replica.run_one(plain).status == OperationStatus::ok), "whether it asks for a detail does not matter");
}

BOOST_AUTO_TEST_CASE(needs_room_in_the_result_limit) {
  StateFixture replica;
  std::vector<Operation> operations;
  const std::vector<OwnedOperation> owned = {in_detail(addition("a", 1, "key")), in_detail(reading("a")),
                                             scanning(0, 2)};
  for (const OwnedOperation& operation : owned) operations.push_back(operation.view());
  const std::size_t worst = worst_result_bytes(operations);
  BOOST_TEST(worst == 13u + 3 * 9 + 8 + 2 * 24 + 4 + 2 * (2 + 256 + 8));
  Request tight = request(replica.open(), 1, owned);
  tight.result_limit = static_cast<std::uint32_t>(worst - 1);
  BOOST_TEST((replica.apply_one(tight).outcome == RequestOutcome::results_too_large));
  ++tight.result_limit;
  BOOST_TEST((replica.apply_one(tight).outcome == RequestOutcome::executed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_idempotency_key)

BOOST_AUTO_TEST_CASE(belongs_to_the_terms_too) {
  StateFixture replica;
  replica.run({with(setting("a", 1, "key"), after(100))});
  for (const OwnedOperation& other :
       {setting("a", 1, "key"), with(setting("a", 1, "key"), after(101)), with(setting("a", 1, "key"), at(100)),
        only_if(condition::missing, with(setting("a", 1, "key"), after(100)))})
    BOOST_TEST((replica.status_of(other) == OperationStatus::key_reused));
  BOOST_TEST((replica.status_of(with(setting("a", 1, "key"), after(100))) == OperationStatus::ok));
}

BOOST_AUTO_TEST_CASE(keeps_that_a_condition_did_not_hold) {
  StateFixture replica;
  const OwnedOperation conditional = only_if(condition::present, setting("a", 1, "key"));
  BOOST_TEST((replica.run_one(conditional) == not_met(0)));
  replica.run({setting("a", 9)});
  const OperationResult again = replica.run_one(conditional);
  BOOST_TEST((again.status == OperationStatus::not_met));
  BOOST_TEST(again.first_sequence.has_value());
  BOOST_TEST((replica.state->counter("a") == 9));
}

BOOST_AUTO_TEST_CASE(does_not_tell_once_from_one_time) {
  StateFixture replica;
  replica.run({addition("a", 1, "key")});
  BOOST_TEST(replica.run_one(several(1, addition("a", 1, "key"))).first_sequence.has_value());
  BOOST_TEST((replica.status_of(several(2, addition("a", 1, "key"))) == OperationStatus::key_reused));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_addition_that_is_done_several_times)

BOOST_AUTO_TEST_CASE(is_as_if_each_stood_alone) {
  std::vector<std::int64_t> values = {0, 1, 5, most, most - 1, most - 7, -most, -most - 1, -most + 6};
  const std::vector<std::int64_t> increments = {0, 1, -1, 3, -3, most, -most, -most - 1, most / 2, -(most / 3)};
  for (const std::int64_t value : values)
    for (const std::int64_t increment : increments)
      for (const std::uint32_t times : {0u, 1u, 2u, 3u, 7u}) {
        StateFixture together;
        StateFixture alone;
        together.run({setting("a", value)});
        alone.run({setting("a", value)});
        const OperationResult result = together.run_one(several(times, addition("a", increment)));
        OperationResult expected;
        for (std::uint32_t done = 0; done < std::max(times, 1u); ++done) {
          if (expected.status == OperationStatus::overflow) break;
          expected = alone.run_one(addition("a", increment));
        }
        if (expected.status == OperationStatus::overflow) expected.value = value;
        BOOST_TEST((result == expected), value << " + " << times << " * " << increment);
        BOOST_TEST((together.state->counter("a") == alone.state->counter("a")));
      }
}

BOOST_AUTO_TEST_CASE(makes_the_counter_with_those_that_have_room) {
  StateFixture replica;
  BOOST_TEST(
      (replica.run_one(several(3, with(addition("a", most / 2), after(50)))) == answer(OperationStatus::overflow)));
  BOOST_TEST((replica.run_one(reading("a")) == ok(most / 2 * 2)));
  BOOST_TEST(detail_of(replica, "a").expires_in_ms == 50);
  BOOST_TEST((replica.run_one(several(4, addition("b", -5))) == ok(-20)));
  BOOST_TEST((replica.run_one(several(4, addition("", -5))) == malformed));
}

BOOST_AUTO_TEST_CASE(is_done_a_bounded_number_of_times) {
  StateFixture replica;
  BOOST_TEST((replica.run_one(several(limits::additions, addition("a", 2))) == ok(2 * limits::additions)));
  for (const std::uint32_t times : {limits::additions + 1, UINT32_MAX})
    BOOST_TEST((replica.run_one(several(times, addition("a", 2))) == malformed));
}

BOOST_AUTO_TEST_SUITE_END()
