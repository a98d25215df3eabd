// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_tail.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "protocol/limits.h"

using namespace tally;

namespace {

constexpr std::size_t longest = limits::observed_line_bytes;
constexpr std::size_t longest_per_answer = limits::observation_line_bytes / longest;

AuditTail tail_of(std::uint64_t first, std::uint64_t last, std::size_t bytes = 10) {
  AuditTail tail;
  for (std::uint64_t number = first; number <= last; ++number)
    tail.add({number, "hash " + std::to_string(number), std::string(bytes, 'x')});
  return tail;
}

std::pair<std::uint64_t, std::uint64_t> span_of(const std::vector<ObservedRecord>& records) {
  if (records.empty()) return {};
  BOOST_TEST(records.back().number == records.front().number + records.size() - 1);
  return {records.front().number, records.back().number};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_tail)

BOOST_AUTO_TEST_CASE(an_empty_log_has_no_records) {
  BOOST_TEST(AuditTail().after(0).empty());
  BOOST_TEST(AuditTail().after(7).empty());
}

BOOST_AUTO_TEST_CASE(those_behind_a_record_are_given_oldest_first) {
  const AuditTail tail = tail_of(1, 5);
  BOOST_TEST((span_of(tail.after(3)) == std::pair<std::uint64_t, std::uint64_t>(4, 5)));
  BOOST_TEST(tail.after(5).empty());
  BOOST_TEST(tail.after(3)[0].hash == "hash 4");
  BOOST_TEST(tail.after(3)[0].line == std::string(10, 'x'));
}

BOOST_AUTO_TEST_CASE(the_newest_are_kept) {
  const AuditTail tail = tail_of(1, limits::observed_records + 36);
  BOOST_TEST((span_of(tail.after(0)) == std::pair<std::uint64_t, std::uint64_t>(37, 100)));
  BOOST_TEST((span_of(tail.after(1)) == std::pair<std::uint64_t, std::uint64_t>(37, 100)), "with a gap");
}

BOOST_AUTO_TEST_CASE(a_number_that_the_log_has_not_reached_is_of_another_log) {
  const AuditTail tail = tail_of(1, 3);
  BOOST_TEST((span_of(tail.after(4)) == std::pair<std::uint64_t, std::uint64_t>(1, 3)));
}

BOOST_AUTO_TEST_CASE(a_line_that_is_too_long_is_left_out) {
  AuditTail tail = tail_of(1, 1, longest);
  BOOST_TEST(tail.after(0)[0].line.size() == longest);
  tail.add({2, "hash", std::string(longest + 1, 'x')});
  BOOST_TEST(tail.after(1)[0].line.empty());
  BOOST_TEST(tail.after(1)[0].hash == "hash");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_full_goes_on_with_the_next) {
  const AuditTail tail = tail_of(1, 40, longest);
  std::uint64_t next = 1;
  for (auto records = tail.after(next); !records.empty(); records = tail.after(next)) {
    BOOST_TEST(records.size() <= longest_per_answer);
    BOOST_TEST(records.front().number == next + 1);
    next = records.back().number;
  }
  BOOST_TEST(next == 40u);
}

BOOST_AUTO_TEST_CASE(whoever_begins_gets_the_newest_that_go_into_one_answer) {
  const auto records = tail_of(1, 40, longest).after(0);
  BOOST_TEST(records.size() == longest_per_answer);
  BOOST_TEST(records.back().number == 40u);
}

BOOST_AUTO_TEST_CASE(newer_ones_are_added_behind) {
  AuditTail tail = tail_of(1, 60);
  tail.add(tail_of(61, 70));
  BOOST_TEST((span_of(tail.after(0)) == std::pair<std::uint64_t, std::uint64_t>(7, 70)));
}

BOOST_AUTO_TEST_SUITE_END()
