// SPDX-License-Identifier: Apache-2.0
// The conversation with a Redis client: what is asked together and what has to wait, in which order
// the replies leave, whom they are kept from, and what bounds it. The expected replies are those of
// Redis 7.0.15, to which the same was sent, wherever it has one.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "bridge/resp/limits.h"
#include "protocol/limits.h"
#include "resp_fixture.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::resp;
using namespace std::string_literals;

namespace {

std::string command(const std::vector<std::string>& words) {
  std::string bytes;
  ReplyWriter writer(bytes, Protocol::resp2);
  writer.array(words.size());
  for (const std::string& word : words) writer.bulk_string(word);
  return bytes;
}

}  // namespace

// ---- together

BOOST_FIXTURE_TEST_SUITE(resp_session_order, Conversation)

BOOST_AUTO_TEST_CASE(replies_leave_in_the_order_of_their_commands_whoever_makes_them) {
  BOOST_TEST(send("PING", "INCR a", "ECHO x", "GET a", "INCRBY a x", "DEL a", "PING") ==
             "+PONG :1 $1 x $1 1 -ERR value is not an integer or out of range :1 +PONG");
}

BOOST_AUTO_TEST_CASE(the_commands_of_one_read_are_one_request) {
  BOOST_TEST(requests("INCR a", "PING", "SET b 2 GET", "MGET a b", "EXISTS a b c", "SCAN 0", "INFO", "TTL a") == 1u);
  BOOST_TEST(requests("INCR a") == 1u);
}

BOOST_AUTO_TEST_CASE(what_needs_no_answer_asks_nobody) {
  BOOST_TEST(requests("PING", "ECHO x", "NOSUCH", "GET", "CLIENT ID", "COMMAND COUNT", "MULTI", "INCR a", "DISCARD") ==
             0u);
  BOOST_TEST(send("PING") == "+PONG");
}

BOOST_AUTO_TEST_CASE(no_reply_leaves_before_the_one_that_the_group_has_to_answer) {
  client.take("PING\nINCR a\nPING\n");
  BOOST_TEST(client.session.output() == "+PONG\r\n");
  BOOST_TEST(client.session.asks());
  client.answer_question();
  BOOST_TEST(client.session.output() == "+PONG\r\n:1\r\n+PONG\r\n");
  BOOST_TEST(!client.session.asks());
}

BOOST_AUTO_TEST_CASE(a_command_that_is_not_whole_is_left_where_it_is) {
  client.take("PING\n*2\r\n$4\r\nINCR\r\n$1\r\n");
  BOOST_TEST(client.go_on() == "+PONG\r\n");
  BOOST_TEST(client.buffer == "*2\r\n$4\r\nINCR\r\n$1\r\n");
  BOOST_TEST(client.send_bytes("a\r\n") == ":1\r\n");
  BOOST_TEST(client.buffer.empty());
}

BOOST_AUTO_TEST_CASE(the_replies_are_the_same_however_the_commands_are_divided) {
  const std::string bytes =
      "INCR a\nWATCH a b\nGET a\nMULTI\nINCR a\nECHO \"x y\"\nEXEC\nKEYS *\nSET b 5 EX 100\nTTL b\nRANDOMKEY\n"
      "WATCH b\nINCR b\nMULTI\nGET b\nEXEC\nNOSUCH\nCLIENT REPLY SKIP\nINCR b\nGET b\nFLUSHALL\n" +
      command({"MSET", "c", "1", "d", "2"}) + "DBSIZE\nQUIT\n";
  client.host.its_rules.writers_may_flush = true;
  const std::string whole = client.send_bytes(bytes);
  BOOST_TEST(whole.ends_with("+OK\r\n:2\r\n+OK\r\n"));
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    Conversation other;
    other.client.host.its_rules.writers_may_flush = true;
    std::string replies;
    for (std::size_t place = 0; place < bytes.size(); place += size)
      replies += other.client.send_bytes(std::string_view(bytes).substr(place, size));
    BOOST_TEST_REQUIRE(replies == whole, "in pieces of " << size << ": " << replies);
  }
}

