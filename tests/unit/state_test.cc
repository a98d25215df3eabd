// SPDX-License-Identifier: Apache-2.0
#include "replica/state.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "replica/name_table.h"
#include "state_fixture.h"

using namespace tally;
using namespace tally::testing;

BOOST_AUTO_TEST_SUITE(counters_of_a_state)

BOOST_AUTO_TEST_CASE(adding_creates_and_counts) {
  StateFixture replica;
  BOOST_TEST((replica.run_one(addition("home", 1)) == answer(OperationStatus::ok, 1)));
  BOOST_TEST((replica.run_one(addition("home", -5)) == answer(OperationStatus::ok, -4)));
  BOOST_TEST((replica.run_one(reading("home")) == answer(OperationStatus::ok, -4)));
}

BOOST_AUTO_TEST_CASE(an_overflow_is_an_error_and_leaves_the_value) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  StateFixture replica;
  replica.run({setting("high", most - 1), setting("low", least + 1)});
  BOOST_TEST((replica.run_one(addition("high", 1)) == answer(OperationStatus::ok, most)));
  BOOST_TEST((replica.run_one(addition("high", 1)) == answer(OperationStatus::overflow, most)));
  BOOST_TEST((replica.run_one(addition("low", -2)) == answer(OperationStatus::overflow, least + 1)));
  BOOST_TEST((replica.run_one(addition("low", -1)) == answer(OperationStatus::ok, least)));
}

BOOST_AUTO_TEST_CASE(set_creates_or_overwrites_and_remove_tells_what_was_there) {
  StateFixture replica;
  BOOST_TEST((replica.run_one(reading("home")) == answer(OperationStatus::not_found)));
  BOOST_TEST((replica.run_one(setting("home", 7)) == answer(OperationStatus::ok, 7)));
  BOOST_TEST((replica.run_one(setting("home", 9)) == answer(OperationStatus::ok, 9)));
  BOOST_TEST((replica.run_one(removal("home")) == answer(OperationStatus::ok, 9)));
  BOOST_TEST((replica.run_one(removal("home")) == answer(OperationStatus::not_found)));
}

BOOST_AUTO_TEST_CASE(removing_everything_restores_the_digest) {
  StateFixture replica;
  replica.run({reading("home")});
  const Digest before = replica.state->digest();
  replica.run({addition("home", 1), removal("home")});
  // Only the session's watermark and its stored result differ now; a full capture has no counter.
  BOOST_TEST((replica.state->digest() != before));
  BOOST_TEST(replica.state->counters() == 0u);
}

BOOST_AUTO_TEST_CASE(lists_are_in_byte_order_after_a_name_and_within_a_prefix) {
  StateFixture replica;
  replica.run({setting("b", 2), setting("a/2", 12), setting("a", 1), setting("a/1", 11), setting("\u00e4", 99),
               setting("a/3", 13), setting("B", 3)});
  const auto names = [&](const OwnedOperation& operation) {
    std::string joined;
    const OperationResult result = replica.run_one(operation);
    BOOST_TEST(result.value == static_cast<std::int64_t>(result.listed.size()));
    for (const ListedCounter& counter : result.listed)
      joined += counter.name + "=" + std::to_string(counter.value) + " ";
    return joined;
  };
  BOOST_TEST(names(listing("", "", 1000)) == "B=3 a=1 a/1=11 a/2=12 a/3=13 b=2 \u00e4=99 ");
  BOOST_TEST(names(listing("", "", 2)) == "B=3 a=1 ");
  BOOST_TEST(names(listing("a/", "", 1000)) == "a/1=11 a/2=12 a/3=13 ");
  BOOST_TEST(names(listing("a/", "a/1", 1)) == "a/2=12 ");
  BOOST_TEST(names(listing("a/", "a/3", 1000)) == "");
  BOOST_TEST(names(listing("a/", "b", 1000)) == "");
  BOOST_TEST(names(listing("", "a/25", 1000)) == "a/3=13 b=2 \u00e4=99 ");
}

