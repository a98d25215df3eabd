// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "bridge/admission.h"
#include "bridge/http/forwarded.h"
#include "bridge/http/limits.h"
#include "bridge/key_shares.h"
#include "bridge/limits.h"
#include "bridge/list_turns.h"
#include "bridge/sources.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::http;

namespace {

constexpr std::uint64_t secret = 0x5eed;
constexpr Instant start{hours(1).nanoseconds};
constexpr Duration window = door_limits::key_step * door_limits::key_steps;

Source source(std::uint32_t number) {
  Source made = *parse_address("10.0.0.0");
  for (std::size_t place = 0; place < 4; ++place)
    made.bytes[15 - place] = static_cast<std::uint8_t>(number >> (8 * place));
  return made;
}

// How many keys the source gets until it is refused.
std::uint64_t fill(KeyShares& shares, const Source& from, Instant now) {
  std::uint64_t taken = 0;
  while (shares.take(from, now)) ++taken;
  return taken;
}

const std::vector<AddressBlock> proxies = {*parse_block("10.0.0.0/8"), *parse_block("2001:db8::/32")};

bool is_client(const std::string& peer, const std::string& list, const std::string& expected,
               bool as_forwarded = false) {
  HttpRequest request;
  (as_forwarded ? request.forwarded : request.forwarded_for) = list;
  return client_of(*parse_address(peer), request, proxies) == *parse_address(expected);
}

struct TestAsker final : ListAsker {
  void turn_has_come() override {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bridge_key_shares)

BOOST_AUTO_TEST_CASE(a_source_may_have_as_many_keys_as_are_left_free) {
  KeyShares shares(1200, secret);
  BOOST_TEST(fill(shares, source(1), start) == 600u);
  BOOST_TEST(fill(shares, source(2), start) == 300u);
  BOOST_TEST(fill(shares, source(3), start) == 150u);
}

BOOST_AUTO_TEST_CASE(sources_that_ask_in_turn_get_the_same) {
  KeyShares shares(1200, secret);
  std::uint64_t taken[3] = {};
  for (int round = 0; round < 1200; ++round)
    for (std::uint32_t number = 0; number < 3; ++number) taken[number] += shares.take(source(number), start) ? 1 : 0;
  BOOST_TEST(taken[0] == 300u);
  BOOST_TEST(taken[1] == 300u);
  BOOST_TEST(taken[2] == 300u);
  BOOST_TEST(shares.take(source(4), start));
}

BOOST_AUTO_TEST_CASE(keys_are_forgotten_in_steps) {
  KeyShares shares(1000, secret);
  for (int count = 0; count < 200; ++count) BOOST_REQUIRE(shares.take(source(1), start));
  const Instant later = start + door_limits::key_step * 3;
  BOOST_TEST(fill(shares, source(1), later) == 300u);
  BOOST_TEST(!shares.take(source(1), start + window + Duration{-1}));
  BOOST_TEST(fill(shares, source(1), start + window) == 200u);
  BOOST_TEST(fill(shares, source(1), later + window) == 300u);
}

BOOST_AUTO_TEST_CASE(a_long_silence_forgets_everything) {
  KeyShares shares(10, secret);
  BOOST_TEST(fill(shares, source(1), start) == 5u);
  BOOST_TEST(fill(shares, source(1), start + window * 100) == 5u);
}

BOOST_AUTO_TEST_CASE(the_table_of_sources_is_bounded_and_emptied) {
  KeyShares shares(3'000'000, secret);
  const auto more = static_cast<std::uint32_t>(door_limits::key_sources) + 100;
  for (std::uint32_t number = 0; number < more; ++number) BOOST_REQUIRE(shares.take(source(number), start));
  BOOST_TEST(shares.sources() == door_limits::key_sources);
  for (std::uint32_t number = 0; number < more; ++number) BOOST_REQUIRE(shares.take(source(7), start + window));
  BOOST_TEST(shares.sources() == 1u);
}

BOOST_AUTO_TEST_CASE(beyond_the_table_sources_share_one_entry) {
  const std::uint64_t room = door_limits::key_sources + 1000;
  KeyShares shares(room, secret);
  for (std::uint32_t number = 0; number < door_limits::key_sources; ++number)
    BOOST_REQUIRE(shares.take(source(number), start));
  BOOST_TEST(fill(shares, source(1'000'001), start) == 500u);
  BOOST_TEST(!shares.take(source(1'000'002), start));
  BOOST_TEST(shares.take(source(1), start));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bridge_sources)

BOOST_AUTO_TEST_CASE(a_source_is_an_address_or_what_one_customer_has) {
  BOOST_TEST((source_of(*parse_address("192.0.2.1")) != source_of(*parse_address("192.0.2.2"))));
  BOOST_TEST((source_of(*parse_address("2001:db8:1:2::1")) == source_of(*parse_address("2001:db8:1:2:3:4:5:6"))));
  BOOST_TEST((source_of(*parse_address("2001:db8:1:2::1")) != source_of(*parse_address("2001:db8:1:3::1"))));
}

BOOST_AUTO_TEST_CASE(only_a_trusted_proxy_is_believed) {
  BOOST_TEST(is_client("192.0.2.1", "198.51.100.7", "192.0.2.1"));
  BOOST_TEST(is_client("10.0.0.1", "", "10.0.0.1"));
  BOOST_TEST(is_client("10.0.0.1", "198.51.100.7", "198.51.100.7"));
  BOOST_TEST(is_client("10.0.0.1", "192.0.2.66, 198.51.100.7", "198.51.100.7"));
  BOOST_TEST(is_client("10.0.0.1", "192.0.2.66,198.51.100.7 , 10.0.0.9,2001:db8::5", "198.51.100.7"));
  BOOST_TEST(is_client("10.0.0.1", "10.0.0.2", "10.0.0.2"));
}

BOOST_AUTO_TEST_CASE(what_a_proxy_says_is_read_in_its_several_forms) {
  BOOST_TEST(is_client("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"));
  BOOST_TEST(is_client("10.0.0.1", "[2001:470::1]:4711", "2001:470::1"));
  BOOST_TEST(is_client("10.0.0.1", "2001:470::1", "2001:470::1"));
  BOOST_TEST(is_client("10.0.0.1", "for=198.51.100.7;proto=http", "198.51.100.7", true));
  BOOST_TEST(is_client("10.0.0.1", "for=192.0.2.66, proto=http ; For=\"[2001:470::1]:80\"", "2001:470::1", true));
  for (const std::string text : {"unknown", "for=198.51.100.7", "198.51.100.7,", "[", "[::1", ":", "1.2.3", "\xff"})
    BOOST_TEST(is_client("10.0.0.1", text, "10.0.0.1"), text);
  for (const std::string text :
       {"for=unknown", "for=_hidden", "198.51.100.7", "for=\"", "by=198.51.100.7", ";;", "for="})
    BOOST_TEST(is_client("10.0.0.1", text, "10.0.0.1", true), text);
}

BOOST_AUTO_TEST_CASE(x_forwarded_for_goes_before_forwarded) {
  HttpRequest request;
  request.forwarded_for = "198.51.100.7";
  request.forwarded = "for=192.0.2.66";
  BOOST_TEST((client_of(*parse_address("10.0.0.1"), request, proxies) == *parse_address("198.51.100.7")));
}

BOOST_AUTO_TEST_CASE(no_more_proxies_are_followed_than_the_limit) {
  std::string list = "198.51.100.7";
  for (std::size_t count = 0; count < http_limits::proxies; ++count) list += ",10.0.0." + std::to_string(count);
  BOOST_TEST(is_client("10.0.0.1", list, "10.0.0.0"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bridge_admission)

BOOST_AUTO_TEST_CASE(a_source_has_a_quarter_of_the_connections) {
  Admission admission(secret, 1024);
  for (int count = 0; count < 256; ++count) {
    BOOST_REQUIRE(admission.may_be_served(source(1)));
    admission.enter(source(1), Place::served);
  }
  BOOST_TEST(!admission.may_be_served(source(1)));
  BOOST_TEST(admission.may_be_served(source(2)));
  BOOST_TEST(admission.has_room());
  admission.leave(source(1), Place::served);
  BOOST_TEST(admission.may_be_served(source(1)));
}

BOOST_AUTO_TEST_CASE(all_together_have_a_limit) {
  Admission admission(secret, 1024);
  for (std::uint32_t count = 0; count < 1024; ++count) {
    BOOST_REQUIRE(admission.has_room());
    admission.enter(source(count), Place::served);
  }
  BOOST_TEST(!admission.has_room());
  BOOST_TEST(admission.may_have_reserve(source(1)));
  admission.leave(source(5), Place::served);
  BOOST_TEST(admission.has_room());
}

BOOST_AUTO_TEST_CASE(a_source_has_a_quarter_of_the_reserve) {
  Admission admission(secret, 1024);
  std::uint32_t number = 0;
  for (; admission.may_have_reserve(source(number)); ++number)
    for (int count = 0; count < 64; ++count) {
      BOOST_REQUIRE(admission.may_have_reserve(source(number)));
      admission.enter(source(number), Place::reserve);
    }
  BOOST_TEST(number == 4u);
  admission.leave(source(0), Place::reserve);
  BOOST_TEST(admission.may_have_reserve(source(99)));
  BOOST_TEST(!admission.may_have_reserve(source(1)));
}

BOOST_AUTO_TEST_CASE(both_doors_together_leave_the_bridge_descriptors_of_its_own) {
  BOOST_TEST(connections_of_a_door(1'000'000) == 10'000u);
  BOOST_TEST(connections_of_a_door(20'000) == 9'744u);
  for (std::size_t descriptors = 64; descriptors < 30'000; ++descriptors) {
    const std::size_t most = connections_of_a_door(descriptors);
    const std::size_t reserve = std::min<std::size_t>(most / 4, door_limits::reserve_connections);
    BOOST_REQUIRE(descriptors - 2 * most - reserve >= std::min<std::size_t>(descriptors / 4, 256));
  }
}

BOOST_AUTO_TEST_CASE(a_process_that_may_open_few_files_serves_few) {
  Admission admission(secret, 3);
  BOOST_TEST(!admission.may_have_reserve(source(1)));
  for (const std::uint32_t number : {1u, 2u, 3u}) {
    BOOST_REQUIRE((admission.has_room() && admission.may_be_served(source(number))));
    admission.enter(source(number), Place::served);
    BOOST_TEST(!admission.may_be_served(source(number)));
  }
  BOOST_TEST(!admission.has_room());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bridge_list_turns)

BOOST_AUTO_TEST_CASE(sources_take_turns_and_who_left_has_none) {
  ListTurns turns(secret);
  TestAsker begun;
  for (std::size_t number = 0; number < door_limits::lists_at_once; ++number) BOOST_TEST(turns.begin(source(1), begun));
  std::vector<TestAsker> of_first(3);
  TestAsker of_second;
  TestAsker of_third;
  for (TestAsker& asker : of_first) BOOST_TEST(!turns.begin(source(1), asker));
  BOOST_TEST(!turns.begin(source(2), of_second));
  BOOST_TEST(!turns.begin(source(3), of_third));
  of_third.unlink();
  BOOST_TEST(turns.ended() == &of_first[0]);
  BOOST_TEST(turns.ended() == &of_second);
  BOOST_TEST(turns.ended() == &of_first[1]);
  BOOST_TEST(turns.ended() == &of_first[2]);
}

BOOST_AUTO_TEST_CASE(when_nobody_waits_all_places_become_free) {
  ListTurns turns(secret);
  TestAsker begun;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t number = 0; number < door_limits::lists_at_once; ++number)
      BOOST_TEST(turns.begin(source(1), begun));
    BOOST_TEST(!begun.is_linked());
    for (std::size_t number = 0; number < door_limits::lists_at_once; ++number) BOOST_TEST(turns.ended() == nullptr);
  }
}

BOOST_AUTO_TEST_SUITE_END()