BOOST_AUTO_TEST_CASE(each_command_counts_and_each_error_by_its_kind) {
  send("PING", "INCR a", "MULTI", "INCR a", "EXEC", "NOSUCH", "GET", "INCRBY a x");
  BOOST_TEST(client.host.commands == 6u);
  BOOST_TEST(client.host.errors_of(ErrorReply::other) == 3u);
  group.fail(CallOutcome::not_applied, CallError::unavailable);
  group.fail(CallOutcome::unknown);
  send("INCR a", "INCR b");
  send("INCR a");
  BOOST_TEST(client.host.errors_of(ErrorReply::unavailable) == 2u);
  BOOST_TEST(client.host.errors_of(ErrorReply::unknown) == 1u);
  send("GET \"");
  BOOST_TEST(client.host.errors_of(ErrorReply::protocol) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

// ---- what waits

BOOST_FIXTURE_TEST_SUITE(resp_session_waiting, Conversation)

BOOST_AUTO_TEST_CASE(a_walk_through_all_names_asks_alone) {
  client.host.its_rules.writers_may_flush = true;
  BOOST_TEST(requests("INCR a", "KEYS *", "INCR b") == 3u);
  client.host.its_random = 1;  // not the newest, so it asks twice
  BOOST_TEST(requests("INCR a", "RANDOMKEY", "INCR b") == 4u);
  BOOST_TEST(requests("INCR a", "FLUSHALL", "INCR b") == 3u);
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_while_a_walk_is_under_way) {
  send("MSET a 1 b 2");
  client.take("KEYS *\nPING\nINCR a\n");
  BOOST_TEST(client.session.asks());
  BOOST_TEST(client.buffer == "PING\nINCR a\n");
  BOOST_TEST(client.session.receive(client.buffer) == 0u);
  BOOST_TEST(client.go_on() == "*2\r\n$1\r\nb\r\n$1\r\na\r\n+PONG\r\n:2\r\n");
}

BOOST_AUTO_TEST_CASE(a_walk_asks_until_it_has_seen_all_and_others_come_between) {
  for (std::size_t count = 0; count < 2500; ++count) group.answer(OperationKind::set, "n" + std::to_string(count), 1);
  client.take("KEYS n*\n");
  client.answer_question();
  BOOST_TEST(client.session.asks());
  group.answer(OperationKind::remove, "n0");
  const std::string names = client.go_on();
  BOOST_TEST(names.starts_with("*2499\r\n"));
  BOOST_TEST(names.find("\r\nn0\r\n") == names.npos);
  BOOST_TEST(group.requests == 3u);
}

BOOST_AUTO_TEST_CASE(what_follows_watch_waits_for_it) {
  BOOST_TEST(requests("INCR a", "WATCH a", "INCR a") == 2u);
  BOOST_TEST(requests("WATCH a", "PING", "INCR a") == 2u);
  BOOST_TEST(requests("WATCH a", "UNWATCH", "INCR a") == 2u);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_into_one_request_goes_with_the_next) {
  // By the number of operations, by their texts, and by the size of what is answered.
  const std::size_t operations = limits::request_operations;
  BOOST_TEST(requests(times(operations + 100, "INCR a\n")) == 2u);
  const std::string name(limits::name_bytes, 'n');
  BOOST_TEST(requests(times(1000, "INCR " + name + "\n")) == 1u);
  BOOST_TEST(requests(times(2000, "INCR " + name + "\n")) == 2u);
  BOOST_TEST(requests("SCAN 0 COUNT 1000", "INCR a", "SCAN 0 COUNT 1000", "INCR a") == 3u);
}

BOOST_AUTO_TEST_CASE(each_counter_of_a_command_counts_for_its_room) {
  std::string names;
  for (std::size_t place = 0; place < 3000; ++place) names += " n" + std::to_string(place);
  BOOST_TEST(requests("MGET" + names, "EXISTS" + names, "DEL" + names) == 3u);
}

BOOST_AUTO_TEST_CASE(a_command_whose_names_are_asked_for_twice_has_room_or_waits) {
  const auto name = [](std::size_t number) {
    const std::string digits = std::to_string(number);
    return std::string(limits::name_bytes - digits.size(), 'n') + digits;
  };
  std::vector<std::string> words{"MSETNX"};
  for (std::size_t place = 0; place < 700; ++place) words.insert(words.end(), {name(place), "1"});
  const std::string replies = client.send_bytes(times(600, "INCR " + name(1000) + "\n") + command(words));
  BOOST_TEST(replies.ends_with(":600\r\n:1\r\n"));
  BOOST_TEST(group.requests == 2u);
}

// Otherwise it would wait for ever, with replies off: nobody asks, and nothing is said.
BOOST_AUTO_TEST_CASE(a_walk_does_not_wait_for_what_asks_nobody) {
  client.host.its_rules.writers_may_flush = true;
  group.answer(OperationKind::set, "a", 1);
  send("CLIENT REPLY OFF", "WATCH \"\"", "FLUSHALL");
  BOOST_TEST(client.buffer.empty());
  BOOST_TEST(group.counters() == 0u);
  group.answer(OperationKind::set, "a", 1);
  send("MULTI", "PING", "EXEC", "FLUSHALL");
  BOOST_TEST(client.buffer.empty());
  BOOST_TEST(group.counters() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

// ---- CLIENT REPLY

BOOST_FIXTURE_TEST_SUITE(resp_session_silence, Conversation)

BOOST_AUTO_TEST_CASE(with_replies_off_commands_are_executed_and_not_answered) {
  BOOST_TEST(send("INCR a", "CLIENT REPLY OFF", "INCR a", "NOSUCH", "KEYS *", "WATCH a", "PING") == ":1");
  BOOST_TEST(send("INCR a", "MULTI", "INCR a", "EXEC") == "");
  BOOST_TEST(send("INCR a", "CLIENT REPLY ON", "INCR a") == "+OK :5");
}

BOOST_AUTO_TEST_CASE(a_reply_is_skipped_once_whatever_the_command_is) {
  BOOST_TEST(send("CLIENT REPLY SKIP", "INCR a", "INCR a") == ":2");
  BOOST_TEST(send("CLIENT REPLY SKIP", "PING", "PING") == "+PONG");
  BOOST_TEST(send("CLIENT REPLY SKIP", "NOSUCH", "PING") == "+PONG");
  BOOST_TEST(send("CLIENT REPLY SKIP", "GET", "PING") == "+PONG");
  BOOST_TEST(send("CLIENT REPLY SKIP", "CLIENT REPLY NO", "PING") == "+PONG");
  BOOST_TEST(send("CLIENT REPLY SKIP", "MULTI", "INCR a", "EXEC") == "+QUEUED *1 :3");
  BOOST_TEST(send("MULTI", "INCR a", "CLIENT REPLY SKIP", "EXEC", "PING", "PING") == "+OK +QUEUED +QUEUED *2 :4 +PONG");
}

BOOST_AUTO_TEST_CASE(a_reply_that_takes_several_turns_is_skipped_too) {
  send("MSET a 1 b 2");
  BOOST_TEST(send("CLIENT REPLY SKIP", "KEYS *", "PING") == "+PONG");
  BOOST_TEST(send("CLIENT REPLY SKIP", "RANDOMKEY", "PING") == "+PONG");
  group.fail(CallOutcome::unknown);
  BOOST_TEST(send("CLIENT REPLY SKIP", "KEYS *", "PING") == "+PONG");
}

BOOST_AUTO_TEST_CASE(skipping_and_switching_may_come_together) {
  BOOST_TEST(send("CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "PING", "ECHO x") == "$1 x");
  BOOST_TEST(send("CLIENT REPLY SKIP", "CLIENT REPLY ON", "PING") == "+OK +PONG");
  BOOST_TEST(send("CLIENT REPLY OFF", "CLIENT REPLY SKIP", "PING", "CLIENT REPLY ON") == "+OK");
}

BOOST_AUTO_TEST_CASE(reset_ends_the_silence_but_not_a_skipped_reply) {
  BOOST_TEST(send("CLIENT REPLY OFF", "RESET", "PING") == "+RESET +PONG");
  BOOST_TEST(send("CLIENT REPLY SKIP", "RESET", "PING") == "+PONG");
}

BOOST_AUTO_TEST_CASE(who_is_silent_when_it_asks_stays_so_when_the_answer_comes) {
  client.take("CLIENT REPLY SKIP\nINCR a\nINCR a\n");
  client.answer_question();
  BOOST_TEST(client.go_on() == ":2\r\n");
  client.take("INCR a\nCLIENT REPLY OFF\nINCR a\n");
  BOOST_TEST(client.go_on() == ":3\r\n");
}

BOOST_AUTO_TEST_SUITE_END()

// ---- RESP3

BOOST_FIXTURE_TEST_SUITE(resp_session_protocol, Conversation)

BOOST_AUTO_TEST_CASE(hello_says_who_is_there_in_the_version_that_was_chosen) {
  const std::string facts = " $6 server $5 redis $7 version $6 7.0.15 $5 proto :";
  const std::string rest = " $2 id :7 $4 mode $10 standalone $4 role $6 master $7 modules *0";
  BOOST_TEST(send("HELLO") == "*14" + facts + "2" + rest);
  BOOST_TEST(send("HELLO 3") == "%7" + facts + "3" + rest);
  BOOST_TEST(send("HELLO") == "%7" + facts + "3" + rest);
  BOOST_TEST(send("HELLO 2") == "*14" + facts + "2" + rest);
}

BOOST_AUTO_TEST_CASE(a_version_that_is_none_changes_nothing) {
  send("HELLO 3");
  BOOST_TEST(send("HELLO 4", "GET a") == "-NOPROTO unsupported protocol version _");
  BOOST_TEST(send("HELLO x", "GET a") == "-ERR Protocol version is not an integer or out of range _");
  BOOST_TEST(send("HELLO 2 FOO", "GET a") == "-ERR Syntax error in HELLO option 'FOO' _");
  BOOST_TEST(send("HELLO 2 SETNAME \"a b\"", "GET a") ==
             "-ERR Client names cannot contain spaces, newlines or special characters. _");
  BOOST_TEST(send("HELLO 3 SETNAME me AUTH default x", "CLIENT GETNAME").ends_with("$2 me"));
}

BOOST_AUTO_TEST_CASE(a_reply_has_the_version_of_when_its_command_came) {
  const std::string replies = send("GET a", "HELLO 3", "GET a", "CONFIG GET port", "RESET", "GET a", "CONFIG GET port");
  BOOST_TEST(replies.starts_with("$-1 %7 "));
  BOOST_TEST(replies.ends_with(" _ %1 $4 port $1 0 +RESET $-1 *2 $4 port $1 0"));
}

BOOST_AUTO_TEST_CASE(what_resp2_has_no_type_for_has_one_in_resp3) {
  const auto both = [&](const std::string& what) {
    send("HELLO 2");
    const std::string old_one = send(what);
    send("HELLO 3");
    return old_one + " / " + send(what);
  };
  BOOST_TEST(both("GET a") == "$-1 / _");
  BOOST_TEST(both("MGET a b") == "*2 $-1 $-1 / *2 _ _");
  BOOST_TEST(both("OBJECT ENCODING a") == "$-1 / _");
  BOOST_TEST(both("RANDOMKEY") == "$-1 / _");
  BOOST_TEST(both("CLIENT GETNAME") == "$-1 / _");
  BOOST_TEST(both("INFO cluster") == "$30 # Cluster cluster_enabled:0  / =34 txt:# Cluster cluster_enabled:0 ");
  BOOST_TEST(both("COMMAND INFO nope") == "*1 $-1 / *1 _");
  BOOST_TEST(both("COMMAND INFO get") ==
             "*1 *10 $3 get :2 *1 +readonly :1 :1 :1 *0 *0 *0 *0 / *1 *10 $3 get :2 ~1 +readonly :1 :1 :1 ~0 *0 *0 *0");
  BOOST_TEST(both("COMMAND DOCS echo nope") ==
             "*2 $4 echo *2 $7 summary $21 answers what was sent / "
             "%1 $4 echo %1 $7 summary $21 answers what was sent");
  BOOST_TEST(both("SET a 1 XX") == "$-1 / _");
}

BOOST_AUTO_TEST_SUITE_END()

// ---- who may what

namespace {

Rules with_password() {
  Rules rules;
  rules.password = "secret";
  rules.users = {{"reader", "r:pass", {.read = true}}, {"adder", "a", {.add = true}}, {"chief", "c", {.admin = true}}};
  return rules;
}

struct Guarded {
  FakeGroup group;
  FakeClient client{group, with_password()};
  template <class... Commands>
  std::string send(const Commands&... commands) {
    return client.send(commands...);
  }
};

const std::string noauth = "-NOAUTH Authentication required.";
const std::string wrongpass = "-WRONGPASS invalid username-password pair or user is disabled.";
std::string noperm(const std::string& name) {
  return "-NOPERM this user has no permissions to run the '" + name + "' command";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resp_session_rights, Guarded)

BOOST_AUTO_TEST_CASE(a_stranger_may_only_say_who_it_is_or_go) {
  BOOST_TEST(client.session.is_stranger());
  BOOST_TEST(send("GET a", "PING", "MULTI", "EXEC", "CLIENT ID") ==
             noauth + " " + noauth + " " + noauth + " " + noauth + " " + noauth);
  BOOST_TEST(send("NOSUCH").starts_with("-ERR unknown command"));
  BOOST_TEST(send("HELLO 3").starts_with("-NOAUTH HELLO must be called with the client already authenticated"));
  BOOST_TEST(send("RESET") == "+RESET");
  BOOST_TEST(group.requests == 0u);
  BOOST_TEST(client.host.errors_of(ErrorReply::auth) == 6u);
  BOOST_TEST(send("QUIT") == "+OK");
  BOOST_TEST(client.session.ends());
}

BOOST_AUTO_TEST_CASE(whoever_knows_a_password_is_let_in) {
  BOOST_TEST(send("AUTH wrong", "AUTH", "AUTH reader wrong", "AUTH nobody secret", "PING") ==
             wrongpass + " -ERR wrong number of arguments for 'auth' command " + wrongpass + " " + wrongpass + " " +
                 noauth);
  BOOST_TEST(send("AUTH secret", "INCR a") == "+OK :1");
  BOOST_TEST(!client.session.is_stranger());
  BOOST_TEST(send("AUTH reader r:pass", "GET a", "AUTH default secret", "INCR a") == "+OK $1 1 +OK :2");
  BOOST_TEST(send("AUTH a b c") == "-ERR syntax error");
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_leaves_who_it_was) {
  BOOST_TEST(send("AUTH reader r:pass", "AUTH default wrong", "GET a", "INCR a") ==
             "+OK " + wrongpass + " $-1 " + noperm("incr"));
}

BOOST_AUTO_TEST_CASE(hello_lets_in_as_well) {
  BOOST_TEST(send("HELLO 3 AUTH reader wrong", "GET a") == wrongpass + " " + noauth);
  BOOST_TEST(send("HELLO 3 AUTH reader r:pass SETNAME it", "GET a", "CLIENT GETNAME").ends_with("*0 _ $2 it"));
}

BOOST_AUTO_TEST_CASE(each_right_opens_its_commands_and_no_others) {
  send("AUTH reader r:pass");
  BOOST_TEST(send("GET a", "TTL a", "DBSIZE", "KEYS *") == "$-1 :-2 :0 *0");
  BOOST_TEST(send("INCR a", "SET a 1", "TALLY.INCRBY a 1 IDEMPOTENCY t", "EVALSHA x 0", "EXPIRE a 1", "FLUSHALL") ==
             noperm("incr") + " " + noperm("set") + " " + noperm("tally.incrby") + " " + noperm("evalsha") + " " +
                 noperm("expire") + " " + noperm("flushall"));
  send("AUTH adder a");
  BOOST_TEST(send("INCR a", "GET a", "DEL a", "WATCH a") ==
             ":1 " + noperm("get") + " " + noperm("del") + " " + noperm("watch"));
  send("AUTH chief c");
  BOOST_TEST(send("FLUSHALL", "GET a", "PING", "CLIENT ID") == "+OK " + noperm("get") + " +PONG :7");
  BOOST_TEST(group.counters() == 0u);
}

BOOST_AUTO_TEST_CASE(who_may_write_may_remove_all_only_where_the_rules_say_so) {
  send("AUTH secret", "INCR a");
  BOOST_TEST(send("FLUSHDB") == noperm("flushdb"));
  client.host.its_rules.writers_may_flush = true;
  BOOST_TEST(send("FLUSHDB", "DBSIZE") == "+OK :0");
  BOOST_TEST(send("AUTH reader r:pass", "FLUSHDB") == "+OK " + noperm("flushdb"));
}

BOOST_AUTO_TEST_CASE(without_a_password_everybody_may_do_all_but_remove_all) {
  FakeClient other(group);
  BOOST_TEST(!other.session.is_stranger());
  BOOST_TEST(other.send("SET a 1", "INCR a", "GET a", "FLUSHALL") == "+OK :2 $1 2 " + noperm("flushall"));
  BOOST_TEST(other.send("AUTH x").starts_with("-ERR AUTH <password> called without any password configured"));
  BOOST_TEST(other.send("AUTH default x", "AUTH nobody x") == "+OK " + wrongpass);
}

BOOST_AUTO_TEST_CASE(with_users_alone_there_is_no_default_user) {
  Rules rules = with_password();
  rules.password.clear();
  FakeClient other(group, rules);
  BOOST_TEST(other.send("AUTH secret", "AUTH default x", "PING") == wrongpass + " " + wrongpass + " " + noauth);
  BOOST_TEST(other.send("AUTH adder a", "INCR a") == "+OK :1");
}

BOOST_AUTO_TEST_CASE(reset_makes_a_stranger_again) {
  BOOST_TEST(send("AUTH secret", "INCR a", "RESET", "INCR a") == "+OK :1 +RESET " + noauth);
  BOOST_TEST(client.session.is_stranger());
}

BOOST_AUTO_TEST_CASE(a_transaction_is_executed_with_the_rights_of_when_it_is) {
  BOOST_TEST(send("AUTH secret", "MULTI", "AUTH reader r:pass", "INCR a", "GET a", "EXEC") ==
             "+OK +OK +QUEUED +QUEUED +QUEUED *3 +OK " + noperm("incr") + " $-1");
}

BOOST_AUTO_TEST_CASE(a_command_that_is_not_allowed_spoils_its_transaction) {
  send("AUTH reader r:pass");
  BOOST_TEST(send("MULTI", "INCR a", "GET a", "EXEC") ==
             "+OK " + noperm("incr") + " +QUEUED -EXECABORT Transaction discarded because of previous errors.");
}

BOOST_AUTO_TEST_CASE(large_commands_are_read_only_of_those_that_are_let_in) {
  const std::string large = command({"ECHO", std::string(20'000, 'x')});
  BOOST_TEST(client.send_bytes("AUTH secret\n" + large).starts_with("+OK\r\n$20000\r\n"));
  BOOST_TEST(client.send_bytes("RESET\n" + large) == "+RESET\r\n-ERR Protocol error: unauthenticated bulk length\r\n");
  BOOST_TEST(client.session.ends());
}

BOOST_AUTO_TEST_SUITE_END()

// ---- the end

BOOST_FIXTURE_TEST_SUITE(resp_session_end, Conversation)

BOOST_AUTO_TEST_CASE(nothing_behind_quit_is_taken) {
  BOOST_TEST(send("INCR a", "QUIT", "INCR a") == ":1 +OK");
  BOOST_TEST(client.session.ends());
  BOOST_TEST(!client.session.ends_silently());
  BOOST_TEST(group.answer(OperationKind::get, "a").value == 1);
  BOOST_TEST(client.buffer == "INCR a\n");
}

BOOST_AUTO_TEST_CASE(a_protocol_error_is_told_behind_the_replies_that_are_still_owed) {
  BOOST_TEST(client.send_bytes("INCR a\nPING\n*1\r\nPING\r\n") ==
             ":1\r\n+PONG\r\n-ERR Protocol error: expected '$', got 'P'\r\n");
  BOOST_TEST(client.session.ends());
  BOOST_TEST(!client.session.ends_silently());
}

BOOST_AUTO_TEST_CASE(a_protocol_error_behind_a_walk_is_told_behind_it) {
  BOOST_TEST(client.send_bytes("INCR a\nKEYS *\nECHO \"\n") ==
             ":1\r\n*1\r\n$1\r\na\r\n-ERR Protocol error: unbalanced quotes in request\r\n");
}

BOOST_AUTO_TEST_CASE(a_browser_gets_no_answer_and_what_it_wants_counted_is_not) {
  client.take("INCR a\nPOST / HTTP/1.1\r\n");
  BOOST_TEST(client.session.ends_silently());
  BOOST_TEST(client.session.ends());
}

BOOST_AUTO_TEST_CASE(a_client_that_ends_its_own_connection_is_told_so_first) {
  BOOST_TEST(send("INCR a", "CLIENT KILL 127.0.0.1:1", "CLIENT KILL 127.0.0.1:5555", "INCR a") ==
             ":1 -ERR No such client +OK");
  BOOST_TEST(client.session.ends());
}

BOOST_AUTO_TEST_CASE(reset_between_open_questions_begins_anew_and_keeps_the_replies_before) {
  BOOST_TEST(send("HELLO 3 SETNAME me").starts_with("%7"));
  BOOST_TEST(send("GET a", "MULTI", "INCR a", "RESET", "GET a", "CLIENT GETNAME", "EXEC") ==
             "_ +OK +QUEUED +RESET $-1 $-1 -ERR EXEC without MULTI");
}

BOOST_AUTO_TEST_SUITE_END()

// ---- bounds

BOOST_FIXTURE_TEST_SUITE(resp_session_bounds, Conversation)

BOOST_AUTO_TEST_CASE(no_more_commands_are_taken_while_the_output_is_long_and_they_go_on_afterwards) {
  const std::string text(10'000, 'x');
  const std::string all = times(30, command({"ECHO", text}));
  client.take(all);
  BOOST_TEST(!client.buffer.empty());
  BOOST_TEST(client.session.output().size() >= resp_limits::output_bytes);
  BOOST_TEST(client.session.output().size() < resp_limits::output_bytes + text.size() + 100);
  BOOST_TEST(client.session.receive(client.buffer) == 0u);
  BOOST_TEST(client.go_on() == times(30, "$10000\r\n" + text + "\r\n"));
  BOOST_TEST(client.buffer.empty());
}

BOOST_AUTO_TEST_CASE(replies_behind_a_question_count_as_output) {
  const std::string text(10'000, 'x');
  client.take("INCR a\n" + times(30, command({"ECHO", text})));
  BOOST_TEST(client.buffer.size() > 22 * text.size());
  BOOST_TEST(client.go_on() == ":1\r\n" + times(30, "$10000\r\n" + text + "\r\n"));
}

BOOST_AUTO_TEST_CASE(commands_behind_a_long_reply_of_the_group_are_taken_when_it_has_left) {
  for (int count = 0; count < 600; ++count)
    group.answer(OperationKind::set, std::string(200, 'n') + std::to_string(count), 1);
  const std::string replies = client.send_bytes("KEYS *\nPING\nINCR a\n");
  BOOST_TEST(replies.size() > resp_limits::output_bytes);
  BOOST_TEST(replies.ends_with("\r\n+PONG\r\n:1\r\n"));
}

BOOST_AUTO_TEST_CASE(keys_refuses_to_answer_more_than_its_bound) {
  for (std::size_t count = 0; count <= resp_limits::keys_names; ++count)
    group.answer(OperationKind::set, std::to_string(count), 1);
  BOOST_TEST(send("KEYS *") == "-ERR more names match than one reply may have; use SCAN");
  BOOST_TEST(send("KEYS 9*").starts_with("*11111 "));
  BOOST_TEST(client.send_bytes("KEYS ?*\n").starts_with("-ERR more names"));
  group.answer(OperationKind::remove, "0");
  BOOST_TEST(client.send_bytes("KEYS *\n").starts_with("*100000\r\n"));
}

BOOST_AUTO_TEST_CASE(a_refused_walk_leaves_nothing_behind) {
  for (std::size_t count = 0; count < 2500; ++count) group.answer(OperationKind::set, std::to_string(count), 1);
  client.take("KEYS *\n");
  client.answer_question();
  group.fail(CallOutcome::not_applied, CallError::undecided);
  BOOST_TEST(client.go_on() == "-TRYAGAIN nothing was applied: the group is halted until an operator resumes it\r\n");
  BOOST_TEST(send("GET 7", "DBSIZE") == "$1 1 :2500");
}

BOOST_AUTO_TEST_CASE(more_than_one_request_may_have_is_refused_at_once) {
  const std::string refusal = "-ERR these names are more than one request of the group may have";
  const auto words = [](const std::string& first, std::size_t count, std::size_t bytes, const std::string& behind) {
    std::vector<std::string> all{first};
    for (std::size_t place = 0; place < count; ++place) {
      const std::string number = std::to_string(place);
      all.push_back(std::string(bytes - std::min(bytes, number.size()), 'n') + number);
      if (!behind.empty()) all.push_back(behind);
    }
    return command(all);
  };
  for (const std::string kind : {"MGET", "DEL", "EXISTS", "TOUCH", "UNLINK"}) {
    BOOST_TEST(client.in_one_line(client.send_bytes(words(kind, 4097, 4, ""))) == refusal);
    BOOST_TEST(client.in_one_line(client.send_bytes(words(kind, 4096, 256, ""))) == refusal);
    BOOST_TEST(!client.send_bytes(words(kind, 4096, 4, "")).starts_with('-'));
  }
  for (const std::string kind : {"MSET", "MSETNX"}) {
    BOOST_TEST(client.in_one_line(client.send_bytes(words(kind, 4097, 4, "1"))) == refusal);
    BOOST_TEST(client.in_one_line(client.send_bytes(words(kind, 3000, 256, "1"))) == refusal);
  }
  BOOST_TEST(client.send_bytes(words("MSETNX", 2048, 4, "1")) == ":1\r\n");
  BOOST_TEST(client.send_bytes(words("MSET", 4096, 4, "1")) == "+OK\r\n");
}

BOOST_AUTO_TEST_CASE(what_a_session_holds_is_known) {
  const std::size_t idle = client.session.held_bytes();
  BOOST_TEST(idle < 4096u);
  client.take("MULTI\n" + times(6, command({"ECHO", std::string(10'000, 'x')})));
  BOOST_TEST(client.session.held_bytes() > 60'000u);
  client.take("DISCARD\n");
  client.go_on();
  BOOST_TEST(client.session.held_bytes() < 4096u);
  client.take("SCAN 0 MATCH " + std::string(50'000, 'x') + "\n");
  BOOST_TEST(client.session.held_bytes() > 50'000u);
  client.go_on();
  for (int count = 0; count < 1500; ++count)
    group.answer(OperationKind::set, std::string(200, 'n') + std::to_string(count), 1);
  client.take("KEYS *\n");
  client.answer_question();
  BOOST_TEST(client.session.held_bytes() > 200'000u);
  client.go_on();
  client.take(times(500, "INFO\n"));
  BOOST_TEST(client.session.held_bytes() > resp_limits::output_bytes);
}

BOOST_AUTO_TEST_CASE(what_a_session_held_for_much_it_gives_back) {
  send(times(4000, "INCR a\n"));
  BOOST_TEST(client.session.held_bytes() < resp_limits::free_bytes);
  send("CLIENT REPLY OFF", times(3, "COMMAND DOCS\n"), "CLIENT REPLY ON");
  BOOST_TEST(client.session.held_bytes() < resp_limits::free_bytes);
  for (int count = 0; count < 3000; ++count)
    group.answer(OperationKind::set, std::string(200, 'n') + std::to_string(count), 1);
  send("KEYS *");
  BOOST_TEST(client.session.held_bytes() < resp_limits::free_bytes);
  send("CLIENT REPLY OFF", "KEYS *", "CLIENT REPLY ON");
  BOOST_TEST(client.session.held_bytes() < resp_limits::free_bytes);
}

BOOST_AUTO_TEST_CASE(watches_that_failed_are_not_held) {
  const std::string name(200, 'n');
  for (int count = 0; count < 1000; ++count) {
    group.fail(CallOutcome::not_applied, CallError::unavailable);
    BOOST_TEST(send("WATCH " + name).starts_with("-TRYAGAIN"));
  }
  BOOST_TEST(client.session.held_bytes() < resp_limits::free_bytes);
}

BOOST_AUTO_TEST_SUITE_END()
