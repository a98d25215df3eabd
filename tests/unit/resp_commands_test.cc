// SPDX-License-Identifier: Apache-2.0
// What single commands of Redis clients do and are answered, refusals of the group included. The
// expected replies are those of Redis 7.0.15, to which the same was sent, wherever it has one.
#include <boost/test/unit_test.hpp>
#include <string>

#include "protocol/limits.h"
#include "resp_fixture.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::resp;

namespace {

const std::string no_integer = "-ERR value is not an integer or out of range";
const std::string no_name = "-ERR a counter's name is 1 to 256 bytes of UTF-8 without control or format characters";
const std::string syntax = "-ERR syntax error";
const std::string full = "-OOM command not allowed when used memory > 'maxmemory'.";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resp_commands, Conversation)

// ---- counting

BOOST_AUTO_TEST_CASE(counters_count_up_and_down) {
  BOOST_TEST(send("INCR a", "INCRBY a 10", "DECR a", "DECRBY a 5", "INCRBY a -3", "DECRBY a -1") ==
             ":1 :11 :10 :5 :2 :3");
  BOOST_TEST(send("incr A", "GET A", "GET a") == ":1 $1 1 $1 3");
}

BOOST_AUTO_TEST_CASE(what_is_no_amount_is_refused_and_counts_nothing) {
  for (const std::string amount : {"x", "1.5", "+1", "01", "-0", "\"\"", "9223372036854775808", "\" 1\""})
    BOOST_TEST(send("INCRBY a " + amount) == no_integer, amount);
  BOOST_TEST(send("DECRBY a -9223372036854775808") == "-ERR decrement would overflow");
  BOOST_TEST(group.requests == 0u);
}

BOOST_AUTO_TEST_CASE(a_sum_that_overflows_is_refused) {
  BOOST_TEST(send("SET a 9223372036854775807", "INCR a", "DECRBY a -1", "GET a") ==
             "+OK -ERR increment or decrement would overflow -ERR increment or decrement would overflow "
             "$19 9223372036854775807");
}

BOOST_AUTO_TEST_CASE(the_same_token_counts_once) {
  BOOST_TEST(send("TALLY.INCRBY a 5 IDEMPOTENCY t", "INCR a", "tally.incrby a 5 idempotency t", "GET a") ==
             ":5 :6 :5 $1 6");
  BOOST_TEST(send("TALLY.INCRBY a 6 IDEMPOTENCY t") ==
             "-ERR this idempotency token came with another operation before");
  BOOST_TEST(send("MULTI", "TALLY.INCRBY a 5 IDEMPOTENCY t", "TALLY.INCRBY a 1 IDEMPOTENCY u", "EXEC") ==
             "+OK +QUEUED +QUEUED *2 :5 :7");
}

BOOST_AUTO_TEST_CASE(a_token_has_its_form_and_each_address_its_share_of_them) {
  const std::string bounds = "-ERR an idempotency token has 1 to 256 bytes";
  BOOST_TEST(send("TALLY.INCRBY a 1 IDEMPOTENCY \"\"", "TALLY.INCRBY a 1 IDEMPOTENCY " + std::string(257, 't')) ==
             bounds + " " + bounds);
  BOOST_TEST(send("TALLY.INCRBY a 1 IDEMPOTENCY " + std::string(256, 't'),
                  "TALLY.INCRBY a 1 IDEMPOTENCY \"\\x00\\xff \\r\\n\"") == ":1 :2");
  BOOST_TEST(send("TALLY.INCRBY a x IDEMPOTENCY t", "TALLY.INCRBY \"\" 1 IDEMPOTENCY t", "TALLY.INCRBY a 1 TOKEN t") ==
             no_integer + " " + no_name + " " + syntax);
  client.host.tokens = 1;
  BOOST_TEST(send("TALLY.INCRBY a 1 IDEMPOTENCY v", "TALLY.INCRBY a 1 IDEMPOTENCY w", "INCR a") ==
             ":3 -TRYAGAIN nothing was applied: too many idempotency tokens came from this address :4");
}

// ---- values

