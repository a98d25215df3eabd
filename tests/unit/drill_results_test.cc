// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/drill/results.h"

using namespace tally;
using namespace tally::cli;

BOOST_AUTO_TEST_SUITE(drill_results)

namespace {

DrillResult passed() {
  DrillResult result;
  result.name = "hang";
  result.seed = 5;
  result.answered = 1234;
  result.longest_gap = milliseconds(12);
  result.detected_after = milliseconds(1010);
  result.voting_again_after = milliseconds(2293);
  result.took = milliseconds(3456);
  return result;
}

DrillResult failed() {
  DrillResult result;
  result.name = "lie";
  result.lost = 1;
  result.failures = {"a < b && \"c\"\x1b", "more"};
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_table_has_a_row_for_each_drill) {
  BOOST_TEST(results_table({passed(), failed()}, false) ==
             "drill  answered  lost  twice  order violations  longest gap  detected after  evicted after  voting again "
             "after  verdict\n"
             "hang   1234      0     0      0                 12 ms        1010 ms         -              2293 ms      "
             "       passed\n"
             "lie    0         1     0      0                 0 ms         -               -              -            "
             "       FAILED\n");
}

BOOST_AUTO_TEST_CASE(verdicts_are_coloured_on_request) {
  BOOST_TEST(results_table({passed()}, true).find(std::string(green) + "passed") != std::string::npos);
  BOOST_TEST(results_table({failed()}, true).find(std::string(red) + "FAILED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_has_the_names_that_scripts_know) {
  BOOST_TEST(results_json({passed()}) ==
             R"([{"drill":"hang","passed":true,"answered":1234,"refused":0,"unknown":0,"lost":0,"counted_twice":0,)"
             R"("order_violations":0,"longest_gap_ms":12,"detected_after_ms":1010,"evicted_after_ms":null,)"
             R"("voting_again_after_ms":2293,"seconds":3.456,"failures":[],"seed":5}])"
             "\n");
  BOOST_TEST(results_json({failed()}).find(R"("failures":["a < b && \"c\"\u001b","more"])") != std::string::npos);
  BOOST_TEST(results_json({}) == "[]\n");
}

BOOST_AUTO_TEST_CASE(junit_has_a_test_case_for_each_drill_and_escapes_what_xml_does_not_take) {
  BOOST_TEST(results_junit({passed(), failed()}) ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<testsuites>\n"
             "  <testsuite name=\"tally drill\" tests=\"2\" failures=\"1\" time=\"3.456\">\n"
             "    <testcase classname=\"tally.drill\" name=\"hang\" time=\"3.456\"/>\n"
             "    <testcase classname=\"tally.drill\" name=\"lie\" time=\"0.000\">\n"
             "      <failure message=\"a &lt; b &amp;&amp; &quot;c&quot;?\">a &lt; b &amp;&amp; &quot;c&quot;?\n"
             "more\n"
             "seed 0</failure>\n"
             "    </testcase>\n"
             "  </testsuite>\n"
             "</testsuites>\n");
}

BOOST_AUTO_TEST_SUITE_END()
