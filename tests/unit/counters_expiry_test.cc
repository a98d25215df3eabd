// SPDX-License-Identifier: Apache-2.0
// Counters that are gone after a while: by which clock, when exactly, and that nobody sees when their memory is given
// back.
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
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

OperationResult ok(std::int64_t value) { return answer(OperationStatus::ok, value); }

std::int64_t expires_in(StateFixture& replica, const std::string& name) {
  return replica.run_one(in_detail(reading(name))).detail.value().expires_in_ms;
}

// Makes counters "0", "1" and so on that expire together.
void make_many(StateFixture& replica, std::size_t count, const Expiry& expiry) {
  for (std::size_t made = 0; made < count;) {
    std::vector<OwnedOperation> operations;
    for (; made < count && operations.size() < limits::request_operations; ++made)
      operations.push_back(with(setting(std::to_string(made), 1), expiry));
    replica.run(operations);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(a_counter_that_expires)

BOOST_AUTO_TEST_CASE(is_there_until_its_millisecond_and_missing_from_then_on) {
  StateFixture replica;
  replica.run(
      {with(addition("quota", 1), after(1000)), with(setting("until", 2), at(replica.chain.calendar_ms() + 1000))});
  replica.wait(999);
  BOOST_TEST((replica.run_one(reading("quota")) == ok(1)));
  BOOST_TEST((replica.run_one(reading("until")) == ok(2)));
  replica.wait(1);
  BOOST_TEST((replica.status_of(reading("quota")) == OperationStatus::not_found));
  BOOST_TEST((replica.status_of(reading("until")) == OperationStatus::not_found));
}

BOOST_AUTO_TEST_CASE(is_missing_for_every_operation_though_it_was_not_removed_yet) {
  const std::vector<std::pair<OwnedOperation, OperationResult>> cases = {
      {reading("gone"), answer(OperationStatus::not_found)},
      {removal("gone"), answer(OperationStatus::not_found)},
      {expiring("gone", after(9)), answer(OperationStatus::not_found)},
      {expiring("gone", lasting, condition::with_expiry), answer(OperationStatus::not_found)},
      {checking("gone", condition::present), answer(OperationStatus::not_met)},
      {checking("gone", condition::missing), ok(0)},
      {only_if(condition::present, setting("gone", 5)), answer(OperationStatus::not_met)},
      {only_if(condition::missing, setting("gone", 5)), ok(5)},
      {setting("gone", 6), ok(6)},
      {with(setting("gone", 6), kept), ok(6)},
      {addition("gone", 2), ok(2)},
      {listing("gone", "", 9), ok(0)},
      {counting(), ok(0)},
      {scanning(0, 1000), ok(0)},
  };
  for (const auto& [operation, expected] : cases) {
    StateFixture replica;
    // More than one order removes are in front of it.
    make_many(replica, limits::expired_counters_per_order, after(1));
    replica.run({with(setting("gone", 1), after(2))});
    replica.wait(2);
    OwnedOperation asked = operation;
    if (asked.kind == OperationKind::scan) asked.limit = 1;
    BOOST_TEST((replica.run_one(asked) == expected), "kind " << static_cast<int>(operation.kind));
    BOOST_TEST(replica.state->counters() <= 1u);
  }
}

BOOST_AUTO_TEST_CASE(that_is_made_again_lasts_unless_it_is_told_to_expire) {
  StateFixture replica;
  replica.run({with(setting("a", 1), after(10))});
  replica.wait(10);
  replica.run({with(setting("a", 2), kept)});
  BOOST_TEST(expires_in(replica, "a") == CounterDetail::never);
  replica.wait(1'000'000);
  BOOST_TEST((replica.run_one(reading("a")) == ok(2)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_window)

BOOST_AUTO_TEST_CASE(begins_with_the_first_addition_and_ends_for_all_of_them) {
  StateFixture replica;
  const OwnedOperation hit = with(addition("quota", 1), after(100));
  BOOST_TEST((replica.run_one(hit) == ok(1)));
  for (std::int64_t hits = 2; hits <= 10; ++hits) {
    replica.wait(11);
    BOOST_TEST((replica.run_one(hit) == ok(hits)));
  }
  replica.wait(1);
  BOOST_TEST((replica.run_one(hit) == ok(1)));
  BOOST_TEST(expires_in(replica, "quota") == 100);
}

BOOST_AUTO_TEST_CASE(is_given_to_a_counter_that_had_none_and_left_to_one_that_has) {
  StateFixture replica;
  replica.run({addition("a", 1), with(setting("b", 1), at(replica.chain.calendar_ms() + 50))});
  replica.run({with(addition("a", 1), after(100)), with(addition("b", 1), after(100)), addition("a", 1)});
  BOOST_TEST(expires_in(replica, "a") == 100);
  BOOST_TEST(expires_in(replica, "b") == 50);
}

BOOST_AUTO_TEST_CASE(is_not_begun_by_an_addition_that_overflows) {
  StateFixture replica;
  replica.run({setting("a", most)});
  BOOST_TEST((replica.run_one(with(addition("a", 1), after(100))) == answer(OperationStatus::overflow, most)));
  BOOST_TEST(expires_in(replica, "a") == CounterDetail::never);
}

BOOST_AUTO_TEST_CASE(is_of_served_time_alone) {
  StateFixture replica;
  const OwnedOperation hit = with(addition("quota", 1), after(1000));
  replica.run({hit});
  replica.chain.calendar_is_late_ms = -3'600'000;  // somebody sets the machine's clock forward
  BOOST_TEST((replica.run_one(hit) == ok(2)));
  replica.wait(1000);
  replica.chain.calendar_is_late_ms = 1000;  // and back: now the calendar stands still
  BOOST_TEST((replica.run_one(hit) == ok(1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_calendar_time)

BOOST_AUTO_TEST_CASE(does_not_come_while_the_calendar_stands_still) {
  StateFixture replica;
  const std::int64_t noon = replica.chain.calendar_ms() + 1000;
  replica.run({with(setting("until", 1), at(noon)), with(setting("quota", 1), after(1000))});
  replica.wait(3'000'000);
  replica.chain.calendar_is_late_ms = 3'000'000;
  BOOST_TEST((replica.run_one(reading("until")) == ok(1)));
  BOOST_TEST((replica.status_of(reading("quota")) == OperationStatus::not_found));
  replica.chain.calendar_is_late_ms -= 1000;
  BOOST_TEST((replica.status_of(reading("until")) == OperationStatus::not_found));
}

BOOST_AUTO_TEST_CASE(that_is_over_removes_and_makes_nothing) {
  StateLimits full;
  full.clients.counter_bytes = limits::counter_overhead_bytes + 1;
  StateFixture replica(full);
  const std::int64_t now = replica.chain.calendar_ms();
  replica.run({setting("a", 1)});
  BOOST_TEST((replica.run_one(with(setting("a", 2), at(now))) == ok(2)));
  BOOST_TEST(replica.state->counters() == 0u);
  BOOST_TEST((replica.run_one(with(setting("a", 3), at(1))) == ok(3)));
  BOOST_TEST(replica.state->counters() == 0u);
  replica.run({setting("a", 1)});
  BOOST_TEST((replica.run_one(with(setting("b", 1), at(now))) == ok(1)), "it needs no room");
  BOOST_TEST((replica.status_of(with(setting("b", 1), at(now + 1))) == OperationStatus::counters_full));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_expiry)

BOOST_AUTO_TEST_CASE(is_set_and_taken_and_kept_by_set) {
  StateFixture replica;
  replica.run({with(setting("a", 1), after(100))});
  replica.run({with(setting("a", 2), kept)});
  BOOST_TEST(expires_in(replica, "a") == 100);
  replica.run({setting("a", 3)});
  BOOST_TEST(expires_in(replica, "a") == CounterDetail::never);
  replica.run({with(setting("a", 4), at(replica.chain.calendar_ms() + 7))});
  BOOST_TEST(expires_in(replica, "a") == 7);
}

BOOST_AUTO_TEST_CASE(is_given_and_taken_by_expire_which_leaves_the_value) {
  StateFixture replica;
  replica.run({setting("a", 5)});
  BOOST_TEST((replica.run_one(expiring("a", after(100))) == ok(5)));
  BOOST_TEST(expires_in(replica, "a") == 100);
  BOOST_TEST((replica.run_one(expiring("a", lasting)) == ok(5)));
  BOOST_TEST(expires_in(replica, "a") == CounterDetail::never);
  BOOST_TEST((replica.status_of(expiring("b", after(100))) == OperationStatus::not_found));
}

BOOST_AUTO_TEST_CASE(that_is_over_already_removes_the_counter) {
  StateFixture replica;
  for (const Expiry& over : {after(0), after(-1), after(least), at(replica.chain.calendar_ms()), at(0), at(least)}) {
    replica.run({setting("a", 5)});
    BOOST_TEST((replica.run_one(expiring("a", over)) == ok(5)));
    BOOST_TEST((replica.status_of(reading("a")) == OperationStatus::not_found));
  }
}

BOOST_AUTO_TEST_CASE(changes_only_if_the_conditions_hold) {
  using namespace condition;
  StateFixture replica;
  replica.run({setting("lasts", 1), with(setting("ends", 2), after(100))});
  const auto status = [&](const std::string& name, std::int64_t milliseconds, std::uint32_t conditions) {
    return replica.status_of(expiring(name, after(milliseconds), conditions));
  };
  for (const std::uint32_t conditions : {with_expiry, later, later | sooner, with_expiry | without_expiry})
    BOOST_TEST((status("lasts", 50, conditions) == OperationStatus::not_met));
  BOOST_TEST((status("ends", 50, without_expiry) == OperationStatus::not_met));
  BOOST_TEST((status("ends", 50, later) == OperationStatus::not_met));
  BOOST_TEST((status("ends", 100, later) == OperationStatus::not_met), "it is the same time");
  BOOST_TEST((status("ends", 100, sooner) == OperationStatus::not_met));
  BOOST_TEST((status("ends", 150, sooner) == OperationStatus::not_met));
  BOOST_TEST(expires_in(replica, "ends") == 100);
  BOOST_TEST((replica.run_one(expiring("ends", after(50), later)) == answer(OperationStatus::not_met, 2)));

  BOOST_TEST((status("ends", 150, later | with_expiry) == OperationStatus::ok));
  BOOST_TEST((status("ends", 70, sooner) == OperationStatus::ok));
  BOOST_TEST(expires_in(replica, "ends") == 70);
  BOOST_TEST((status("lasts", 50, sooner | without_expiry) == OperationStatus::ok), "no expiry is the latest");
  BOOST_TEST((replica.status_of(expiring("lasts", lasting, later)) == OperationStatus::ok));
  BOOST_TEST((replica.status_of(expiring("lasts", lasting, later)) == OperationStatus::not_met));
  BOOST_TEST((replica.status_of(expiring("ends", after(least), later)) == OperationStatus::not_met));
  BOOST_TEST((replica.status_of(expiring("ends", at(least), later)) == OperationStatus::not_met));
  BOOST_TEST((replica.status_of(expiring("ends", at(least), sooner)) == OperationStatus::ok));
  BOOST_TEST((replica.status_of(reading("ends")) == OperationStatus::not_found));
}

BOOST_AUTO_TEST_CASE(of_one_clock_is_compared_with_one_of_the_other_by_what_is_left) {
  StateFixture replica;
  replica.run({with(setting("a", 1), after(100))});
  const std::int64_t now = replica.chain.calendar_ms();
  BOOST_TEST((replica.status_of(expiring("a", at(now + 100), condition::later)) == OperationStatus::not_met));
  BOOST_TEST((replica.status_of(expiring("a", at(now + 101), condition::later)) == OperationStatus::ok));
  BOOST_TEST((replica.status_of(expiring("a", after(101), condition::sooner)) == OperationStatus::not_met));
  BOOST_TEST((replica.status_of(expiring("a", after(100), condition::sooner)) == OperationStatus::ok));
}

BOOST_AUTO_TEST_CASE(may_be_as_far_away_as_a_number_reaches) {
  StateFixture replica;
  replica.wait(1);
  for (const OwnedOperation& operation : {with(addition("a", 1), after(most)), with(setting("a", 1), after(most))})
    BOOST_TEST((replica.status_of(operation) == OperationStatus::malformed));
  BOOST_TEST(replica.state->counters() == 0u);
  replica.run({with(setting("a", 1), after(most - 1)), with(setting("b", 1), at(most))});
  BOOST_TEST((replica.status_of(expiring("a", after(most))) == OperationStatus::malformed));
  BOOST_TEST(expires_in(replica, "a") == most - 1);
  const CounterDetail detail = replica.run_one(in_detail(reading("a"))).detail.value();
  BOOST_TEST(detail.expires_at_ms == most, "the calendar cannot say it");
  BOOST_TEST((replica.status_of(expiring("b", lasting, condition::later)) == OperationStatus::ok));
}

// Law 10.
BOOST_AUTO_TEST_CASE(is_in_the_digest_with_its_clock) {
  const auto digest_with = [](const Expiry& expiry) {
    StateFixture replica;
    replica.run({with(setting("a", 1), expiry)});
    replica.run({});  // so that the stored result is the same
    return replica.state->digest();
  };
  const std::int64_t now = OrderChain::first_calendar_ms;
  const std::vector<Digest> digests = {digest_with(lasting), digest_with(after(now + 5)), digest_with(after(now + 6)),
                                       digest_with(at(now + 5)), digest_with(at(now + 6))};
  for (std::size_t one = 0; one < digests.size(); ++one)
    for (std::size_t other = 0; other < one; ++other) BOOST_TEST((digests[one] != digests[other]));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(what_has_expired)

BOOST_AUTO_TEST_CASE(is_removed_some_with_each_order_and_nobody_sees_when) {
  constexpr std::size_t some = limits::expired_counters_per_order;
  StateFixture replica;
  make_many(replica, 2 * some + 100, after(1000));
  replica.run({setting("stays", 7)});
  replica.wait(1000);
  for (const std::size_t left : {some + 100, std::size_t{100}, std::size_t{0}, std::size_t{0}}) {
    const auto results = replica.run({counting(), listing("", "", 1000), reading("5"), reading("stays")});
    BOOST_TEST((results.at(0) == ok(1)));
    BOOST_TEST(results.at(1).listed.size() == 1u);
    BOOST_TEST((results.at(2).status == OperationStatus::not_found));
    BOOST_TEST((results.at(3) == ok(7)));
    BOOST_TEST(replica.state->counters() == left + 1);
  }
}

BOOST_AUTO_TEST_CASE(is_removed_without_any_request) {
  StateFixture replica;
  replica.run({with(addition("a", 1), after(10)), with(setting("b", 1), at(replica.chain.calendar_ms() + 10))});
  replica.wait(10);
  replica.apply({});
  BOOST_TEST(replica.state->counters() == 0u);
}

// Laws 18 and 25: "full" is said of what is there, and not of what was.
BOOST_AUTO_TEST_CASE(keeps_nobody_out) {
  constexpr std::size_t count = limits::expired_counters_per_order + 300;
  StateLimits full;
  full.clients.counter_bytes = count * (limits::counter_overhead_bytes + 5);
  StateFixture replica(full);
  std::vector<OwnedOperation> operations;
  for (std::size_t made = 0; made < count; ++made)
    operations.push_back(with(setting(std::to_string(10'000 + made), 1), after(10)));
  replica.run({operations.begin(), operations.begin() + 300});
  replica.run({operations.begin() + 300, operations.end()});
  BOOST_TEST((replica.status_of(setting("x", 1)) == OperationStatus::counters_full));
  replica.wait(10);
  // The order has removed what it may, and all the rest is in the way of these.
  std::vector<OwnedOperation> others;
  for (std::size_t made = 0; made < 500; ++made)
    others.push_back(setting(std::to_string(made) + std::string(200, 'x'), 1));
  for (const OperationResult& result : replica.run(others)) BOOST_TEST((result == ok(1)));
  BOOST_TEST((replica.run_one(counting()) == ok(500)));
}

BOOST_AUTO_TEST_CASE(goes_into_a_checkpoint_and_is_removed_after_it_at_the_same_orders) {
  StateFixture replica;
  make_many(replica, 2 * limits::expired_counters_per_order + 50, after(1000));
  replica.run({setting("stays", 1), with(setting("later", 1), at(replica.chain.calendar_ms() + 5000))});
  replica.wait(1000);
  replica.apply({});
  MemoryStore store;
  store.commit(replica.state->capture({}));
  const auto restored = replica.fresh();
  BOOST_TEST_REQUIRE(store.restore(*restored));
  for (int orders = 0; orders < 4; ++orders) {
    const Order order = replica.chain.next();
    std::string results;
    replica.state->apply(order, results);
    restored->apply(order, results);
    BOOST_TEST((restored->digest() == replica.state->digest()));
    BOOST_TEST(restored->counters() == replica.state->counters());
  }
  BOOST_TEST(restored->counters() == 2u);
}

// Law 5: a header is not covered by the digest, and a donor may have forged it.
BOOST_AUTO_TEST_CASE(follows_from_the_orders_whatever_times_a_checkpoint_claims) {
  StateFixture replica;
  replica.run({with(setting("a", 1), after(1000)), with(setting("b", 1), at(replica.chain.calendar_ms() + 1000))});
  MemoryStore store;
  store.commit(replica.state->capture({}));
  store.header.served = store.header.served + hours(1000);
  store.header.calendar = CalendarTime{most};
  const auto restored = replica.fresh();
  BOOST_TEST_REQUIRE(store.restore(*restored));
  for (int orders = 0; orders < 3; ++orders) {
    const Order order = replica.chain.next();
    std::string results;
    replica.state->apply(order, results);
    restored->apply(order, results);
    BOOST_TEST((restored->digest() == replica.state->digest()));
    replica.wait(500);
  }
  BOOST_TEST(restored->counters() == 0u);
}

BOOST_AUTO_TEST_CASE(that_changed_and_expired_since_a_checkpoint_is_taken_out_of_the_next_one) {
  StateFixture replica;
  MemoryStore store;
  replica.run({with(setting("a", 1), after(10)), with(setting("b", 1), after(10)), setting("c", 1)});
  store.commit(replica.state->capture({}));
  replica.run({addition("a", 1), with(addition("d", 1), after(10))});
  replica.wait(10);
  replica.apply({});
  store.commit(replica.state->capture({}));
  BOOST_TEST(store.entries.contains("Cc"));
  for (const char* gone : {"Ca", "Cb", "Cd"}) BOOST_TEST(!store.entries.contains(gone));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_entry_of_a_counter)

BOOST_AUTO_TEST_CASE(that_makes_no_sense_is_refused) {
  StateFixture replica;
  replica.run({setting("a", 1), with(setting("b", 1), after(1000)), with(setting("c", 1), at(most))});
  MemoryStore good;
  good.commit(replica.state->capture({}));
  BOOST_TEST(good.restore(*replica.fresh()));
  // Its number, value, last change and expiry have 8 bytes each, its maker two, its clock one.
  constexpr std::size_t number = 0, change = 16, expiry = 24, maker = 32, clock = 34;
  BOOST_TEST(good.entries["Ca"].size() == clock + 1);
  const auto refuses = [&](const std::string& key, std::size_t place, const std::string& bytes) {
    MemoryStore bad = good;
    Digest& sum = bad.header.state;
    sum -= entry_digest(key, bad.entries[key]);
    bad.entries[key].replace(place, bytes.size(), bytes);
    sum += entry_digest(key, bad.entries[key]);  // as a donor that lies would
    return !bad.restore(*replica.fresh());
  };
  const auto packed = [](auto value) {
    std::string bytes;
    append_number(bytes, value);
    return bytes;
  };
  BOOST_TEST(!refuses("Ca", number, packed(std::uint64_t{9})));
  BOOST_TEST(!refuses("Ca", number, packed(std::uint64_t{1} << 62)));
  BOOST_TEST(refuses("Ca", number, packed((std::uint64_t{1} << 62) + 1)), "there would be no next number");
  BOOST_TEST(refuses("Ca", number, packed(std::uint64_t{0})));
  BOOST_TEST(refuses("Ca", number, packed(std::uint64_t{2})), "b has that number");
  BOOST_TEST(refuses("Ca", change, packed(std::uint64_t{0})));
  BOOST_TEST(refuses("Ca", expiry, packed(std::uint64_t{1})), "it has no clock");
  BOOST_TEST(refuses("Ca", maker, packed(std::uint16_t{0})));
  BOOST_TEST(refuses("Cb", clock, packed(std::uint8_t{0})), "it has an expiry");
  BOOST_TEST(!refuses("Cb", clock, packed(std::uint8_t{2})));
  BOOST_TEST(refuses("Cb", clock, packed(std::uint8_t{3})));
  BOOST_TEST(refuses("Cc", clock + 1, "x"));
}

BOOST_AUTO_TEST_CASE(cannot_come_from_any_number_of_accounts) {
  StateFixture replica;
  replica.run({setting("a", 1)});
  MemoryStore store;
  store.commit(replica.state->capture({}));
  const std::string entry = store.entries["Ca"];
  for (std::uint16_t maker = 10; maker < 10 + 1100; ++maker) {
    std::string value = entry;
    const std::uint64_t number = 100u + maker;
    std::memcpy(value.data(), &number, sizeof number);
    std::memcpy(value.data() + 32, &maker, sizeof maker);
    store.entries["Cn" + std::to_string(maker)] = value;
  }
  BOOST_TEST(!store.restore(*replica.fresh()));
}

BOOST_AUTO_TEST_SUITE_END()