BOOST_AUTO_TEST_CASE(set_sets_under_its_conditions) {
  BOOST_TEST(send("SET a 1 XX", "SET a 1 NX", "SET a 2 NX", "SET a 2 XX", "GET a") == "$-1 +OK $-1 +OK $1 2");
  BOOST_TEST(send("SET a 3 GET", "SET b 1 GET", "SET a 4 NX GET", "SET c 1 XX GET", "MGET a b c") ==
             "$1 2 $-1 $1 3 $-1 *3 $1 3 $1 1 $-1");
  BOOST_TEST(send("SETNX a 9", "SETNX d 9", "GETSET a 5", "GETSET e 5", "GETDEL a", "GETDEL a") ==
             ":0 :1 $1 3 $-1 $1 5 $-1");
}

BOOST_AUTO_TEST_CASE(set_takes_one_expiry) {
  BOOST_TEST(send("SET a 1 EX 10", "PTTL a", "SET a 1 KEEPTTL", "PTTL a", "SET a 1", "PTTL a") ==
             "+OK :10000 +OK :10000 +OK :-1");
  BOOST_TEST(send("SET a 1 PX 1500", "PTTL a", "SETEX a 7 1", "TTL a", "PSETEX a 700 1", "PTTL a") ==
             "+OK :1500 +OK :7 +OK :700");
  BOOST_TEST(send("SET a 1 EXAT 1700000100", "TTL a", "EXPIRETIME a", "PEXPIRETIME a") ==
             "+OK :100 :1700000100 :1700000100000");
  BOOST_TEST(send("SET a 1 EX 10 EX 20", "TTL a") == "+OK :20");
  for (const std::string options : {"EX", "EX 10 PX 10", "EX 10 KEEPTTL", "KEEPTTL EX 10", "NX XX", "XX NX", "FOO"})
    BOOST_TEST(send("SET a 1 " + options) == syntax, options);
  for (const std::string time : {"EX 0", "EX -1", "PX 0", "EX 9223372036854775807", "PX 9223372036854775807"})
    BOOST_TEST(send("SET a 1 " + time) == "-ERR invalid expire time in 'set' command", time);
  BOOST_TEST(send("SET a 1 EX x", "SET a x", "SETEX a 0 1") ==
             no_integer + " " + no_integer + " -ERR invalid expire time in 'setex' command");
}

BOOST_AUTO_TEST_CASE(getex_answers_the_value_and_changes_the_expiry) {
  BOOST_TEST(send("SET a 1", "GETEX a", "TTL a", "GETEX a EX 10", "TTL a", "GETEX a", "TTL a", "GETEX a PERSIST",
                  "TTL a", "GETEX b EX 1") == "+OK $1 1 :-1 $1 1 :10 $1 1 :10 $1 1 :-1 $-1");
  BOOST_TEST(send("GETEX a EX 0", "GETEX b EX 0", "GETEX a EX x") ==
             "-ERR invalid expire time in 'getex' command $-1 " + no_integer);
  BOOST_TEST(send("GETEX a EX", "GETEX a PERSIST EX 1", "GETEX a EX 1 PERSIST", "GETEX a FOO") ==
             syntax + " " + syntax + " " + syntax + " " + syntax);
}

BOOST_AUTO_TEST_CASE(several_counters_are_set_together_or_not_at_all) {
  BOOST_TEST(send("MSET a 1 b 2 a 3", "MGET a b c") == "+OK *3 $1 3 $1 2 $-1");
  BOOST_TEST(send("MSETNX c 1 a 1 d 1", "MSETNX c 1 d 2", "MGET a c d") == ":0 :1 *3 $1 3 $1 1 $1 2");
  BOOST_TEST(send("MSET a 1 b", "MSETNX a 1 b", "MSET a 1 b x", "MSETNX e 1 \"\" 2", "EXISTS e") ==
             "-ERR wrong number of arguments for 'mset' command -ERR wrong number of arguments for 'msetnx' command " +
                 no_integer + " " + no_name + " :0");
}

BOOST_AUTO_TEST_CASE(what_is_there_is_told) {
  BOOST_TEST(send("MSET a -12 b 7", "STRLEN a", "STRLEN c", "TYPE a", "TYPE c", "OBJECT ENCODING a",
                  "OBJECT ENCODING c", "EXISTS a a c b", "TOUCH a c", "DEL a c b a",
                  "UNLINK a") == "+OK :3 :0 +string +none $3 int $-1 :3 :1 :2 :0");
}

// ---- names