BOOST_AUTO_TEST_CASE(operations_that_make_no_sense_are_malformed_and_change_nothing) {
  StateFixture replica;
  const std::string long_name(257, 'x');
  OwnedOperation keyed_get = reading("home");
  keyed_get.idempotency_key = "k";
  OwnedOperation keyed_list = listing("", "", 1);
  keyed_list.idempotency_key = "k";
  for (const OwnedOperation& operation :
       {addition("", 1), addition(long_name, 1), setting("a\nb", 1), reading("\xff"), removal(""),
        addition("", 1, "key"), keyed_get, keyed_list, listing("", "", 0), listing("", "", limits::list_entries + 1),
        listing(long_name, "", 1), listing("", long_name, 1), addition("home", 1, std::string(257, 'k')),
        OwnedOperation{}})
    BOOST_TEST((replica.run_one(operation) == answer(OperationStatus::malformed)));
  BOOST_TEST(replica.state->counters() == 0u);
  BOOST_TEST(replica.state->idempotency_keys() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_table_refuses_new_counters_and_serves_the_old) {
  StateLimits few;
  few.clients.counter_bytes = 2 * (limits::counter_overhead_bytes + 1);
  StateFixture replica(few);
  replica.run({addition("a", 1), addition("b", 1)});
  BOOST_TEST((replica.run_one(addition("c", 1)) == answer(OperationStatus::counters_full)));
  BOOST_TEST((replica.run_one(setting("c", 1)) == answer(OperationStatus::counters_full)));
  BOOST_TEST((replica.run_one(addition("a", 1)) == answer(OperationStatus::ok, 2)));
  replica.run({removal("b")});
  BOOST_TEST((replica.run_one(addition("cc", 1)) == answer(OperationStatus::counters_full)));
  BOOST_TEST((replica.run_one(addition("c", 1)) == answer(OperationStatus::ok, 1)));
}

// Law 25.
BOOST_AUTO_TEST_CASE(each_principal_has_an_account_of_its_own) {
  StateLimits few;
  few.clients = few.bridges = {1, 40, limits::counter_overhead_bytes + 1, 1};
  StateFixture replica(few);
  const auto open = [&](SessionId session, Principal principal) {
    Request opening = open_session(session);
    opening.principal = principal;
    return replica.apply_one(opening).outcome;
  };
  const auto run = [&](SessionId session, std::uint64_t number, OwnedOperation operation) {
    return replica.apply_one(request(session, number, {std::move(operation)}, number - 1)).operations.at(0).status;
  };
  const SessionId client = session_named(1);
  const SessionId bridge = session_named(2);
  BOOST_TEST((open(client, Principal::clients) == RequestOutcome::session_opened));
  BOOST_TEST((open(session_named(3), Principal::clients) == RequestOutcome::sessions_full));
  BOOST_TEST((run(client, 1, addition("a", 1, "key")) == OperationStatus::ok));
  BOOST_TEST((run(client, 2, addition("b", 1)) == OperationStatus::counters_full));
  BOOST_TEST((run(client, 3, addition("a", 1, "another")) == OperationStatus::keys_full));
  BOOST_TEST(
      (replica.apply_one(request(client, 4, {addition("a", 1), addition("a", 1), addition("a", 1)}, 2)).outcome ==
       RequestOutcome::results_full));

  BOOST_TEST((open(bridge, Principal::bridges) == RequestOutcome::session_opened));
  BOOST_TEST((run(bridge, 1, addition("b", 1, "key")) == OperationStatus::ok), "the name space of keys is another");
  BOOST_TEST((run(bridge, 2, addition("c", 1)) == OperationStatus::counters_full));
  BOOST_TEST((replica.state->counter("b") == 1));
  // What is removed goes back to the account of whoever made it.
  BOOST_TEST((run(bridge, 3, removal("a")) == OperationStatus::ok));
  BOOST_TEST((run(bridge, 4, addition("c", 1)) == OperationStatus::counters_full));
  BOOST_TEST((run(client, 5, addition("c", 1)) == OperationStatus::ok));
}

BOOST_AUTO_TEST_CASE(a_flipped_counter_is_unknown_to_the_digest_until_a_scrub) {
  StateFixture replica;
  BOOST_TEST(!replica.state->flip_stored_counter());
  replica.run({addition("a", 1), addition("b", 1)});
  const Digest before = replica.state->digest();
  BOOST_TEST(replica.state->scrub());
  BOOST_TEST(replica.state->flip_stored_counter());
  BOOST_TEST((replica.state->digest() == before));
  BOOST_TEST((replica.state->counter("a") == 1));
  BOOST_TEST((replica.state->counter("b") != 1));
  BOOST_TEST(!replica.state->scrub());
  BOOST_TEST((replica.state->digest() != before));
  BOOST_TEST(replica.state->scrub());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(requests_run_exactly_once)

BOOST_AUTO_TEST_CASE(a_repeated_request_is_answered_from_the_stored_result) {
  StateFixture replica;
  const SessionId session = replica.open();
  const Request counted = request(session, 1, {addition("home", 1), reading("home")});
  const RequestResult first = replica.apply_one(counted);
  replica.apply_one(request(session, 2, {addition("home", 1)}));
  BOOST_TEST((replica.apply_one(counted) == first));
  BOOST_TEST((replica.state->counter("home") == 2));
  const Request third = request(session, 3, {addition("home", 1)});
  const auto twice = replica.apply({third, third});
  BOOST_TEST((twice.at(0) == twice.at(1)));
  BOOST_TEST((replica.state->counter("home") == 3));
}

BOOST_AUTO_TEST_CASE(an_acknowledged_request_is_stale_even_if_it_never_ran) {
  StateFixture replica;
  const SessionId session = replica.open();
  const Request counted = request(session, 1, {addition("home", 1)});
  replica.apply_one(counted);
  replica.apply_one(request(session, 4, {reading("home")}, 3));  // 2 and 3 were given up
  for (const std::uint64_t number : {1, 2, 3})
    BOOST_TEST((replica.apply_one(request(session, number, {addition("home", 1)})).outcome == RequestOutcome::stale));
  BOOST_TEST((replica.state->counter("home") == 1));
}

BOOST_AUTO_TEST_CASE(a_number_that_is_not_above_what_it_acknowledges_makes_no_sense_and_moves_nothing) {
  StateFixture replica;
  const SessionId session = replica.open();
  const Digest before = replica.state->digest();
  for (const std::uint64_t number : {0, 4, 5})
    BOOST_TEST(
        (replica.apply_one(request(session, number, {addition("home", 1)}, 5)).outcome == RequestOutcome::malformed));
  BOOST_TEST((replica.state->digest() == before));
  BOOST_TEST((replica.apply_one(request(session, 1, {addition("home", 1)})).outcome == RequestOutcome::executed));
}

// Law 24.
BOOST_AUTO_TEST_CASE(a_number_that_comes_again_with_other_content_never_brings_the_stored_result) {
  StateFixture replica;
  const SessionId session = replica.open();
  const Request counted = request(session, 1, {addition("home", 1)});
  const RequestResult first = replica.apply_one(counted);
  Request other = request(session, 1, {addition("home", 2)});
  BOOST_TEST((replica.apply_one(other).outcome == RequestOutcome::malformed));
  other = counted;
  other.read_only = true;
  BOOST_TEST((replica.apply_one(other).outcome == RequestOutcome::malformed));
  other = counted;
  other.attempt += 1;
  BOOST_TEST((replica.apply_one(other) == first));
  BOOST_TEST((replica.state->counter("home") == 1));
}

BOOST_AUTO_TEST_CASE(the_window_ends_w_beyond_what_is_acknowledged) {
  StateLimits narrow;
  narrow.session_window = 4;
  StateFixture replica(narrow);
  const SessionId session = replica.open();
  BOOST_TEST((replica.apply_one(request(session, 5, {addition("home", 1)})).outcome == RequestOutcome::beyond_window));
  BOOST_TEST((replica.apply_one(request(session, 4, {addition("home", 1)})).outcome == RequestOutcome::executed));
  BOOST_TEST((replica.apply_one(request(session, 5, {addition("home", 1)}, 1)).outcome == RequestOutcome::executed));
  BOOST_TEST((replica.apply_one(request(session, 3, {addition("home", 1)})).outcome == RequestOutcome::executed));
  BOOST_TEST(
      (replica.apply_one(request(session, UINT64_MAX, {reading("home")})).outcome == RequestOutcome::beyond_window));
  BOOST_TEST((replica.apply_one(request(session, UINT64_MAX, {reading("home")}, UINT64_MAX - 1)).outcome ==
              RequestOutcome::executed));
}

BOOST_AUTO_TEST_CASE(the_watermark_never_moves_back) {
  StateFixture replica;
  const SessionId session = replica.open();
  replica.apply_one(request(session, 10, {reading("home")}, 9));
  replica.apply_one(request(session, 11, {reading("home")}, 2));
  BOOST_TEST((replica.apply_one(request(session, 5, {addition("home", 1)})).outcome == RequestOutcome::stale));
}

BOOST_AUTO_TEST_CASE(reads_are_not_stored_and_may_not_change_anything) {
  StateFixture replica;
  const SessionId session = replica.open();
  Request read =
      request(session, 1, {reading("home"), addition("home", 1), setting("home", 1, "key"), removal("home")});
  read.read_only = true;
  const RequestResult first = replica.apply_one(read);
  BOOST_TEST((first.operations.at(0) == answer(OperationStatus::not_found)));
  for (std::size_t place : {1, 2, 3}) BOOST_TEST((first.operations.at(place) == answer(OperationStatus::read_only)));
  replica.apply_one(request(session, 2, {addition("home", 1)}));
  BOOST_TEST((replica.apply_one(read).operations.at(0) == answer(OperationStatus::ok, 1)));
  Request silent_open = open_session();
  silent_open.read_only = true;
  BOOST_TEST((replica.apply_one(silent_open).outcome == RequestOutcome::malformed));
  Request silent_close = close_session(session);
  silent_close.read_only = true;
  BOOST_TEST((replica.apply_one(silent_close).outcome == RequestOutcome::malformed));
  BOOST_TEST(replica.state->sessions() == 1u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decoded_or_holds_too_much_is_refused_whole) {
  StateFixture replica;
  const SessionId session = replica.open();
  Request garbage = request(session, 1, {});
  garbage.operations = "no operations";
  BOOST_TEST((replica.apply_one(garbage).outcome == RequestOutcome::malformed));
  const Request many =
      request(session, 1, std::vector<OwnedOperation>(limits::request_operations + 1, addition("home", 1)));
  BOOST_TEST((replica.apply_one(many).outcome == RequestOutcome::malformed));
  Request unknown = request(session, 1, {});
  unknown.kind = static_cast<RequestKind>(9);
  BOOST_TEST((replica.apply_one(unknown).outcome == RequestOutcome::malformed));
  BOOST_TEST(replica.state->counters() == 0u);
  // The number is still free.
  BOOST_TEST((replica.apply_one(request(session, 1, {addition("home", 1)})).outcome == RequestOutcome::executed));
}

BOOST_AUTO_TEST_CASE(a_result_that_might_exceed_its_limit_keeps_the_request_from_running) {
  StateFixture replica;
  const SessionId session = replica.open();
  Request tight = request(session, 1, {addition("home", 1), addition("home", 1, "key")});
  tight.result_limit = results::header_bytes + 2 * results::operation_bytes + 8 - 1;
  BOOST_TEST((replica.apply_one(tight).outcome == RequestOutcome::results_too_large));
  BOOST_TEST(replica.state->counters() == 0u);
  ++tight.result_limit;
  BOOST_TEST((replica.apply_one(tight).outcome == RequestOutcome::executed));
  tight.result_limit = results::header_bytes;  // a repetition may not ask for less than it gets
  BOOST_TEST((replica.apply_one(tight).outcome == RequestOutcome::results_too_large));
  Request lists = request(session, 2, std::vector<OwnedOperation>(2, listing("", "", limits::list_entries)));
  BOOST_TEST((replica.apply_one(lists).outcome == RequestOutcome::results_too_large));
}

BOOST_AUTO_TEST_CASE(the_worst_case_is_reached_by_lists_of_longest_names_and_never_exceeded) {
  StateFixture replica;
  for (int first = 0; first < 3; ++first)
    replica.run({addition(std::string(255, 'x') + static_cast<char>('a' + first), 1)});
  const std::vector<OwnedOperation> owned = {listing("", "", 3), addition("home", 1, "key"), addition("home", 1, "key"),
                                             reading("home")};
  std::vector<Operation> operations;
  for (const OwnedOperation& operation : owned) operations.push_back(operation.view());
  const std::size_t worst = worst_result_bytes(operations);
  BOOST_TEST(worst == 13u + 4 * 9 + 2 * 8 + 4 + 3 * (2 + 256 + 8));
  std::string results;
  replica.state->apply(replica.chain.next({request(*replica.session, 10, owned)}), results);
  BOOST_TEST(results.size() == 4 + worst - 8);  // the first use of the key brings no first_sequence
}

BOOST_AUTO_TEST_CASE(results_are_stored_up_to_a_bound_until_they_are_acknowledged) {
  StateLimits little;
  little.clients.result_bytes = 2 * (results::header_bytes + results::operation_bytes);
  StateFixture replica(little);
  const SessionId session = replica.open();
  replica.apply_one(request(session, 1, {addition("home", 1)}));
  replica.apply_one(request(session, 2, {addition("home", 1)}));
  BOOST_TEST((replica.apply_one(request(session, 3, {addition("home", 1)})).outcome == RequestOutcome::results_full));
  Request read = request(session, 3, {reading("home")});
  read.read_only = true;
  BOOST_TEST((replica.apply_one(read).operations.at(0) == answer(OperationStatus::ok, 2)));
  BOOST_TEST((replica.apply_one(request(session, 3, {addition("home", 1)}, 1)).outcome == RequestOutcome::executed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sessions_of_a_state)

BOOST_AUTO_TEST_CASE(a_session_that_is_opened_again_is_the_same_one) {
  StateFixture replica;
  const SessionId session = replica.open();
  const Request counted = request(session, 1, {addition("home", 1)});
  const RequestResult first = replica.apply_one(counted);
  const Digest before = replica.state->digest();
  BOOST_TEST((replica.apply_one(open_session(session)).outcome == RequestOutcome::session_opened));
  BOOST_TEST((replica.state->digest() == before));
  BOOST_TEST((replica.apply_one(counted) == first));
}

BOOST_AUTO_TEST_CASE(a_closed_or_unknown_session_is_expired) {
  StateFixture replica;
  const Digest empty = replica.state->digest();
  const SessionId session = replica.open();
  replica.apply_one(request(session, 1, {reading("home")}));
  BOOST_TEST((replica.apply_one(close_session(session)).outcome == RequestOutcome::session_closed));
  BOOST_TEST((replica.apply_one(close_session(session)).outcome == RequestOutcome::session_expired));
  BOOST_TEST(
      (replica.apply_one(request(session, 2, {addition("home", 1)})).outcome == RequestOutcome::session_expired));
  BOOST_TEST((replica.state->digest() == empty));
}

BOOST_AUTO_TEST_CASE(a_session_expires_by_served_time_without_requests) {
  StateFixture replica;
  const SessionId used = replica.open();
  const SessionId idle = replica.open();
  const auto wait = [&](Duration duration) { replica.chain.served = replica.chain.served + duration; };
  for (const SessionId& session : {used, idle}) replica.apply_one(request(session, 1, {reading("home")}));
  wait(limits::session_lifetime / 2);
  const Request read = request(used, 2, {reading("home")});
  replica.apply_one(read);
  wait(limits::session_lifetime / 2 + Duration{-1});
  replica.apply({});
  BOOST_TEST(replica.state->sessions() == 2u);
  wait(Duration{1});
  BOOST_TEST((replica.apply_one(request(idle, 2, {addition("home", 1)})).outcome == RequestOutcome::session_expired));
  BOOST_TEST((replica.apply_one(read).outcome == RequestOutcome::executed));
  BOOST_TEST(replica.state->sessions() == 1u);
}

// Law 25: it was opened for nothing, and does not keep others out for an hour.
BOOST_AUTO_TEST_CASE(a_session_that_is_never_used_expires_soon) {
  StateFixture replica;
  const SessionId unused = replica.open();
  const SessionId used = replica.open();
  replica.apply_one(request(used, 1, {}));
  replica.chain.served = replica.chain.served + limits::unused_session_lifetime;
  BOOST_TEST((replica.apply_one(request(unused, 1, {reading("home")})).outcome == RequestOutcome::session_expired));
  BOOST_TEST((replica.apply_one(request(used, 2, {reading("home")})).outcome == RequestOutcome::executed));
}

BOOST_AUTO_TEST_CASE(sessions_expire_a_thousand_an_order) {
  StateFixture replica;
  for (std::uint64_t name = 1; name <= 1'500; ++name) replica.apply_one(open_session(session_named(name)));
  replica.chain.served = replica.chain.served + limits::unused_session_lifetime;
  replica.apply({});
  BOOST_TEST(replica.state->sessions() == 500u);
  replica.apply({});
  BOOST_TEST(replica.state->sessions() == 0u);
}

BOOST_AUTO_TEST_CASE(activity_changes_the_digest_in_steps_only) {
  StateFixture replica;
  const SessionId session = replica.open();
  Request read = request(session, 1, {reading("home")});
  read.read_only = true;
  replica.apply_one(read);
  const Digest before = replica.state->digest();
  replica.chain.served = replica.chain.served + (limits::session_lifetime / 16 + Duration{-1});
  replica.apply_one(read);
  BOOST_TEST((replica.state->digest() == before));
  replica.chain.served = replica.chain.served + Duration{1};
  replica.apply_one(read);
  BOOST_TEST((replica.state->digest() != before));
}

BOOST_AUTO_TEST_CASE(full_sessions_refuse_until_one_closes) {
  StateLimits few;
  few.clients.sessions = 1;
  StateFixture replica(few);
  const SessionId session = replica.open();
  BOOST_TEST((replica.apply_one(open_session(session_named(9))).outcome == RequestOutcome::sessions_full));
  replica.apply_one(close_session(session));
  BOOST_TEST((replica.apply_one(open_session(session_named(9))).outcome == RequestOutcome::session_opened));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(idempotency_keys_of_a_state)

BOOST_AUTO_TEST_CASE(the_same_operation_brings_the_first_result_again_from_any_session) {
  StateFixture replica;
  const OperationResult first = replica.run_one(addition("home", 5, "key"));
  BOOST_TEST((first == answer(OperationStatus::ok, 5)));
  const Sequence executed = replica.chain.last.sequence;
  replica.run({addition("home", 1)});
  const RequestResult again = replica.apply_one(request(replica.open(), 1, {addition("home", 5, "key")}));
  const OperationResult expected{OperationStatus::ok, 5, executed, {}, {}};
  BOOST_TEST((again.operations.at(0) == expected));
  BOOST_TEST((replica.state->counter("home") == 6));
}

BOOST_AUTO_TEST_CASE(another_operation_with_the_key_is_refused) {
  StateFixture replica;
  replica.run({addition("home", 5, "key"), removal("gone", "other")});
  for (const OwnedOperation& operation : {addition("home", 6, "key"), addition("away", 5, "key"),
                                          setting("home", 5, "key"), removal("home", "key"), removal("home", "other")})
    BOOST_TEST((replica.run_one(operation) == answer(OperationStatus::key_reused)));
  BOOST_TEST((replica.state->counter("home") == 5));
}

BOOST_AUTO_TEST_CASE(errors_are_results_too_but_a_full_table_is_not) {
  StateLimits few;
  few.clients.counter_bytes = limits::counter_overhead_bytes + 4;
  StateFixture replica(few);
  replica.run({setting("home", std::numeric_limits<std::int64_t>::max())});
  BOOST_TEST((replica.run_one(addition("home", 1, "over")).status == OperationStatus::overflow));
  BOOST_TEST((replica.run_one(removal("away", "gone")).status == OperationStatus::not_found));
  BOOST_TEST((replica.run_one(addition("away", 1, "full")).status == OperationStatus::counters_full));
  replica.run({removal("home")});
  BOOST_TEST((replica.run_one(addition("home", 1, "over")).status == OperationStatus::overflow));
  BOOST_TEST(replica.run_one(addition("home", 1, "over")).first_sequence.has_value());
  BOOST_TEST((replica.run_one(addition("away", 1, "full")) == answer(OperationStatus::ok, 1)));
  BOOST_TEST((replica.run_one(removal("away", "gone")).status == OperationStatus::not_found));
}

BOOST_AUTO_TEST_CASE(keys_expire_by_served_time) {
  StateLimits long_sessions;
  long_sessions.session_lifetime = hours(1000);
  StateFixture replica(long_sessions);
  replica.run({addition("home", 1, "a")});
  replica.chain.served = replica.chain.served + hours(24);
  BOOST_TEST(replica.run_one(addition("home", 1, "a")).first_sequence.has_value());
  replica.chain.served = replica.chain.served + seconds(1);
  BOOST_TEST((replica.run_one(addition("home", 1, "a")) == answer(OperationStatus::ok, 2)));
}

// A repetition within ten minutes is never counted twice; after that the oldest keys give way to new ones.
BOOST_AUTO_TEST_CASE(in_a_full_table_the_oldest_key_gives_way_when_it_is_old_enough) {
  StateLimits few;
  few.clients.idempotency_keys = 2;
  StateFixture replica(few);
  replica.run({addition("home", 1, "a"), addition("home", 1, "b")});
  BOOST_TEST((replica.run_one(addition("home", 1, "c")) == answer(OperationStatus::keys_full)));
  BOOST_TEST((replica.run_one(addition("home", 1)) == answer(OperationStatus::ok, 3)));
  replica.chain.served = replica.chain.served + minutes(10);
  BOOST_TEST((replica.run_one(addition("home", 1, "c")) == answer(OperationStatus::keys_full)));
  BOOST_TEST(replica.run_one(addition("home", 1, "a")).first_sequence.has_value());
  replica.chain.served = replica.chain.served + seconds(1);
  BOOST_TEST((replica.run_one(addition("home", 1, "c")) == answer(OperationStatus::ok, 4)));
  BOOST_TEST(replica.run_one(addition("home", 1, "b")).first_sequence.has_value(), "the oldest was a");
  BOOST_TEST((replica.run_one(addition("home", 1, "a")) == answer(OperationStatus::ok, 5)), "b gives way");
  BOOST_TEST((replica.run_one(addition("home", 1, "b")) == answer(OperationStatus::keys_full)));
  BOOST_TEST(replica.state->idempotency_keys() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(checkpoints_of_a_state)

BOOST_AUTO_TEST_CASE(a_delta_brings_only_what_changed) {
  StateFixture replica;
  replica.run({addition("a", 1), addition("b", 1), addition("c", 1)});
  MemoryStore store;
  const CheckpointDelta full = replica.state->capture({});
  BOOST_TEST(full.full);
  store.commit(full);
  BOOST_TEST(store.entries.size() == 3u + 1 + 1 + 1 + 1);  // counters, session, its result, limits, key secret
  BOOST_TEST(replica.state->capture({}).changes.empty());
  replica.run({addition("b", 1), removal("c"), addition("d", 1), removal("d"), addition("e", 1, "key")});
  const CheckpointDelta delta = replica.state->capture({});
  BOOST_TEST(!delta.full);
  std::set<std::string> keys;
  for (const EntryChange& change : delta.changes) BOOST_TEST(keys.insert(change.key).second);
  BOOST_TEST(keys.contains("Cb"));
  BOOST_TEST(keys.contains("Cc"));
  BOOST_TEST(keys.contains("Ce"));
  BOOST_TEST(std::ranges::count_if(keys, [](const std::string& key) { return key[0] == 'K'; }) == 1);
  BOOST_TEST(!keys.contains("Ca"));
  BOOST_TEST(!keys.contains("Cd"));
  BOOST_TEST(keys.size() == 4u + 3);  // the session, its new result, and the acknowledged one gone
  store.commit(delta);
  replica.state->forget_captures();
  store.commit(replica.state->capture({}));
}

BOOST_AUTO_TEST_CASE(a_stored_result_is_captured_once) {
  StateFixture replica;
  const SessionId session = replica.open();
  replica.apply_one(request(session, 1, {addition("a", 1)}));
  replica.state->capture({});
  replica.apply_one(request(session, 2, {reading("a")}));
  const CheckpointDelta delta = replica.state->capture({});
  BOOST_TEST(delta.changes.size() == 2u);  // the session and its second result
}

BOOST_AUTO_TEST_CASE(a_counter_that_is_removed_and_comes_back_is_captured_once) {
  StateFixture replica;
  MemoryStore store;
  replica.run({addition("a", 1), addition("b", 1)});
  store.commit(replica.state->capture({}));
  replica.run({removal("a"), addition("a", 7)});
  const CheckpointDelta delta = replica.state->capture({});
  BOOST_TEST(std::ranges::count(delta.changes, "Ca", [](const EntryChange& change) { return change.key; }) == 1);
  store.commit(delta);
  BOOST_TEST(store.entries.contains("Ca"));
  replica.run({removal("a"), removal("b"), addition("c", 1)});
  store.commit(replica.state->capture({}));
  BOOST_TEST(!store.entries.contains("Ca"));
}

BOOST_AUTO_TEST_CASE(entries_that_make_no_sense_are_refused) {
  StateFixture replica;
  replica.run({addition("a", 1, "key"), addition("b", 1)});
  MemoryStore good;
  good.commit(replica.state->capture({}));
  BOOST_TEST(good.restore(*replica.fresh()));
  const auto refuses = [&](auto&& change) {
    MemoryStore bad = good;
    change(bad);
    return !bad.restore(*replica.fresh());
  };
  const auto key_of_type = [&](char type) {
    return std::ranges::find_if(good.entries, [&](const auto& entry) { return entry.first[0] == type; })->first;
  };
  const std::string session = key_of_type('S');
  const std::string key = key_of_type('K');
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries[""] = "x"; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["X"] = "x"; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["Ca"] = "short"; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["Ca"][0] = 9; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["C\xff"] = store.entries["Ca"]; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["Kkey"] = "x"; }));
  BOOST_TEST(refuses([&](MemoryStore& store) { store.entries[key] += "x"; }));
  BOOST_TEST(refuses([&](MemoryStore& store) { store.entries.erase(key); }));
  BOOST_TEST(refuses([&](MemoryStore& store) { store.entries[key + "x"] = store.entries[key]; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["I"] += "x"; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries["L"] += "x"; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries.erase("L"); }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.entries.erase("Cb"); }));
  BOOST_TEST(refuses([&](MemoryStore& store) { store.entries.erase(session); }));
  BOOST_TEST(refuses([&](MemoryStore& store) { store.entries[session] += "x"; }));
  BOOST_TEST(refuses([](MemoryStore& store) { store.header.state.low += 1; }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(names_in_a_table)

BOOST_AUTO_TEST_CASE(are_found_until_they_are_erased_though_their_hashes_collide) {
  struct Node {
    std::string text;
    std::string_view name() const { return text; }
  };
  // Few places, so that runs are long and wrap around; some hashes are equal.
  const auto hash_of = [](std::uint64_t number) {
    return number % 7 == 0 ? 6 : number % 40 * 0x0100'0000'0000'0003ULL;
  };
  std::mt19937 random(1);
  NameTable<Node> table;
  std::map<std::uint64_t, std::unique_ptr<Node>> twin;
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t number = random() % 300;
    const std::uint64_t hash = hash_of(number);
    if (const auto known = twin.find(number); known != twin.end()) {
      table.erase(hash, known->second.get());
      twin.erase(known);
    } else {
      const auto added = twin.emplace(number, std::make_unique<Node>(Node{std::to_string(number)})).first;
      table.insert(hash, added->second.get());
    }
    const std::uint64_t other = random() % 300;
    const auto expected = twin.find(other);
    const Node* found = table.find(hash_of(other), std::to_string(other));
    BOOST_REQUIRE(found == (expected == twin.end() ? nullptr : expected->second.get()));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(states_and_a_naive_twin)

namespace {

// The same semantics once more, written for clarity alone: no digest, no bounds but the window, no checkpoints.
struct Twin {
  struct Session {
    std::uint64_t acknowledged = 0;
    ServedTime activity;
    bool used = false;
    std::map<std::uint64_t, std::pair<std::string, RequestResult>> results;  // with what was asked
  };
  struct Key {
    OwnedOperation operation;
    OperationResult result;
    ServedTime stored;
  };
  struct Counter {
    std::int64_t value = 0;
    std::uint64_t number = 0;
    std::uint64_t change = 0;
    std::optional<std::int64_t> served_ms;  // when it expires, by one clock or the other
    std::optional<std::int64_t> calendar_ms;
  };
  StateLimits limits;
  std::map<std::string, Counter> counters;
  std::map<SessionId, Session> sessions;
  std::map<std::string, Key> keys;
  std::deque<std::string> keys_by_age;
  std::int64_t served_ms = 0;  // of the order
  std::int64_t calendar_ms = 0;
  std::uint64_t request_change = 0;  // of the request

  bool is_over(const Counter& counter) const {
    return (counter.served_ms && *counter.served_ms <= served_ms) ||
           (counter.calendar_ms && *counter.calendar_ms <= calendar_ms);
  }
  // Nothing: for ever.
  std::optional<__int128> left(const Counter& counter) const {
    if (counter.served_ms) return __int128{*counter.served_ms} - served_ms;
    if (counter.calendar_ms) return __int128{*counter.calendar_ms} - calendar_ms;
    return std::nullopt;
  }
  void set_expiry(Counter& counter, const Expiry& expiry) const {
    counter.served_ms.reset();
    counter.calendar_ms.reset();
    if (expiry.kind == ExpiryKind::after) counter.served_ms = served_ms + expiry.milliseconds;
    if (expiry.kind == ExpiryKind::at) counter.calendar_ms = expiry.milliseconds;
  }
  CounterDetail detail_of(const std::string& name) const {
    CounterDetail detail;
    const auto found = counters.find(name);
    if (found == counters.end()) return detail;
    const Counter& counter = found->second;
    detail.last_change = counter.change;
    if (const auto time = left(counter)) {
      detail.expires_in_ms = static_cast<std::int64_t>(*time);
      detail.expires_at_ms = calendar_ms + detail.expires_in_ms;
    }
    return detail;
  }
  bool makes_sense(const OwnedOperation& op) const {
    using enum OperationKind;
    using namespace condition;
    const bool is_ahead = op.expiry.milliseconds > 0;
    const bool has_expiry = op.expiry.kind != ExpiryKind::none;
    switch (op.kind) {
      case add: return op.conditions == 0 && (!has_expiry || (op.expiry.kind == ExpiryKind::after && is_ahead));
      case set:
        return (op.conditions | missing | present) == (missing | present) &&
               (!has_expiry || op.expiry.kind == ExpiryKind::keep || is_ahead);
      case expire: return op.conditions == 0 || op.conditions >= without_expiry;
      case check: return !has_expiry && (op.conditions & ~(missing | present | unchanged | equal)) == 0;
      case count: return !has_expiry && (op.conditions & ~with_expiry) == 0;
      default: return !has_expiry && op.conditions == 0;
    }
  }

  OperationResult make(const OwnedOperation& op, std::int64_t value) {
    std::size_t bytes = limits::counter_overhead_bytes + op.name.size();
    for (const auto& [name, counter] : counters) bytes += limits::counter_overhead_bytes + name.size();
    if (bytes > limits.clients.counter_bytes) return answer(OperationStatus::counters_full);
    std::uint64_t newest = 0;
    for (const auto& [name, counter] : counters) newest = std::max(newest, counter.number);
    Counter& counter = counters[op.name];
    counter = {value, newest + 1, request_change, {}, {}};
    set_expiry(counter, op.expiry);
    return answer(OperationStatus::ok, value);
  }
  OperationResult set(const OwnedOperation& op) {
    const auto found = counters.find(op.name);
    const bool exists = found != counters.end();
    const std::int64_t before = exists ? found->second.value : 0;
    if (op.conditions & (exists ? condition::missing : condition::present))
      return answer(OperationStatus::not_met, before);
    if (op.expiry.kind == ExpiryKind::at && op.expiry.milliseconds <= calendar_ms) {
      counters.erase(op.name);
      return answer(OperationStatus::ok, op.value);
    }
    if (!exists) return make(op, op.value);
    if (op.expiry.kind != ExpiryKind::keep) set_expiry(found->second, op.expiry);
    found->second.value = op.value;
    found->second.change = request_change;
    return answer(OperationStatus::ok, op.value);
  }
  OperationResult add_several(const OwnedOperation& op) {
    OwnedOperation once = op;
    once.limit = 0;
    const std::int64_t before = counters.contains(op.name) ? counters[op.name].value : 0;
    OperationResult result;
    for (std::uint32_t times = 0; times < op.limit; ++times) {
      result = add(once);
      if (result.status == OperationStatus::overflow) return answer(OperationStatus::overflow, before);
    }
    return result;
  }
  OperationResult add(const OwnedOperation& op) {
    if (op.limit > 1) return add_several(op);
    const auto found = counters.find(op.name);
    if (found == counters.end()) return make(op, op.value);
    Counter& counter = found->second;
    const __int128 sum = __int128{counter.value} + op.value;
    if (sum != static_cast<std::int64_t>(sum)) return answer(OperationStatus::overflow, counter.value);
    if (op.expiry.kind == ExpiryKind::after && !left(counter)) set_expiry(counter, op.expiry);
    counter.value = static_cast<std::int64_t>(sum);
    counter.change = request_change;
    return answer(OperationStatus::ok, counter.value);
  }
  OperationResult expire_counter(const OwnedOperation& op) {
    const auto found = counters.find(op.name);
    if (found == counters.end()) return answer(OperationStatus::not_found);
    Counter& counter = found->second;
    const auto before = left(counter);
    Counter changed = counter;
    set_expiry(changed, op.expiry);
    const auto after = left(changed);
    const auto is_later = [](const auto& one, const auto& other) { return other && (!one || *one > *other); };
    const bool holds = (!(op.conditions & condition::without_expiry) || !before) &&
                       (!(op.conditions & condition::with_expiry) || before) &&
                       (!(op.conditions & condition::later) || is_later(after, before)) &&
                       (!(op.conditions & condition::sooner) || is_later(before, after));
    const std::int64_t value = counter.value;
    if (!holds) return answer(OperationStatus::not_met, value);
    if (before || after) changed.change = request_change;
    counter = changed;
    if (is_over(counter)) counters.erase(found);
    return answer(OperationStatus::ok, value);
  }
  OperationResult change(const OwnedOperation& op) {
    const bool is_too_far =
        op.expiry.kind == ExpiryKind::after && __int128{served_ms} + op.expiry.milliseconds > INT64_MAX;
    if (is_too_far) return answer(OperationStatus::malformed);
    if (op.kind == OperationKind::add) return add(op);
    if (op.kind == OperationKind::set) return set(op);
    if (op.kind == OperationKind::expire) return expire_counter(op);
    if (!counters.contains(op.name)) return answer(OperationStatus::not_found);
    const std::int64_t value = counters[op.name].value;
    counters.erase(op.name);
    return answer(OperationStatus::ok, value);
  }

  OperationResult check(const OwnedOperation& op) {
    const bool exists = counters.contains(op.name);
    const std::uint64_t change = exists ? counters[op.name].change : 0;
    const bool holds = (!(op.conditions & condition::missing) || !exists) &&
                       (!(op.conditions & condition::present) || exists) &&
                       (!(op.conditions & condition::unchanged) || change == static_cast<std::uint64_t>(op.value)) &&
                       (!(op.conditions & condition::equal) || (exists && counters[op.name].value == op.value));
    return answer(holds ? OperationStatus::ok : OperationStatus::not_met, exists ? counters[op.name].value : 0);
  }
  OperationResult list(const OwnedOperation& op) {
    OperationResult result = answer(OperationStatus::ok);
    for (const auto& [name, counter] : counters)
      if (name.starts_with(op.name) && name > op.after && result.listed.size() < op.limit)
        result.listed.push_back({name, counter.value});
    result.value = static_cast<std::int64_t>(result.listed.size());
    return result;
  }
  OperationResult scan(const OwnedOperation& op) {
    std::map<std::uint64_t, std::string, std::greater<>> by_number;
    for (const auto& [name, counter] : counters)
      if (op.value == 0 || counter.number < static_cast<std::uint64_t>(op.value)) by_number[counter.number] = name;
    OperationResult result = answer(OperationStatus::ok);
    for (const auto& [number, name] : by_number) {
      if (result.listed.size() == op.limit) {
        result.value = static_cast<std::int64_t>(number + 1);
        break;
      }
      result.listed.push_back({name, counters[name].value});
    }
    return result;
  }

  // Of the request, which this operation may have others pass over.
  OperationResult run(const OwnedOperation& op, const Order& order, std::uint32_t& passed_over) {
    if (passed_over > 0) {
      --passed_over;
      return answer(OperationStatus::passed_over);
    }
    OperationResult result = makes_sense(op) ? run(op, order) : answer(OperationStatus::malformed);
    const bool can_have_detail = op.kind != OperationKind::list && op.kind != OperationKind::scan &&
                                 op.kind != OperationKind::check && op.kind != OperationKind::count;
    const bool has_looked = result.status != OperationStatus::malformed &&
                            result.status != OperationStatus::key_reused && result.status != OperationStatus::keys_full;
    if (op.kind == OperationKind::check && result.status != OperationStatus::ok) passed_over = op.limit;
    if (op.detail && can_have_detail && has_looked) result.detail = detail_of(op.name);
    return result;
  }

  OperationResult run(const OwnedOperation& op, const Order& order) {
    if (op.kind == OperationKind::get)
      return counters.contains(op.name) ? answer(OperationStatus::ok, counters[op.name].value)
                                        : answer(OperationStatus::not_found);
    if (op.kind == OperationKind::list) return list(op);
    if (op.kind == OperationKind::scan) return scan(op);
    if (op.kind == OperationKind::check) return check(op);
    if (op.kind == OperationKind::count)
      return answer(OperationStatus::ok, std::ranges::count_if(counters, [&](const auto& each) {
                      return op.conditions == 0 || left(each.second);
                    }));
    if (op.idempotency_key.empty()) return change(op);
    const auto key = keys.find(op.idempotency_key);
    if (key != keys.end()) {
      const OwnedOperation& first = key->second.operation;
      const bool same = first.kind == op.kind && first.name == op.name && first.value == op.value &&
                        first.expiry == op.expiry && first.conditions == op.conditions &&
                        std::max(first.limit, 1u) == std::max(op.limit, 1u);
      return same ? key->second.result : answer(OperationStatus::key_reused);
    }
    const auto is_old = [&](const std::string& name) {
      return whole_seconds(order.served) - whole_seconds(keys[name].stored) >
             limits.idempotency_least.nanoseconds / 1'000'000'000;
    };
    if (keys.size() == limits.clients.idempotency_keys && is_old(keys_by_age.front())) drop_oldest_key();
    if (keys.size() >= limits.clients.idempotency_keys) return answer(OperationStatus::keys_full);
    const OperationResult result = change(op);
    if (result.status == OperationStatus::counters_full || result.status == OperationStatus::malformed) return result;
    OperationResult again = result;
    again.first_sequence = order.id.sequence;
    keys[op.idempotency_key] = {op, again, order.served};
    keys_by_age.push_back(op.idempotency_key);
    return result;
  }

  static std::int64_t whole_seconds(ServedTime time) { return time.nanoseconds / 1'000'000'000; }
  void drop_oldest_key() {
    keys.erase(keys_by_age.front());
    keys_by_age.pop_front();
  }

  RequestResult refuse(RequestOutcome outcome, const Order& order) { return {outcome, order.id.sequence, {}}; }

  RequestResult run(const Request& request, const std::vector<OwnedOperation>& operations, const Order& order) {
    if (request.kind == RequestKind::open_session) {
      if (sessions.contains(request.session)) return refuse(RequestOutcome::session_opened, order);
      if (sessions.size() >= limits.clients.sessions) return refuse(RequestOutcome::sessions_full, order);
      sessions[request.session].activity = order.served;
      return refuse(RequestOutcome::session_opened, order);
    }
    const auto found = sessions.find(request.session);
    if (found == sessions.end()) return refuse(RequestOutcome::session_expired, order);
    if (request.kind == RequestKind::close_session) {
      sessions.erase(found);
      return refuse(RequestOutcome::session_closed, order);
    }
    if (request.acknowledged >= request.number) return refuse(RequestOutcome::malformed, order);
    Session& session = found->second;
    if (!session.used || order.served - session.activity >= limits.session_lifetime / 16)
      session.activity = order.served;
    session.used = true;
    session.acknowledged = std::max(session.acknowledged, request.acknowledged.value);
    std::erase_if(session.results, [&](const auto& result) { return result.first <= session.acknowledged; });
    if (request.number.value <= session.acknowledged) return refuse(RequestOutcome::stale, order);
    if (const auto known = session.results.find(request.number.value); known != session.results.end()) {
      const auto& [asked, result] = known->second;
      return asked == request.operations ? result : refuse(RequestOutcome::malformed, order);
    }
    if (request.number.value > session.acknowledged + limits.session_window)
      return refuse(RequestOutcome::beyond_window, order);
    RequestResult result{RequestOutcome::executed, order.id.sequence, {}};
    std::uint32_t passed_over = 0;
    for (const OwnedOperation& operation : operations) result.operations.push_back(run(operation, order, passed_over));
    session.results[request.number.value] = {request.operations, result};
    return result;
  }

  void begin(const Order& order) {
    served_ms = order.served.nanoseconds / 1'000'000;
    calendar_ms = order.calendar.unix_milliseconds;
    request_change = order.id.sequence.value << 10;
    std::erase_if(counters, [&](const auto& each) { return is_over(each.second); });
    expire(order.served);
  }
  void expire(ServedTime now) {
    std::erase_if(sessions, [&](const auto& each) {
      const auto& [activity, used] = std::pair(each.second.activity, each.second.used);
      return now - activity >= (used ? limits.session_lifetime : limits.unused_session_lifetime);
    });
    const std::int64_t lifetime = limits.idempotency_key_lifetime.nanoseconds / 1'000'000'000;
    while (!keys.empty() && whole_seconds(now) - whole_seconds(keys[keys_by_age.front()].stored) > lifetime)
      drop_oldest_key();
  }
};

struct PlannedRequest {
  Request request;
  std::vector<OwnedOperation> operations;
};

// Random orders that hit every bound.
class Load {
 public:
  explicit Load(unsigned seed) : random_(seed) {}

  std::vector<PlannedRequest> next_requests(const Twin& twin) {
    std::vector<PlannedRequest> planned;
    const std::uint64_t count = below(5);
    for (std::uint64_t place = 0; place < count; ++place) {
      if (twin.sessions.empty() || below(20) == 0) {
        planned.push_back({open_session(session_named(below(40))), {}});
        continue;
      }
      auto session = twin.sessions.begin();
      std::advance(session, static_cast<std::ptrdiff_t>(below(twin.sessions.size())));
      if (below(60) == 0) {
        planned.push_back({close_session(session->first), {}});
        continue;
      }
      std::vector<OwnedOperation> operations(below(6));
      for (OwnedOperation& operation : operations) operation = next_operation(twin);
      const std::uint64_t acknowledged = session->second.acknowledged + (below(3) == 0 ? below(4) : 0);
      const std::uint64_t number = session->second.acknowledged + below(twin.limits.session_window + 3);
      planned.push_back({request(session->first, number, operations, acknowledged), operations});
      if (below(8) == 0) planned.push_back(planned.back());
    }
    return planned;
  }

  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }

 private:
  OwnedOperation next_operation(const Twin& twin) {
    OwnedOperation operation = next_plain_operation(twin);
    operation.detail = below(3) == 0;
    switch (operation.kind) {
      case OperationKind::add:
        if (below(3) == 0) operation.expiry = after(next_milliseconds());
        if (below(6) == 0) operation.limit = static_cast<std::uint32_t>(below(4));
        break;
      case OperationKind::set:
        if (below(2)) operation.expiry = next_expiry(twin);
        if (below(3) == 0) operation.conditions = static_cast<std::uint32_t>(below(4));
        break;
      case OperationKind::expire:
        operation.expiry = next_expiry(twin);
        if (operation.expiry.kind == ExpiryKind::keep) operation.expiry = lasting;
        if (below(2)) operation.conditions = static_cast<std::uint32_t>(below(16)) * condition::without_expiry;
        break;
      default: break;
    }
    // Now and then with a term that only another kind has.
    if (below(60) == 0 && operation.kind != OperationKind::expire) operation.conditions |= condition::later;
    return operation;
  }
  std::int64_t next_milliseconds() {
    if (below(20) == 0)
      return below(2) ? std::numeric_limits<std::int64_t>::max() : -static_cast<std::int64_t>(below(2));
    return static_cast<std::int64_t>(1 + below(15'000));
  }
  Expiry next_expiry(const Twin& twin) {
    switch (below(4)) {
      case 0: return lasting;
      case 1: return kept;
      case 2: return after(next_milliseconds());
      default: return at(twin.calendar_ms + static_cast<std::int64_t>(below(15'000)) - 100);
    }
  }

  OwnedOperation next_plain_operation(const Twin& twin) {
    const std::string name = below(2) ? "n" + std::to_string(below(40)) : std::string(below(40) + 1, 'x');
    const std::string key = below(4) == 0 ? "k" + std::to_string(below(30)) : "";
    const std::int64_t value =
        below(20) == 0 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(below(9)) - 4;
    switch (below(12)) {
      case 0: return reading(name);
      case 1: return setting(name, value, key);
      case 2: return removal(name, key);
      case 3: return listing(name.substr(0, below(3)), below(2) ? "n2" : "", static_cast<std::uint32_t>(1 + below(10)));
      case 4: return expiring(name, lasting);
      case 5: return scanning(static_cast<std::int64_t>(below(60)), static_cast<std::uint32_t>(1 + below(10)));
      case 6: return only_if(below(2) ? condition::with_expiry : 0, counting());
      case 7: {
        const auto known = twin.counters.find(name);
        const bool asks_value = known != twin.counters.end() && below(2);
        if (asks_value) return checking(name, condition::equal, 1, static_cast<std::uint64_t>(known->second.value));
        const std::uint64_t change = known == twin.counters.end() || below(3) == 0 ? below(2) : known->second.change;
        return checking(name, static_cast<std::uint32_t>(below(8)), static_cast<std::uint32_t>(below(4)), change);
      }
      default: return addition(name, value, key);
    }
  }

  std::mt19937 random_;
};

StateLimits small_limits() {
  StateLimits small;
  small.clients = {6, limits::clients_account.result_bytes, 50 * (limits::counter_overhead_bytes + 10), 12};
  small.session_window = 4;
  small.session_lifetime = seconds(100);
  small.unused_session_lifetime = seconds(20);
  small.idempotency_least = seconds(30);
  small.idempotency_key_lifetime = seconds(150);
  return small;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_orders_give_what_the_twin_gives_through_captures_and_restores) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Load load(seed);
    StateFixture replica(small_limits());
    StateFixture restarting(small_limits());  // the same orders, but captured and restored at random
    Twin twin;
    twin.limits = small_limits();
    MemoryStore store;
    for (int round = 0; round < 400; ++round) {
      const auto pause = static_cast<std::int64_t>(load.below(8000));
      replica.wait(pause);
      if (load.below(4) == 0) replica.chain.calendar_is_late_ms += pause;  // the calendar stands still
      const std::vector<PlannedRequest> planned = load.next_requests(twin);
      std::vector<Request> requests;
      for (const PlannedRequest& each : planned) requests.push_back(each.request);
      const Order order = OrderChain(replica.chain).next(requests);
      const std::vector<RequestResult> results = replica.apply(requests);

      twin.begin(order);
      for (std::uint32_t index = 0; index < planned.size(); ++index, ++twin.request_change)
        BOOST_REQUIRE((twin.run(planned[index].request, planned[index].operations, order) == results.at(index)));

      std::string same;
      restarting.state->apply(order, same);
      BOOST_REQUIRE((restarting.state->digest() == replica.state->digest()));
      if (load.below(4) == 0) restarting.state->capture_some(1 + load.below(20));
      if (load.below(10) == 0) {
        CheckpointHeader header;
        header.applied = order.id;
        store.commit(restarting.state->capture(header));
        if (load.below(2) == 0) {
          restarting.state = std::make_unique<State>(small_limits(), seed + 1000);
          BOOST_REQUIRE(store.restore(*restarting.state));
          BOOST_REQUIRE((restarting.state->digest() == replica.state->digest()));
        }
      }
    }
    BOOST_TEST(replica.state->counters() == twin.counters.size());
    BOOST_TEST(replica.state->sessions() == twin.sessions.size());
    BOOST_TEST(replica.state->idempotency_keys() == twin.keys.size());
  }
}

BOOST_AUTO_TEST_CASE(other_limits_make_another_digest) {
  StateLimits other;
  other.clients.counter_bytes -= 1;
  BOOST_TEST((State({}, 1).digest() != State(other, 1).digest()));
  BOOST_TEST((State({}, 1).digest() == State({}, 2).digest()));
}

BOOST_AUTO_TEST_SUITE_END()
