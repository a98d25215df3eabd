// SPDX-License-Identifier: Apache-2.0
#include "bridge/inherited_sockets.h"

#include <boost/test/unit_test.hpp>

using namespace tally::bridge;

namespace {

auto assigned(const std::vector<std::string>& names) { return InheritedSockets::assign(names, 3, {"http", "resp"}); }

std::string refusal(const std::vector<std::string>& names) {
  const auto sockets = assigned(names);
  return sockets ? "" : sockets.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inherited_sockets)

BOOST_AUTO_TEST_CASE(each_door_gets_the_socket_of_its_name_once) {
  auto sockets = assigned({"resp", "http"});
  BOOST_TEST(sockets->take("http").value() == 4);
  BOOST_TEST(sockets->take("resp").value() == 3);
  BOOST_TEST(!sockets->take("http").has_value());
}

BOOST_AUTO_TEST_CASE(a_door_without_a_socket_gets_none) {
  BOOST_TEST(!assigned({})->take("http").has_value());
  auto sockets = assigned({"resp"});
  BOOST_TEST(!sockets->take("http").has_value());
  BOOST_TEST(sockets->take("resp").value() == 3);
}

BOOST_AUTO_TEST_CASE(the_only_socket_is_the_first_doors_if_it_is_named_like_no_door) {
  for (const std::string name : {"", "unknown", "tally-bridge.socket"}) {
    auto sockets = assigned({name});
    BOOST_TEST(sockets->take("http").value() == 3, name);
    BOOST_TEST(!sockets->take("resp").has_value(), name);
  }
}

BOOST_AUTO_TEST_CASE(of_several_sockets_each_must_be_named_like_a_door) {
  BOOST_TEST(refusal({"unknown", "unknown"}) == "an inherited socket is named unknown, and must be named http or resp");
  BOOST_TEST(refusal({"http", "tally.socket"}) ==
             "an inherited socket is named tally.socket, and must be named http or resp");
  BOOST_TEST(refusal({"http", "http"}) == "two inherited sockets are named http");
}

BOOST_AUTO_TEST_SUITE_END()