BOOST_AUTO_TEST_CASE(what_no_counter_can_be_called_is_missing_when_it_is_asked_for) {
  for (const std::string name : {"\"\"", "\"a\\x00b\"", "\"\\xff\"", "\"a\\nb\""}) {
    BOOST_TEST(send("GET " + name, "MGET " + name + " a", "EXISTS " + name, "DEL " + name, "TTL " + name) ==
               "$-1 *2 $-1 $-1 :0 :0 :-2");
    BOOST_TEST(send("EXPIRE " + name + " 10", "PERSIST " + name, "TYPE " + name, "STRLEN " + name) == ":0 :0 +none :0");
    BOOST_TEST(send("GETDEL " + name, "GETEX " + name, "GETEX " + name + " EX 10", "OBJECT ENCODING " + name) ==
               "$-1 $-1 $-1 $-1");
    BOOST_TEST(send("GETEX " + name + " EX 0", "TOUCH " + name, "UNLINK " + name) == "$-1 :0 :0");
  }
}

BOOST_AUTO_TEST_CASE(what_no_counter_can_be_called_is_an_error_where_one_is_to_be_made) {
  const std::string name = std::string(limits::name_bytes + 1, 'n');
  const std::string sha1 = "a1de965f42e177aa339706bd580f049065eca79a";
  for (const std::string& command : std::vector<std::string>{
           "INCR " + name, "INCRBY " + name + " 1", "DECR " + name, "DECRBY " + name + " 1", "SET " + name + " 1",
           "SETNX " + name + " 1", "SETEX " + name + " 1 1", "PSETEX " + name + " 1 1", "GETSET " + name + " 1",
           "MSET a 1 " + name + " 1", "MSETNX a 1 " + name + " 1", "EVALSHA " + sha1 + " 1 " + name + " 1 1"})
    BOOST_TEST(send(command) == no_name, command);
  BOOST_TEST(group.requests == 0u);
  BOOST_TEST(send("INCR " + name.substr(1)) == ":1");
}

BOOST_AUTO_TEST_CASE(scan_goes_from_the_newest_to_the_oldest) {
  send("MSET a 1 b 1 c 1 d 1 e 1");
  BOOST_TEST(send("SCAN 0 COUNT 2", "SCAN 4 COUNT 2", "SCAN 2 COUNT 2") ==
             "*2 $1 4 *2 $1 e $1 d *2 $1 2 *2 $1 c $1 b *2 $1 0 *1 $1 a");
  BOOST_TEST(send("SCAN 0 MATCH [ab]", "SCAN 0 MATCH x COUNT 3", "SCAN 0 TYPE list", "SCAN 0 TYPE STRING COUNT 1") ==
             "*2 $1 0 *2 $1 b $1 a *2 $1 3 *0 *2 $1 0 *0 *2 $1 5 *1 $1 e");
  BOOST_TEST(send("SCAN 0 COUNT 9223372036854775807", "SCAN 00", "SCAN \"\" COUNT 1", "SCAN +0 COUNT 1") ==
             "*2 $1 0 *5 $1 e $1 d $1 c $1 b $1 a *2 $1 0 *5 $1 e $1 d $1 c $1 b $1 a *2 $1 5 *1 $1 e *2 $1 5 *1 $1 e");
  BOOST_TEST(send("SCAN x", "SCAN 0 COUNT 0", "SCAN 0 COUNT x", "SCAN 0 MATCH", "SCAN 0 FOO 1") ==
             "-ERR invalid cursor " + syntax + " " + no_integer + " " + syntax + " " + syntax);
}

BOOST_AUTO_TEST_CASE(all_names_are_listed_counted_drawn_and_removed) {
  client.host.its_rules.writers_may_flush = true;
  BOOST_TEST(send("KEYS *", "RANDOMKEY", "DBSIZE", "FLUSHALL") == "*0 $-1 :0 +OK");
  send("MSET aa 1 ab 1 b 1", "EXPIRE b 10");
  BOOST_TEST(send("KEYS a*", "KEYS a[^a]", "KEYS x", "DBSIZE", "INFO keyspace") ==
             "*2 $2 ab $2 aa *1 $2 ab *0 :3 $44 # Keyspace db0:keys=3,expires=1,avg_ttl=0 ");
  std::string drawn = send("RANDOMKEY", "RANDOMKEY", "RANDOMKEY");
  for (const std::string name : {"aa", "ab", "b"}) BOOST_TEST(drawn.find(' ' + name) != drawn.npos, drawn);
  BOOST_TEST(send("FLUSHALL SYNC", "FLUSHDB ASYNC", "FLUSHDB NOW", "DBSIZE") == "+OK +OK " + syntax + " :0");
}

