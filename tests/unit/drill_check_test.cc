// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/drill/check.h"
#include "cli/drill/verdict.h"

using namespace tally;
using namespace tally::cli;

BOOST_AUTO_TEST_SUITE(drill_check)

namespace {

using Outcome = Increment::Outcome;
using History = std::vector<Increment>;
using Values = std::vector<std::int64_t>;

Instant at(std::int64_t moment) { return Instant() + milliseconds(moment); }

Increment answered(std::int64_t begin, std::int64_t end, std::int64_t value, std::uint64_t sequence,
                   std::uint32_t counter = 0) {
  return {counter, Outcome::answered, at(begin), at(end), value, Sequence(sequence)};
}

Increment unknown(std::int64_t begin) { return {0, Outcome::unknown, at(begin), at(begin + 1), 0, {}}; }
Increment not_applied(std::int64_t begin) { return {0, Outcome::not_applied, at(begin), at(begin + 1), 0, {}}; }

// lost, twice, order violations
std::string counts(const History& history, const Values& finals) {
  const Judgement found = judge(history, finals);
  return std::to_string(found.lost) + ' ' + std::to_string(found.twice) + ' ' + std::to_string(found.order_violations);
}

constexpr const char* all_is_right = "0 0 0";

// A drill in which all went well: one answer before the fault at 10, one during it, one after 30.
Findings good() {
  Findings findings;
  findings.history = {answered(1, 2, 1, 1), answered(11, 12, 2, 2), answered(31, 32, 3, 3)};
  findings.final_values = Values{3};
  findings.began = at(0);
  findings.struck = at(10);
  findings.healed = at(30);
  findings.ended = at(40);
  return findings;
}

std::string only_failure(const Drill& drill, const Findings& findings) {
  const DrillResult result = verdict(drill, 1, findings);
  BOOST_TEST_REQUIRE(result.failures.size() == 1u);
  return result.failures.front();
}

}  // namespace

BOOST_AUTO_TEST_CASE(answers_of_a_right_counter_are_right) {
  BOOST_TEST(counts({}, {}) == all_is_right);
  BOOST_TEST(counts({answered(0, 1, 1, 5), answered(2, 3, 2, 6)}, {2}) == all_is_right);
  BOOST_TEST(counts({answered(0, 9, 2, 5), answered(1, 9, 1, 5)}, {2}) == all_is_right);
  BOOST_TEST(counts({answered(0, 1, 1, 5, 0), answered(2, 3, 1, 6, 1)}, {1, 1}) == all_is_right);
  BOOST_TEST(counts({answered(0, 1, 1, 5), not_applied(2)}, {1}) == all_is_right);
}

BOOST_AUTO_TEST_CASE(an_increment_of_unknown_outcome_may_have_been_counted_or_not) {
  BOOST_TEST(counts({answered(0, 1, 1, 5), unknown(2)}, {1}) == all_is_right);
  BOOST_TEST(counts({answered(0, 1, 1, 5), unknown(2)}, {2}) == all_is_right);
  BOOST_TEST(counts({unknown(0), answered(1, 2, 2, 5)}, {2}) == all_is_right);
  BOOST_TEST(judge({unknown(0)}, Values{0}).unknown == 1u);
}

BOOST_AUTO_TEST_CASE(an_answered_increment_that_is_not_there_in_the_end_is_lost) {
  BOOST_TEST(counts({answered(0, 1, 1, 5), answered(2, 3, 2, 6)}, {1}) == "1 0 0");
  BOOST_TEST(counts({answered(0, 1, 1, 5), answered(2, 3, 2, 6)}, {0}) == "2 0 0");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_answered_twice_is_found) {
  BOOST_TEST(counts({answered(0, 9, 1, 5), answered(0, 9, 1, 5)}, {2}) == "0 2 0");
  const Judgement found = judge({answered(0, 9, 1, 5), answered(0, 9, 1, 6)}, Values{1});
  BOOST_TEST(found.twice == 1u);
  BOOST_TEST(found.lost == 1u);
  BOOST_TEST(found.examples.front() == "counter 0, value 1 at order 6 was answered twice");
}

BOOST_AUTO_TEST_CASE(what_nobody_sent_was_counted_twice) {
  BOOST_TEST(counts({answered(0, 1, 1, 5)}, {2}) == "0 1 0");
  BOOST_TEST(counts({answered(0, 1, 2, 5)}, {2}) == "0 1 0");
  BOOST_TEST(counts({answered(0, 1, 1, 5), not_applied(2)}, {2}) == "0 1 0");
  BOOST_TEST(counts({answered(0, 1, 1, 5), unknown(2)}, {3}) == "0 1 0");
}

