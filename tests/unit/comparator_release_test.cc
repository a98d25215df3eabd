// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "comparator/release.h"
#include "protocol/bytes.h"

using namespace tally;

namespace {

std::string parts(std::initializer_list<std::string_view> results) {
  std::string bytes;
  for (const std::string_view result : results) append_sized(bytes, result);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_release)

BOOST_AUTO_TEST_CASE(results_are_split_by_request_and_gathered_by_client) {
  const ClientId one{"one"};
  const ClientId two{"two"};
  const SessionId session{{1}};
  std::vector<AddressedDecisions> messages;
  const auto operations = release({Term(1), Sequence(9), {}},
                                  {{one, session, RequestNumber(1)},
                                   {two, session, RequestNumber(2)},
                                   {one, session, RequestNumber(3)},
                                   {one, session, RequestNumber(4)}},
                                  parts({"a", "b", "", "d"}), 2, messages);
  BOOST_REQUIRE(operations.has_value());
  BOOST_TEST(*operations == 0U);  // these are no results of any
  BOOST_REQUIRE(messages.size() == 2u);
  BOOST_TEST(messages[0].client.routing_id == "one");
  BOOST_REQUIRE(messages[0].decisions.decisions.size() == 3u);
  BOOST_TEST(messages[0].decisions.decisions[1].number.value == 3u);
  BOOST_TEST(messages[0].decisions.decisions[2].result == "d");
  BOOST_TEST(messages[1].decisions.decisions[0].result == "b");
  BOOST_TEST(messages[1].decisions.decisions[0].votes == 2u);
}

BOOST_AUTO_TEST_CASE(results_that_do_not_split_are_not_released) {
  const std::vector<BallotEntry> entries(2);
  std::vector<AddressedDecisions> messages;
  for (const std::string& results : {parts({"a"}), parts({"a", "b", "c"}), parts({"a", "b"}) + "x", std::string("ab")})
    BOOST_TEST(!release({}, std::vector(entries), results, 2, messages));
  BOOST_TEST(messages.empty());
}

BOOST_AUTO_TEST_SUITE_END()
