// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "protocol/digest.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(protocol)

BOOST_AUTO_TEST_CASE(names_are_utf8_without_control_characters) {
  for (const std::string& good : {std::string("home"), std::string("Käse/§ 7"), std::string("\U0001F600"),
                                  std::string(256, 'x'), std::string(" ")})
    BOOST_TEST(is_valid_name(good), good);
  const std::string with_nul("a\0b", 3);
  for (const std::string& bad :
       {std::string(), std::string(257, 'x'), with_nul, std::string("a\nb"), std::string("\x7f"),
        std::string("\xc2\x80"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80"),
        std::string("\xe2\x82"), std::string("\xff"), std::string("\x80")})
    BOOST_TEST(!is_valid_name(bad));
}

BOOST_AUTO_TEST_CASE(digests_add_and_subtract_modulo_two_to_the_128) {
  Digest sum{0, ~0ULL};
  sum += Digest{0, 1};
  BOOST_TEST((sum == Digest{1, 0}));
  sum -= Digest{0, 1};
  BOOST_TEST((sum == Digest{0, ~0ULL}));
  Digest zero{};
  zero -= Digest{0, 1};
  BOOST_TEST((zero == Digest{~0ULL, ~0ULL}));
}

BOOST_AUTO_TEST_CASE(a_digest_reads_as_hexadecimal) {
  BOOST_TEST(to_hex(Digest{0x0123456789abcdefULL, 0xfedcba9876543210ULL}) == "0123456789abcdeffedcba9876543210");
}

BOOST_AUTO_TEST_CASE(the_chain_covers_every_field_of_an_order) {
  Order order;
  order.id = {Term(1), Sequence(2), {}};
  order.requests.push_back(
      {RequestKind::operations, false, {{1}}, Principal::clients, RequestNumber(1), RequestNumber(0), 1, 100, "x"});
  const Digest chain = chain_of(order);
  const auto differs = [&](auto&& change) {
    Order other = order;
    change(other);
    return chain_of(other) != chain;
  };
  BOOST_TEST(differs([](Order& o) { o.previous.low = 1; }));
  BOOST_TEST(differs([](Order& o) { o.id.term = Term(2); }));
  BOOST_TEST(differs([](Order& o) { o.id.sequence = Sequence(3); }));
  BOOST_TEST(differs([](Order& o) { o.served.nanoseconds = 1; }));
  BOOST_TEST(differs([](Order& o) { o.calendar.unix_milliseconds = 1; }));
  BOOST_TEST(differs([](Order& o) { o.semantics = 9; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].read_only = true; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].session.bytes[15] = 1; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].principal = Principal::bridges; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].number = RequestNumber(2); }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].acknowledged = RequestNumber(1); }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].attempt = 2; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].result_limit = 7; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].operations = "y"; }));
  BOOST_TEST(differs([](Order& o) { o.requests.clear(); }));
}

BOOST_AUTO_TEST_CASE(results_of_any_bytes_decode_or_do_not) {
  std::string bytes;
  results::append_header(bytes, RequestOutcome::executed, Sequence(7), 1);
  results::append_operation(bytes, OperationStatus::ok, -5);
  const auto result = results::decode(bytes);
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->sequence.value == 7u);
  BOOST_TEST(result->operations.at(0).value == -5);
  for (std::size_t length = 0; length < bytes.size(); ++length) BOOST_TEST(!results::decode(bytes.substr(0, length)));
  BOOST_TEST(!results::decode(bytes + "x"));
}

BOOST_AUTO_TEST_SUITE_END()