BOOST_AUTO_TEST_CASE(flushing_takes_as_many_turns_as_it_needs) {
  client.host.its_rules.writers_may_flush = true;
  for (int count = 0; count < 2500; ++count) group.answer(OperationKind::set, std::to_string(count), 1);
  BOOST_TEST(send("FLUSHALL") == "+OK");
  BOOST_TEST(group.requests == 3u);
  BOOST_TEST(group.counters() == 0u);
}

// ---- expiry

BOOST_AUTO_TEST_CASE(counters_expire_and_say_when) {
  BOOST_TEST(send("SET a 1", "TTL a", "EXPIRE a 10", "TTL a", "PTTL a", "PEXPIRE a 2500", "TTL a", "PERSIST a",
                  "PERSIST a", "TTL a", "TTL b", "PTTL b",
                  "EXPIRETIME b") == "+OK :-1 :1 :10 :10000 :1 :3 :1 :0 :-1 :-2 :-2 :-2");
  BOOST_TEST(send("EXPIREAT a 1700000010", "PEXPIRETIME a", "PEXPIREAT a 1700000020000", "EXPIRETIME a") ==
             ":1 :1700000010000 :1 :1700000020");
  group.pass(seconds(21));
  BOOST_TEST(send("EXISTS a", "TTL a") == ":0 :-2");
  BOOST_TEST(send("SET a 1", "EXPIRE a 0", "EXISTS a", "SET a 1", "EXPIRE a -1", "EXISTS a", "EXPIRE a 1") ==
             "+OK :1 :0 +OK :1 :0 :0");
}

BOOST_AUTO_TEST_CASE(an_expiry_has_conditions) {
  BOOST_TEST(send("SET a 1", "EXPIRE a 10 XX", "EXPIRE a 10 GT", "EXPIRE a 10 NX", "EXPIRE a 20 NX", "EXPIRE a 5 GT",
                  "EXPIRE a 20 GT", "EXPIRE a 30 LT", "EXPIRE a 15 LT", "EXPIRE a 16 XX GT",
                  "TTL a") == "+OK :0 :0 :1 :0 :0 :1 :0 :1 :1 :16");
  BOOST_TEST(
      send("EXPIRE a 1 NX XX", "EXPIRE a 1 GT LT", "EXPIRE a 1 FOO", "EXPIRE a x", "EXPIRE a 9223372036854775807") ==
      "-ERR NX and XX, GT or LT options at the same time are not compatible "
      "-ERR GT and LT options at the same time are not compatible -ERR Unsupported option FOO " +
          no_integer + " -ERR invalid expire time in 'expire' command");
}

// ---- scripts

BOOST_AUTO_TEST_CASE(known_scripts_add_within_a_window) {
  const std::string with_expiry = "EVALSHA 3f424a504987d231baa2e19159bb5def8ad32f87 1 a ";
  BOOST_TEST(send(with_expiry + "0 1000", with_expiry + "0 2000") == "*2 :1 :1000 *2 :2 :1000");
  group.pass(milliseconds(400));
  BOOST_TEST(send(with_expiry + "0 1000", with_expiry + "1 1000") == "*2 :3 :600 *2 :4 :1000");
  group.pass(milliseconds(1000));
  BOOST_TEST(send(with_expiry + "0 1000") == "*2 :1 :1000");
  BOOST_TEST(send("SET a 5", with_expiry + "0 1000") == "+OK *2 :6 :1000");
  BOOST_TEST(send("SET a 5", "EVALSHA 81DBECEA94D2D10514719B20ED51FAF711529D9D 1 a 0 1000",
                  "EVALSHA 895b92e1712734e1b464999be23953485475357b 1 a 9") == "+OK *2 :1 :1000 *2 :2 :1000");
  const std::string get = "EVALSHA 6aeb97ed6086dcdeafdc6fda3999a0d0e38ec96a 1 ";
  BOOST_TEST(send(get + "a", get + "b") == "*2 $1 2 :1000 *2 $-1 :-2");
}