BOOST_AUTO_TEST_CASE(an_increment_of_unknown_outcome_explains_no_value_from_before_it_began) {
  BOOST_TEST(counts({answered(0, 1, 2, 5), unknown(2)}, {2}) == "0 1 0");
  BOOST_TEST(counts({answered(0, 1, 2, 5), unknown(2)}, {3}) == "0 1 0");
  BOOST_TEST(counts({unknown(0), answered(0, 1, 2, 5), answered(2, 3, 4, 6), unknown(4)}, {4}) == "0 1 0");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_older_than_one_before_is_a_violation_of_the_order) {
  // The value is too small, and so is the place.
  BOOST_TEST(counts({answered(0, 1, 2, 6), answered(2, 3, 1, 5)}, {2}) == "0 0 1");
  // The values are right, and the place is not.
  BOOST_TEST(counts({answered(0, 1, 1, 6), answered(2, 3, 2, 6)}, {2}) == "0 0 1");
  // Another counter, but one order for all.
  BOOST_TEST(counts({answered(0, 1, 1, 6, 0), answered(2, 3, 1, 5, 1)}, {1, 1}) == "0 0 1");
  // At the same time, but the values do not grow with the places.
  BOOST_TEST(counts({answered(0, 9, 1, 6), answered(0, 9, 2, 5)}, {2}) == "0 0 1");
  BOOST_TEST(counts({answered(0, 9, 0, 5), answered(0, 9, 1, 5)}, {2}).ends_with(" 1"));
}

BOOST_AUTO_TEST_CASE(the_longest_gap_is_that_between_two_answers_to_anybody) {
  const History history = {answered(0, 2, 1, 1), answered(0, 5, 2, 1), unknown(6), answered(0, 20, 3, 1)};
  BOOST_TEST(longest_gap(history, at(1), at(19)).milliseconds() == 14);
  BOOST_TEST(longest_gap(history, at(1), at(30)).milliseconds() == 15);
  BOOST_TEST(longest_gap({}, at(1), at(8)).milliseconds() == 7);
}

BOOST_AUTO_TEST_CASE(a_drill_in_which_all_went_well_has_passed) {
  const DrillResult result = verdict({}, 7, good());
  BOOST_TEST(result.passed());
  BOOST_TEST(result.seed == 7u);
  BOOST_TEST(result.answered == 3u);
  BOOST_TEST(result.longest_gap.milliseconds() == 18);
}

BOOST_AUTO_TEST_CASE(a_drill_needs_answers_before_during_and_after_the_faults) {
  Findings findings = good();
  findings.history = {answered(11, 12, 1, 2), answered(31, 32, 2, 3)};
  findings.final_values = Values{2};
  BOOST_TEST(only_failure({}, findings) == "no increment from before the first fault was answered");
  findings.history = {answered(1, 2, 1, 2), answered(31, 32, 2, 3)};
  BOOST_TEST(only_failure({}, findings) == "no increment from the time of the faults was answered");
  findings.history = {answered(1, 2, 1, 2), answered(11, 12, 2, 3)};
  BOOST_TEST(only_failure({}, findings) == "no increment from after the faults was answered");
  // One that was sent before a pause of the group, and answered after it.
  findings.history = {answered(1, 2, 1, 2), answered(9, 31, 2, 3), answered(31, 32, 3, 4)};
  findings.final_values = Values{3};
  BOOST_TEST(verdict({}, 1, findings).passed());
  findings = good();
  findings.struck.reset();
  BOOST_TEST(only_failure({}, findings) == "no step broke anything");
}

BOOST_AUTO_TEST_CASE(where_it_must_fail_safe_clients_need_no_answer_but_a_refusal) {
  Drill drill;
  drill.fails_safe = true;
  Findings findings = good();
  findings.history = {answered(1, 2, 1, 2), answered(31, 32, 2, 3)};
  findings.final_values = Values{2};
  BOOST_TEST(only_failure(drill, findings) == "no client was refused");
  findings.refused = 1;
  BOOST_TEST(verdict(drill, 1, findings).passed());
}

BOOST_AUTO_TEST_CASE(whatever_is_wrong_fails_a_drill) {
  Findings findings = good();
  findings.final_values = Values{2};
  BOOST_TEST(only_failure({}, findings) == "counter 0 is 2 in the end, after 3 answered increments up to 3");
  findings.final_values.reset();
  BOOST_TEST(only_failure({}, findings) == "the final values could not be read");
  findings = good();
  findings.failures = {"not evicted"};
  BOOST_TEST(only_failure({}, findings) == "not evicted");
  Drill drill;
  drill.longest_gap = milliseconds(17);
  BOOST_TEST(only_failure(drill, good()) == "for 18 ms nobody was answered, and at most 17 ms are allowed");
}

BOOST_AUTO_TEST_SUITE_END()
