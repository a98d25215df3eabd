// SPDX-License-Identifier: Apache-2.0
// What Redis clients are sent. The expected bytes are those of Redis 7.0.15.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "bridge/resp/reply.h"
#include "count_allocations.h"

using namespace tally::bridge::resp;
using namespace std::string_literals;

namespace {

template <class Write>
std::string reply(Protocol protocol, Write write) {
  std::string out;
  ReplyWriter writer(out, protocol);
  write(writer);
  return out;
}

// What is written for RESP2, if that is the same for RESP3.
template <class Write>
std::string same_reply(Write write) {
  const std::string resp2 = reply(Protocol::resp2, write), resp3 = reply(Protocol::resp3, write);
  return resp2 == resp3 ? resp2 : "RESP2: " + resp2 + " RESP3: " + resp3;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resp_reply)

BOOST_AUTO_TEST_CASE(strings_errors_and_integers_are_the_same_in_both_versions) {
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.simple_string("OK"); }) == "+OK\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.error("ERR syntax error"); }) == "-ERR syntax error\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.integer(42); }) == ":42\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.bulk_string("a\r\n\0"s); }) == "$4\r\na\r\n\0\r\n"s);
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.bulk_string(""); }) == "$0\r\n\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.array(3); }) == "*3\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.array(0); }) == "*0\r\n");
}

BOOST_AUTO_TEST_CASE(a_line_stays_one_line_whatever_it_says) {
  const auto error = [](ReplyWriter& out) { out.error("ERR unknown command 'a\r\nb\n', with args"); };
  BOOST_TEST(same_reply(error) == "-ERR unknown command 'a  b ', with args\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.simple_string("\r\n+OK"); }) == "+  +OK\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) {
               out.simple_string("before");
               out.error("ERR\r");
             }) == "+before\r\n-ERR \r\n");
}

BOOST_AUTO_TEST_CASE(integers_of_any_size_are_written) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.integer(least); }) == ":-9223372036854775808\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.integer(greatest); }) == ":9223372036854775807\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.bulk_integer(least); }) == "$20\r\n-9223372036854775808\r\n");
  BOOST_TEST(same_reply([](ReplyWriter& out) { out.bulk_integer(0); }) == "$1\r\n0\r\n");
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_one_null_in_resp3_and_two_in_resp2) {
  const auto null = [](ReplyWriter& out) { out.null(); };
  const auto null_array = [](ReplyWriter& out) { out.null_array(); };
  BOOST_TEST(reply(Protocol::resp2, null) == "$-1\r\n");
  BOOST_TEST(reply(Protocol::resp2, null_array) == "*-1\r\n");
  BOOST_TEST(reply(Protocol::resp3, null) == "_\r\n");
  BOOST_TEST(reply(Protocol::resp3, null_array) == "_\r\n");
}

BOOST_AUTO_TEST_CASE(maps_sets_and_pushes_are_arrays_in_resp2) {
  const auto map = [](ReplyWriter& out) { out.map(7); };
  const auto set = [](ReplyWriter& out) { out.set(2); };
  const auto push = [](ReplyWriter& out) { out.push(3); };
  BOOST_TEST(reply(Protocol::resp2, map) == "*14\r\n");
  BOOST_TEST(reply(Protocol::resp2, set) == "*2\r\n");
  BOOST_TEST(reply(Protocol::resp2, push) == "*3\r\n");
  BOOST_TEST(reply(Protocol::resp3, map) == "%7\r\n");
  BOOST_TEST(reply(Protocol::resp3, set) == "~2\r\n");
  BOOST_TEST(reply(Protocol::resp3, push) == ">3\r\n");
}

BOOST_AUTO_TEST_CASE(text_for_people_is_verbatim_in_resp3) {
  const auto info = [](ReplyWriter& out) { out.verbatim_string("# Server\r\n"); };
  BOOST_TEST(reply(Protocol::resp2, info) == "$10\r\n# Server\r\n\r\n");
  BOOST_TEST(reply(Protocol::resp3, info) == "=14\r\ntxt:# Server\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(numbers_with_a_fraction_are_written_as_redis_does) {
  const auto write = [](double number) { return [number](ReplyWriter& out) { out.double_number(number); }; };
  BOOST_TEST(reply(Protocol::resp3, write(0.1)) == ",0.10000000000000001\r\n");
  BOOST_TEST(reply(Protocol::resp3, write(3)) == ",3\r\n");
  BOOST_TEST(reply(Protocol::resp3, write(1e300)) == ",1.0000000000000001e+300\r\n");
  BOOST_TEST(reply(Protocol::resp3, write(-std::numeric_limits<double>::infinity())) == ",-inf\r\n");
  BOOST_TEST(reply(Protocol::resp2, write(0.1)) == "$19\r\n0.10000000000000001\r\n");
  BOOST_TEST(reply(Protocol::resp2, write(std::numeric_limits<double>::infinity())) == "$3\r\ninf\r\n");
  const double longest = -std::numeric_limits<double>::denorm_min();
  BOOST_TEST(reply(Protocol::resp3, write(longest)) == ",-4.9406564584124654e-324\r\n");
}

BOOST_AUTO_TEST_CASE(truth_is_a_number_in_resp2) {
  const auto yes = [](ReplyWriter& out) { out.boolean(true); };
  const auto no = [](ReplyWriter& out) { out.boolean(false); };
  BOOST_TEST(reply(Protocol::resp2, yes) + reply(Protocol::resp2, no) == ":1\r\n:0\r\n");
  BOOST_TEST(reply(Protocol::resp3, yes) + reply(Protocol::resp3, no) == "#t\r\n#f\r\n");
}

BOOST_AUTO_TEST_CASE(replies_are_appended_without_memory_of_their_own) {
  std::string out;
  out.reserve(1000);
  ReplyWriter writer(out, Protocol::resp3);
  const std::size_t before = allocations;
  for (int time = 0; time < 5; ++time) {
    writer.integer(INT64_MIN);
    writer.bulk_string("a name that is longer than a small string");
    writer.bulk_integer(INT64_MAX);
    writer.error("ERR value is not an integer or out of range");
    writer.double_number(0.1);
    writer.null();
    writer.map(2);
  }
  const std::size_t after = allocations;
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_SUITE_END()