BOOST_AUTO_TEST_CASE(known_scripts_of_other_limiters_too) {
  const std::string flexible = "EVALSHA a1de965f42e177aa339706bd580f049065eca79a 1 f ";
  BOOST_TEST(send(flexible + "2 10", flexible + "-1 10 5 6") == "*2 :2 :10000 *2 :1 :10000");
  const std::string fixed = "EVALSHA 628bd136a573a06b346879695681af12ccef300f 1 l ";
  BOOST_TEST(send(fixed + "60 2", "TTL l", "EXPIRE l 30", fixed + "60 2", "TTL l") == ":2 :60 :1 :4 :30");
  BOOST_TEST(send("EVALSHA ab9a35aa62ed8fa50cf1c655a522698512c9b126 1 m 60", "TTL m") == ":1 :60");
}

BOOST_AUTO_TEST_CASE(whatever_else_is_a_script_is_refused) {
  const std::string no_script = "-NOSCRIPT No matching script. Please use EVAL.";
  const std::string sha1 = "a1de965f42e177aa339706bd580f049065eca79a";
  BOOST_TEST(send("EVALSHA x 0", "EVALSHA " + std::string(40, 'f') + " 0") == no_script + " " + no_script);
  BOOST_TEST(send("EVAL \"return 1\" 0").starts_with("-ERR this server runs no Lua"));
  BOOST_TEST(send("SCRIPT LOAD \"return 1\"").starts_with("-ERR this server runs no Lua"));
  BOOST_TEST(send("EVALSHA " + sha1 + " x", "EVALSHA " + sha1 + " 1", "EVALSHA " + sha1 + " -1") ==
             no_integer +
                 " -ERR Number of keys can't be greater than number of args -ERR Number of keys can't be "
                 "negative");
  BOOST_TEST(send("EVALSHA " + sha1 + " 1 k", "EVALSHA " + sha1 + " 0", "EVALSHA " + sha1 + " 2 a b 1 1") ==
             "-ERR this script takes one key and 2 arguments -ERR this script takes one key and 2 arguments "
             "-ERR this script takes one key and 2 arguments");
  BOOST_TEST(send("EVALSHA " + sha1 + " 1 k x 1", "EVALSHA " + sha1 + " 1 k 1 0") ==
             no_integer + " -ERR invalid expire time in 'eval' command");
  BOOST_TEST(send("SCRIPT EXISTS " + sha1 + " x", "SCRIPT FLUSH", "SCRIPT FLUSH NOW") ==
             "*2 :1 :0 +OK -ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  BOOST_TEST(group.requests == 0u);
}

// ---- what the group refuses

BOOST_AUTO_TEST_CASE(where_there_is_no_room_for_a_counter_none_is_made) {
  group.most_counters = 1;
  BOOST_TEST(send("INCR a", "INCR b", "SET b 1", "SETNX b 1", "GETSET b 1", "MSET a 2 b 1", "MSETNX b 1", "INCR a") ==
             ":1 " + full + " " + full + " " + full + " " + full + " " + full + " " + full + " :3");
  BOOST_TEST(send("EVALSHA a1de965f42e177aa339706bd580f049065eca79a 1 b 1 1") == full);
  BOOST_TEST(send("TALLY.INCRBY b 1 IDEMPOTENCY t") == full);
}

BOOST_AUTO_TEST_CASE(each_reason_for_a_failure_has_its_words) {
  const auto reason = [&](CallOutcome outcome, CallError error) {
    group.fail(outcome, error);
    return send("INCR a");
  };
  const std::string not_applied = "-TRYAGAIN nothing was applied: ";
  BOOST_TEST(reason(CallOutcome::not_applied, CallError::timed_out) == not_applied + "no answer came in time");
  BOOST_TEST(reason(CallOutcome::not_applied, CallError::overloaded) ==
             not_applied + "too much is asked for at the moment");
  BOOST_TEST(reason(CallOutcome::not_applied, CallError::tables_full) ==
             not_applied + "the group has no room for more sessions or results");
  BOOST_TEST(reason(CallOutcome::unknown, CallError::session_expired) ==
             "-UNKNOWN whether this was applied: the bridge's session with the group has ended");
  BOOST_TEST(reason(CallOutcome::unknown, CallError::timed_out) ==
             "-UNKNOWN whether this was applied: no answer came in time");
}

BOOST_AUTO_TEST_CASE(all_commands_of_a_request_that_failed_say_so_but_for_those_that_need_no_answer) {
  group.fail(CallOutcome::not_applied, CallError::unavailable);
  const std::string again = "-TRYAGAIN nothing was applied: the group has no majority";
  BOOST_TEST(send("PING", "MGET a b", "SCAN 0", "TTL a", "TYPE a", "STRLEN a", "WAIT 0 0", "INFO cluster", "ECHO x") ==
             "+PONG " + again + " " + again + " " + again + " " + again + " " + again + " " + again +
                 " $30 # Cluster cluster_enabled:0  $1 x");
}

// ---- the server

BOOST_AUTO_TEST_CASE(wait_says_how_many_replicas_agreed) {
  BOOST_TEST(send("INCR a", "WAIT 2 100", "WAIT x 1", "WAIT 1 x", "WAIT 1 -1") ==
             ":1 :2 " + no_integer + " -ERR timeout is not an integer or out of range -ERR timeout is negative");
}

BOOST_AUTO_TEST_CASE(info_leaves_out_what_the_group_did_not_say) {
  group.fail(CallOutcome::unknown);
  const std::string info = send("INFO");
  BOOST_TEST(info.find("redis_version:7.0.15") != info.npos);
  BOOST_TEST(info.find("Keyspace") == info.npos);
}

BOOST_AUTO_TEST_CASE(the_table_of_commands_is_told) {
  BOOST_TEST(send("COMMAND GETKEYS MSET a 1 b 2", "COMMAND GETKEYS EVAL x 2 a b c", "COMMAND GETKEYS DEL a b") ==
             "*2 $1 a $1 b *2 $1 a $1 b *2 $1 a $1 b");
  BOOST_TEST(send("COMMAND GETKEYS OBJECT ENCODING a", "COMMAND GETKEYS EVAL x 4 a", "COMMAND GETKEYS EVAL x -1 a") ==
             "*1 $1 a *0 *0");
  BOOST_TEST(send("COMMAND GETKEYS NOPE a", "COMMAND GETKEYS CLIENT ID", "COMMAND GETKEYS OBJECT NOPE",
                  "COMMAND GETKEYS GET a b") ==
             "-ERR Invalid command specified -ERR The command has no key arguments -ERR Invalid command specified "
             "-ERR Invalid number of arguments specified for command");
  BOOST_TEST(send("COMMAND COUNT").starts_with(":"));
  BOOST_TEST(send("COMMAND LIST", "COMMAND").starts_with("*"));
}

BOOST_AUTO_TEST_CASE(an_unknown_command_is_shown_in_part_and_in_one_line) {
  BOOST_TEST(send("\"no\\r\\nsuch\" a b") == "-ERR unknown command 'no  such', with args beginning with: 'a' 'b' ");
  BOOST_TEST(send("client|id") == "-ERR unknown command 'client|id', with args beginning with: ");
  BOOST_TEST(send("CLIENT NO\\|E") == "-ERR unknown subcommand 'NO\\|E'. Try CLIENT HELP.");
  BOOST_TEST(send(std::string(200, 'x') + " " + std::string(200, 'y')) ==
             "-ERR unknown command '" + std::string(128, 'x') + "', with args beginning with: '" +
                 std::string(128, 'y') + "' ");
}

BOOST_AUTO_TEST_CASE(a_client_knows_only_itself) {
  BOOST_TEST(send("CLIENT SETNAME me", "CLIENT GETNAME", "CLIENT ID", "CLIENT LIST ID 8") == "+OK $2 me :7 $0 ");
  const std::string line = send("CLIENT LIST");
  BOOST_TEST(line.find("id=7 addr=127.0.0.1:5555 laddr=127.0.0.1:6380 fd=0 name=me") != line.npos);
  BOOST_TEST(line.find("cmd=client|list user=default") != line.npos);
  BOOST_TEST(send("CLIENT KILL ID 8", "CLIENT KILL ID 7", "CLIENT KILL ID 7 SKIPME no") == ":0 :0 :1");
  BOOST_TEST(client.session.ends());
}

BOOST_AUTO_TEST_SUITE_END()
