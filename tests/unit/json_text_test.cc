// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_text.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>

using namespace tally;

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(members_and_entries_are_parted_by_commas_wherever_they_stand) {
  std::string text;
  JsonText json(text);
  json.begin_object().member("a", 1).name("b").begin_array();
  json.begin_object().end_object().value(true).begin_array().end_array().end_array();
  json.member("c", "x").end_object();
  BOOST_TEST(text == R"({"a":1,"b":[{},true,[]],"c":"x"})");
}

BOOST_AUTO_TEST_CASE(a_text_is_escaped_where_json_demands_it_and_nowhere_else) {
  BOOST_TEST(json_string("K\xc3\xa4se / \x7f") == "\"K\xc3\xa4se / \x7f\"");
  BOOST_TEST(json_string("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
  BOOST_TEST(json_string(std::string("\0\x1f", 2)) == R"("\u0000\u001f")");
  BOOST_TEST(json_string("") == "\"\"");
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_sign_and_their_last_digit) {
  std::string text;
  JsonText json(text);
  json.begin_array().value(INT64_MIN).value(UINT64_MAX).value(std::uint32_t{0}).value(Decimal{2.345, 1}).end_array();
  BOOST_TEST(text == "[-9223372036854775808,18446744073709551615,0,2.3]");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_null) {
  std::string text;
  JsonText json(text);
  json.begin_object()
      .member("a", nullptr)
      .member("b", std::optional<std::string>())
      .member("c", std::optional(7))
      .end_object();
  BOOST_TEST(text == R"({"a":null,"b":null,"c":7})");
}

BOOST_AUTO_TEST_CASE(it_is_appended_to_what_is_there) {
  std::string text = "data: ";
  JsonText(text).begin_object().end_object();
  BOOST_TEST(text == "data: {}");
}

BOOST_AUTO_TEST_SUITE_END()
