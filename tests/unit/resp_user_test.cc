// SPDX-License-Identifier: Apache-2.0
#include "runtime/resp_user.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

bool is_user(const std::string& text) { return parse_resp_user(text).has_value(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(resp_user)

BOOST_AUTO_TEST_CASE(an_entry_is_a_name_a_password_and_rights) {
  const auto user = parse_resp_user("web:open sesame:read+add");
  BOOST_REQUIRE(user.has_value());
  BOOST_TEST(user->name == "web");
  BOOST_TEST(user->password == "open sesame");
  BOOST_TEST((user->rights == RespRights{.read = true, .add = true}));
}

BOOST_AUTO_TEST_CASE(the_password_may_have_colons_and_look_like_rights) {
  BOOST_TEST(parse_resp_user("a:b:c:read").value().password == "b:c");
  BOOST_TEST(parse_resp_user("a:::read").value().password == ":");
  BOOST_TEST(parse_resp_user("a:read+add:write").value().password == "read+add");
  BOOST_TEST(parse_resp_user("a:b,c+d:write").value().password == "b,c+d");
}

BOOST_AUTO_TEST_CASE(each_right_is_a_word_of_its_own) {
  BOOST_TEST((parse_resp_user("a:b:read").value().rights == RespRights{.read = true}));
  BOOST_TEST((parse_resp_user("a:b:add").value().rights == RespRights{.add = true}));
  BOOST_TEST((parse_resp_user("a:b:write").value().rights == RespRights{.write = true}));
  BOOST_TEST((parse_resp_user("a:b:admin").value().rights == RespRights{.admin = true}));
  BOOST_TEST((parse_resp_user("a:b:admin+write+add+read").value().rights == RespRights{true, true, true, true}));
}

BOOST_AUTO_TEST_CASE(no_part_is_empty) {
  for (const std::string text : {"", ":", "::", "a", "a:b", "a::read", ":b:read", "a:b:", "::read", "a:read"})
    BOOST_TEST(!is_user(text), text);
}

BOOST_AUTO_TEST_CASE(rights_are_those_four_each_once_and_nothing_else) {
  for (const std::string rights : {"all", "Read", "read ", " read", "read,add", "+", "+read", "read+", "read++add",
                                   "read+read", "read+all", "reads", "rea"})
    BOOST_TEST(!is_user("a:b:" + rights), rights);
}

BOOST_AUTO_TEST_SUITE_END()
