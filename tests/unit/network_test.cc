// SPDX-License-Identifier: Apache-2.0
#include "runtime/network.h"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace tally;

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(an_address_is_the_same_by_whichever_socket) {
  BOOST_TEST((parse_address("192.0.2.1") == parse_address("::ffff:192.0.2.1")));
  BOOST_TEST(parse_address("192.0.2.1")->is_v4());
  BOOST_TEST(!parse_address("2001:db8::1")->is_v4());
  for (const std::string text : {"", "127.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "[::1]", "::1%lo", "x",
                                 ":", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"})
    BOOST_TEST(!parse_address(text), text);
}

BOOST_AUTO_TEST_CASE(a_host_is_an_address_or_a_name) {
  for (const std::string text : {"a", "counter.example.org", "my_host", "a-1", "10.0.0.1", "::1", "[::1]"}) {
    BOOST_TEST(is_host(text), text);
    BOOST_TEST(is_host_and_port(text + ":80"), text);
  }
  for (const std::string text : {"", ".", "1.2.3", "300.1.1.1", "[10.0.0.1]", "[::1", "a/b", "a b", "http://a"})
    BOOST_TEST(!is_host_and_port(text), text);
  BOOST_TEST(!is_host("a:80"));
  BOOST_TEST(!is_host_and_port("a:"));
  BOOST_TEST(!is_host_and_port("a:65536"));
  BOOST_TEST(is_host(std::string(253, 'a')));
  BOOST_TEST(!is_host(std::string(254, 'a')));
}

BOOST_AUTO_TEST_CASE(a_block_holds_the_addresses_that_begin_like_it) {
  const auto holds = [](const std::string& block, const std::string& address) {
    return parse_block(block)->contains(*parse_address(address));
  };
  BOOST_TEST(holds("10.0.0.0/8", "10.255.0.1"));
  BOOST_TEST(!holds("10.0.0.0/8", "11.0.0.1"));
  BOOST_TEST(holds("10.1.2.3/9", "10.127.0.0"));
  BOOST_TEST(!holds("10.1.2.3/9", "10.128.0.0"));
  BOOST_TEST(holds("192.0.2.7", "192.0.2.7"));
  BOOST_TEST(!holds("192.0.2.7", "192.0.2.6"));
  BOOST_TEST(holds("0.0.0.0/0", "1.2.3.4"));
  BOOST_TEST(!holds("0.0.0.0/0", "2001:db8::1"));
  BOOST_TEST(holds("::/0", "2001:db8::1"));
  BOOST_TEST(holds("2001:db8::/33", "2001:db8:7fff::1"));
  BOOST_TEST(!holds("2001:db8::/33", "2001:db8:8000::1"));
  for (const std::string text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "x/8"})
    BOOST_TEST(!parse_block(text), text);
}

BOOST_AUTO_TEST_CASE(a_prefix_keeps_the_first_bits) {
  BOOST_TEST((prefix_of(*parse_address("2001:db8:1:2:3:4:5:6"), 64) == *parse_address("2001:db8:1:2::")));
  BOOST_TEST((prefix_of(*parse_address("2001:db8::1"), 128) == *parse_address("2001:db8::1")));
  BOOST_TEST((prefix_of(*parse_address("2001:db8::1"), 0) == *parse_address("::")));
}

BOOST_AUTO_TEST_SUITE_END()
