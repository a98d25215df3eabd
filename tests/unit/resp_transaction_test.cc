// SPDX-License-Identifier: Apache-2.0
// MULTI and WATCH of Redis clients. The expected replies are those of Redis 7.0.15, to which the
// same was sent, wherever it has one.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "bridge/resp/limits.h"
#include "resp_fixture.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::resp;

namespace {

const std::string aborted = "-EXECABORT Transaction discarded because of previous errors.";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resp_transaction, Conversation)

// ---- MULTI

BOOST_AUTO_TEST_CASE(a_transaction_is_one_request_with_all_that_comes_with_it) {
  BOOST_TEST(send("INCR a", "MULTI", "INCR a", "GET a", "PING", "DEL a", "EXEC", "GET a") ==
             ":1 +OK +QUEUED +QUEUED +QUEUED +QUEUED *4 :2 $1 2 +PONG :1 $-1");
  BOOST_TEST(group.requests == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_executed_before_exec) {
  BOOST_TEST(send("MULTI", "SET a 5", "CLIENT SETNAME me") == "+OK +QUEUED +QUEUED");
  BOOST_TEST(group.requests == 0u);
  BOOST_TEST(client.session.client().name.empty());
  BOOST_TEST(send("EXEC") == "*2 +OK +OK");
  BOOST_TEST(value("a") == 5);
  BOOST_TEST(client.session.client().name == "me");
}

BOOST_AUTO_TEST_CASE(an_empty_transaction_and_one_of_local_commands_ask_nobody) {
  BOOST_TEST(send("MULTI", "EXEC", "MULTI", "PING", "ECHO x", "EXEC", "PING") ==
             "+OK *0 +OK +QUEUED +QUEUED *2 +PONG $1 x +PONG");
  BOOST_TEST(group.requests == 0u);
}

BOOST_AUTO_TEST_CASE(a_command_that_cannot_be_understood_spoils_it) {
  for (const std::string bad : {"NOSUCH", "GET", "SET a", "CLIENT NOSUCH", "CLIENT", "FLUSHALL"}) {
    const std::string replies = send("MULTI", "INCR a", bad, "EXEC", "PING");
    BOOST_TEST(replies.ends_with(aborted + " +PONG"), replies);
  }
  BOOST_TEST(group.counters() == 0u);
  BOOST_TEST(send("MULTI", "INCR a", "EXEC") == "+OK +QUEUED *1 :1");
}

BOOST_AUTO_TEST_CASE(a_command_that_makes_no_sense_fails_alone) {
  BOOST_TEST(send("MULTI", "INCRBY a x", "INCR a", "SET a 1 NX XX", "INCR a", "EXEC") ==
             "+OK +QUEUED +QUEUED +QUEUED +QUEUED *4 -ERR value is not an integer or out of range :1 "
             "-ERR syntax error :2");
}

BOOST_AUTO_TEST_CASE(a_command_that_is_refused_by_the_group_fails_alone) {
  BOOST_TEST(send("SET a 9223372036854775807", "MULTI", "INCR a", "DECR a", "EXEC") ==
             "+OK +OK +QUEUED +QUEUED *2 -ERR increment or decrement would overflow :9223372036854775806");
}

BOOST_AUTO_TEST_CASE(commands_that_govern_transactions_are_executed_at_once) {
  BOOST_TEST(send("MULTI", "MULTI", "WATCH a", "EXEC") ==
             "+OK -ERR MULTI calls can not be nested -ERR WATCH inside MULTI is not allowed *0");
  BOOST_TEST(send("EXEC", "DISCARD") == "-ERR EXEC without MULTI -ERR DISCARD without MULTI");
  BOOST_TEST(send("MULTI", "INCR a", "DISCARD", "GET a") == "+OK +QUEUED +OK $-1");
  BOOST_TEST(send("MULTI", "UNWATCH", "EXEC") == "+OK +QUEUED *1 +OK");
}

BOOST_AUTO_TEST_CASE(exec_with_arguments_gives_the_transaction_up) {
  const std::string refusal =
      "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
  BOOST_TEST(send("EXEC x", "MULTI", "INCR a", "EXEC x", "EXEC") ==
             refusal + " +OK +QUEUED " + refusal + " -ERR EXEC without MULTI");
}

BOOST_AUTO_TEST_CASE(reset_and_quit_leave_it) {
  BOOST_TEST(send("MULTI", "INCR a", "RESET", "GET a", "EXEC") == "+OK +QUEUED +RESET $-1 -ERR EXEC without MULTI");
  BOOST_TEST(send("MULTI", "INCR a", "QUIT", "EXEC") == "+OK +QUEUED +OK");
  BOOST_TEST(group.counters() == 0u);
}

BOOST_AUTO_TEST_CASE(a_condition_of_one_command_passes_over_nothing_of_the_next) {
  send("SET a 1", "SET limited 5");
  BOOST_TEST(send("MULTI", "MSETNX b 1 a 2", "INCR c",
                  "EVALSHA 628bd136a573a06b346879695681af12ccef300f 1 limited 60 1", "INCR d",
                  "EXEC") == "+OK +QUEUED +QUEUED +QUEUED +QUEUED *4 :0 :1 :6 :1");
  BOOST_TEST(send("MGET a b c d", "TTL limited") == "*4 $1 1 $-1 $1 1 $1 1 :-1");
}

// ---- where the group fails

BOOST_AUTO_TEST_CASE(where_nothing_was_decided_the_whole_of_it_has_one_error) {
  group.fail(CallOutcome::not_applied, CallError::unavailable);
  const std::string again = "-TRYAGAIN nothing was applied: the group has no majority";
  BOOST_TEST(send("INCR a", "MULTI", "INCR b", "PING", "GET b", "EXEC", "PING", "INCR c") ==
             again + " +OK +QUEUED +QUEUED +QUEUED " + again + " +PONG " + again);
  group.fail(CallOutcome::unknown);
  const std::string unknown = "-UNKNOWN whether this was applied: no answer came in time";
  BOOST_TEST(send("MULTI", "PING", "INCR b", "EXEC", "ECHO x") == "+OK +QUEUED +QUEUED " + unknown + " $1 x");
  BOOST_TEST(send("MULTI", "INCR b", "EXEC") == "+OK +QUEUED *1 :1");
}

BOOST_AUTO_TEST_CASE(also_where_a_command_in_it_would_do_without_an_answer) {
  group.fail(CallOutcome::not_applied, CallError::draining);
  BOOST_TEST(send("MULTI", "INFO keyspace", "EXEC", "INFO keyspace") ==
             "+OK +QUEUED -TRYAGAIN nothing was applied: the service shuts down $0 ");
}

BOOST_AUTO_TEST_CASE(a_watched_transaction_that_failed_may_be_tried_again_from_watch_on) {
  send("SET a 1", "WATCH a");
  group.fail(CallOutcome::not_applied, CallError::overloaded);
  BOOST_TEST(send("MULTI", "INCR a", "EXEC").starts_with("+OK +QUEUED -TRYAGAIN"));
  BOOST_TEST(send("MULTI", "INCR a", "EXEC") == "+OK +QUEUED *1 :2");
}

// ---- WATCH

BOOST_AUTO_TEST_CASE(what_did_not_change_lets_exec_pass) {
  send("SET present 1");
  BOOST_TEST(send("WATCH present missing", "MULTI", "INCR present", "INCR missing", "EXEC") ==
             "+OK +OK +QUEUED +QUEUED *2 :2 :1");
}

BOOST_AUTO_TEST_CASE(what_somebody_else_has_changed_makes_it_fail) {
  send("SET a 1");
  for (const std::string name : {"a", "missing"}) {
    BOOST_TEST(send("WATCH other " + name) == "+OK");
    group.answer(OperationKind::add, name, 1);
    BOOST_TEST(send("INCR b", "MULTI", "PING", "SET c 1", "ECHO x", "EXEC", "INCR b")
                   .ends_with(" *-1 :" + std::to_string(value("b"))));
  }
  send("WATCH a");
  group.answer(OperationKind::set, "a", value("a"));  // the same value is a change, too
  BOOST_TEST(send("MULTI", "SET c 1", "EXEC") == "+OK +QUEUED *-1");
  send("WATCH a");
  group.answer(OperationKind::remove, "a");
  BOOST_TEST(send("MULTI", "SET c 1", "EXEC") == "+OK +QUEUED *-1");
  BOOST_TEST(send("EXISTS c") == ":0");
}

BOOST_AUTO_TEST_CASE(what_the_client_itself_changes_behind_watch_makes_it_fail) {
  send("SET a 1");
  BOOST_TEST(send("WATCH a", "INCR a", "MULTI", "INCR a", "EXEC") == "+OK :2 +OK +QUEUED *-1");
  BOOST_TEST(send("WATCH b", "INCR b", "MULTI", "INCR b", "EXEC") == "+OK :1 +OK +QUEUED *-1");
  BOOST_TEST(send("WATCH a", "EXPIRE a 100", "MULTI", "INCR a", "EXEC") == "+OK :1 +OK +QUEUED *-1");
}

BOOST_AUTO_TEST_CASE(what_the_client_changed_before_watch_does_not) {
  BOOST_TEST(send("INCR a", "WATCH a", "MULTI", "INCR a", "EXEC") == ":1 +OK +OK +QUEUED *1 :2");
  BOOST_TEST(send("DEL a", "WATCH a", "MULTI", "INCR a", "EXEC") == ":1 +OK +OK +QUEUED *1 :1");
}

BOOST_AUTO_TEST_CASE(what_is_watched_may_also_expire) {
  send("SET a 1 PX 500", "WATCH a");
  group.pass(seconds(1));
  BOOST_TEST(send("MULTI", "INCR b", "EXEC") == "+OK +QUEUED *-1");
}

BOOST_AUTO_TEST_CASE(a_counter_counts_from_when_it_was_watched_first) {
  send("SET a 1", "WATCH a");
  group.answer(OperationKind::add, "a", 1);
  BOOST_TEST(send("WATCH a b", "MULTI", "INCR b", "EXEC") == "+OK +OK +QUEUED *-1");
  BOOST_TEST(send("WATCH a a", "MULTI", "INCR a", "EXEC") == "+OK +OK +QUEUED *1 :3");
}

BOOST_AUTO_TEST_CASE(whatever_ends_a_transaction_also_ends_watching) {
  send("SET a 1");
  for (const std::string end : {"UNWATCH", "MULTI\nDISCARD", "MULTI\nEXEC", "MULTI\nNOSUCH\nEXEC", "EXEC x", "RESET"})
    BOOST_TEST(send("WATCH a", end, "INCR a", "MULTI", "INCR b", "EXEC").find("*-1") == std::string::npos, end);
}

BOOST_AUTO_TEST_CASE(in_resp3_a_failed_transaction_is_null) {
  send("HELLO 3", "WATCH a");
  group.answer(OperationKind::add, "a", 1);
  BOOST_TEST(send("MULTI", "HELLO 2", "EXEC") == "+OK +QUEUED _");
}

BOOST_AUTO_TEST_CASE(a_transaction_of_nothing_is_still_conditional) {
  send("WATCH a", "MULTI");
  group.answer(OperationKind::add, "a", 1);
  BOOST_TEST(send("EXEC") == "*-1");
  BOOST_TEST(send("WATCH a", "MULTI", "PING", "EXEC") == "+OK +OK +QUEUED *1 +PONG");
}

BOOST_AUTO_TEST_CASE(several_transactions_of_one_read_have_each_its_own_conditions) {
  send("SET a 1");
  BOOST_TEST(send("WATCH a", "INCR a", "MULTI", "INCR b", "EXEC", "MULTI", "INCR b", "INCR c", "EXEC", "PING") ==
             "+OK :2 +OK +QUEUED *-1 +OK +QUEUED +QUEUED *2 :1 :1 +PONG");
}

BOOST_AUTO_TEST_CASE(after_a_watch_that_failed_nothing_is_executed) {
  const auto fails = [&](const std::string& name) {
    group.fail(CallOutcome::unknown);
    BOOST_TEST(send("WATCH " + name).starts_with("-UNKNOWN"));
  };
  send("SET a 1");
  fails("a b");
  BOOST_TEST(send("MULTI", "INCR a", "EXEC") == "+OK +QUEUED " + aborted);
  BOOST_TEST(send("MULTI", "INCR a", "EXEC") == "+OK +QUEUED *1 :2", "it is told once");
  fails("a");
  BOOST_TEST(send("UNWATCH", "MULTI", "INCR a", "EXEC") == "+OK +OK +QUEUED *1 :3");
  send("WATCH a");
  fails("a");
  BOOST_TEST(send("MULTI", "INCR a", "EXEC") == "+OK +QUEUED *1 :4", "it was watched already");
}

BOOST_AUTO_TEST_CASE(a_transaction_that_is_not_executed_leaves_the_connection_as_it_was) {
  const auto fails = [&](const std::string& command) {
    return send("SET a 1", "WATCH a", "SET a 2", "MULTI", command, "EXEC", "PING", "GET nosuch", "CLIENT GETNAME");
  };
  const std::string begun = "+OK +OK +OK +OK +QUEUED *-1 +PONG $-1 $-1";
  for (const std::string command : {"CLIENT REPLY OFF", "CLIENT REPLY SKIP", "HELLO 3", "CLIENT SETNAME foo"})
    BOOST_TEST(fails(command) == begun, command);
  group.fail(CallOutcome::not_applied, CallError::unavailable);
  BOOST_TEST(send("MULTI", "CLIENT SETNAME foo", "INCR a", "EXEC", "CLIENT GETNAME") ==
             "+OK +QUEUED +QUEUED -TRYAGAIN nothing was applied: the group has no majority $-1");
  BOOST_TEST(send("MULTI", "CLIENT SETNAME foo", "INCR a", "EXEC", "CLIENT GETNAME") ==
             "+OK +QUEUED +QUEUED *2 +OK :3 $3 foo");
  BOOST_TEST(send("MULTI", "INCR a", "CLIENT REPLY SKIP", "EXEC", "PING", "ECHO x") ==
             "+OK +QUEUED +QUEUED *2 :4 $1 x");
}

BOOST_AUTO_TEST_CASE(what_no_counter_can_be_called_stays_missing) {
  BOOST_TEST(send("WATCH \"\" \"a\\x01b\"", "MULTI", "INCR a", "EXEC") == "+OK +OK +QUEUED *1 :1");
  BOOST_TEST(send("WATCH \"\" a", "INCR a", "MULTI", "INCR a", "EXEC") == "+OK :2 +OK +QUEUED *-1");
}

// ---- bounds

BOOST_AUTO_TEST_CASE(only_so_many_counters_can_be_watched) {
  std::string names;
  for (std::size_t place = 0; place < resp_limits::watched_counters; ++place) names += " n" + std::to_string(place);
  const std::string refusal = "-ERR too many watched counters";
  BOOST_TEST(send("WATCH" + names + " more", "MULTI", "INCR n0", "EXEC") == refusal + " +OK +QUEUED " + aborted);
  BOOST_TEST(send("WATCH" + names, "WATCH more", "UNWATCH", "WATCH more") == "+OK " + refusal + " +OK +OK");
  BOOST_TEST(send("UNWATCH", "WATCH" + names, "MULTI", "INCR n0", "EXEC") == "+OK +OK +OK +QUEUED *1 :1");
}

BOOST_AUTO_TEST_CASE(a_transaction_that_is_too_large_is_refused_as_soon_as_it_is) {
  const std::string refusal = "-ERR the transaction is too large";
  std::string replies = send("MULTI", times(1921, "INCR a\n"), "EXEC");
  BOOST_TEST(replies.find(refusal) != replies.npos);
  BOOST_TEST(replies.ends_with(aborted));
  const std::string text = "ECHO " + std::string(30'000, 'x');
  replies = send("MULTI", text, text, text, "INCR a", "EXEC");
  BOOST_TEST(replies == "+OK +QUEUED +QUEUED " + refusal + " +QUEUED " + aborted);
  BOOST_TEST(group.counters() == 0u);
  BOOST_TEST(send("MULTI", times(1920, "INCR a\n"), "EXEC").ends_with(" :1920"));
}

BOOST_AUTO_TEST_CASE(as_much_as_it_may_have_is_one_request) {
  const std::string name(200, 'n');
  const std::string script = "EVALSHA 81dbecea94d2d10514719b20ed51faf711529d9d 1 ";
  for (const std::string& kind : std::vector<std::string>{"SET " + name + " 1 GET", script + name + " 1 5", "RANDOMKEY",
                                                          "KEYS *", "SCAN 0 COUNT 1000", "INFO"}) {
    send("MULTI");
    std::size_t commands = 0;
    while (send(kind) == "+QUEUED") ++commands;
    send("DISCARD");
    const std::size_t before = group.requests;
    const std::string replies = send("MULTI", times(commands, kind + '\n'), "EXEC");
    BOOST_TEST(replies.find("-TRYAGAIN") == replies.npos, kind);
    BOOST_TEST(replies.find(" *" + std::to_string(commands) + ' ') != replies.npos, kind);
    BOOST_TEST(group.requests - before == 1u, kind);
  }
}

BOOST_AUTO_TEST_CASE(a_transaction_that_fits_no_more_goes_with_the_next_request) {
  const std::string transaction = "MULTI\n" + times(400, "INCR a\n") + "EXEC\n";
  std::string replies = send(times(3900, "INCR a\n"), transaction, "PING");
  BOOST_TEST(group.requests == 2u);
  BOOST_TEST(replies.ends_with(":4300 +PONG"));
}

BOOST_AUTO_TEST_CASE(names_are_listed_in_it_as_far_as_there_is_room) {
  for (int count = 0; count < 5; ++count) group.answer(OperationKind::set, "n" + std::to_string(count), 1);
  BOOST_TEST(send("MULTI", "SCAN 0 COUNT 2", "KEYS n[01]", "RANDOMKEY", "DBSIZE", "EXEC")
                 .ends_with("*4 *2 $1 4 *2 $2 n4 $2 n3 *2 $2 n1 $2 n0 $2 n4 :5"));
  for (int count = 0; count < 2000; ++count) group.answer(OperationKind::set, "m" + std::to_string(count), 1);
  const std::string turns = "-ERR this is done in several turns, which a transaction has no room for; send it alone";
  const std::string room = "-ERR a transaction has no room for so many names";
  BOOST_TEST(send("MULTI", "KEYS n*", "EXEC").ends_with("*1 " + turns));
  BOOST_TEST(send("MULTI", "KEYS n*", "KEYS n*", "KEYS n*", "RANDOMKEY", "SCAN 0", "DBSIZE", "EXEC")
                 .ends_with("*6 " + turns + " " + turns + " " + room + " " + room + " " + room + " :2005"));
}

BOOST_AUTO_TEST_SUITE_END()
