// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "cli/drill/built_in.h"
#include "cli/drill/steps.h"

using namespace tally;
using namespace tally::cli;

BOOST_AUTO_TEST_SUITE(drill_steps)

namespace {

std::string errors_of(const std::string& text) {
  const auto drill = parse_drill(text, "f");
  return drill ? "none" : drill.error().text();
}

// A file that is whole but for what is given as its only step, which begins in line 3.
std::string error_of_step(const std::string& step) { return errors_of("name = \"n\"\n[[step]]\n" + step + '\n'); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_is_read) {
  const auto drill = parse_drill(R"(
name = "kill-then-lie"
about = "One after the other."
replicas = 5
clients = 2
repeat = 3
door = "http"
fails_safe = true
longest_gap_ms = 700
healed_within_ms = 9000
[config]
checkpoint_orders = 50
durability = "os"
[[step]]
do = "kill"
target = "replica-4"
after_ms = 500
[[step]]
do = "fault"
target = "replica-b"
fault = "wrong-value"
after_ms = [100, 200]
[[step]]
do = "expect"
group = "unavailable"
why = "no_majority"
within_ms = 1234
[[step]]
do = "storm"
for_ms = 1000
)",
                                 "f");
  BOOST_REQUIRE(drill);
  BOOST_TEST(drill->name == "kill-then-lie");
  BOOST_TEST(drill->replicas == 5);
  BOOST_TEST(drill->clients == 2);
  BOOST_TEST(drill->repeat == 3);
  BOOST_TEST((drill->door == Door::http));
  BOOST_TEST(drill->fails_safe);
  BOOST_TEST(drill->longest_gap->milliseconds() == 700);
  BOOST_TEST(drill->healed_within.milliseconds() == 9000);
  BOOST_TEST(drill->config.at("checkpoint_orders") == "50");
  BOOST_TEST(drill->config.at("durability") == "os");
  BOOST_REQUIRE(drill->steps.size() == 4u);
  BOOST_TEST((drill->steps[0].action == Action::kill));
  BOOST_TEST(drill->steps[0].after_least.milliseconds() == 500);
  BOOST_TEST(drill->steps[0].after_most.milliseconds() == 500);
  BOOST_TEST((drill->steps[1].fault == FaultKind::wrong_value));
  BOOST_TEST(drill->steps[1].after_most.milliseconds() == 200);
  BOOST_TEST(drill->steps[2].expected.why == "no_majority");
  BOOST_TEST(drill->steps[2].within.milliseconds() == 1234);
  BOOST_TEST(drill->steps[3].every.milliseconds() == 300);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_line_and_column) {
  BOOST_TEST(errors_of("name = \n").starts_with("f:1:8: "));
  BOOST_TEST(errors_of("[.").starts_with("f"));
  BOOST_TEST(errors_of("") == "f: there is no name\nf: there is no [[step]]");
  BOOST_TEST(errors_of("name = \"A b\"\nstep = 5") ==
             "f:1:8: name must be of at most 64 small letters, digits and hyphens\n"
             "f:2:8: step must be written as [[step]]");
  BOOST_TEST(errors_of("name = \"n\"\nreplicas = 4\n colour = 1\n[[step]]\ndo = \"wait\"\nafter_ms = 1") ==
             "f:2:12: replicas must be odd: 3, 5 or 7\nf:3:2: colour is not a known key");
  BOOST_TEST(errors_of("name = \"n\"\n[config]\nack_misses = \"many\"\nnonsense = 1\ndata = \"x\"\n[[step]]\n"
                       "do = \"wait\"\nafter_ms = 1") ==
             "f:3:14: ack_misses must be a whole number\nf:4:1: nonsense is not a known key\n"
             "f:5:1: data is not for a drill to set");
  for (const char* key : {"distributor_client_endpoint", "http_hosts", "resp_password", "log_format", "log_level"})
    BOOST_TEST(
        errors_of("name = \"n\"\n[config]\n" + std::string(key) + " = \"x\"\n[[step]]\ndo = \"wait\"\nafter_ms = 1") ==
        "f:3:1: " + std::string(key) + " is not for a drill to set");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_step_is_told_with_line_and_column) {
  BOOST_TEST(error_of_step("target = \"bridge\"") == "f:2:1: this step lacks do");
  BOOST_TEST(error_of_step("do = \"explode\"").starts_with("f:3:6: do must be one of: kill, pause, continue, "));
  BOOST_TEST(error_of_step("do = \"kill\"") == "f:2:1: this step lacks a target");
  BOOST_TEST(error_of_step("do = \"kill\"\ntarget = \"replica-4\"") ==
             "f:4:10: target must be replica-1 to replica-3, or replica-a to replica-c, distributor, comparator, "
             "bridge, all");
  BOOST_TEST(error_of_step("do = \"clear\"\ntarget = \"bridge\"") ==
             "f:4:10: target must be replica-1 to replica-3, or replica-a to replica-c");
  BOOST_TEST(error_of_step("do = \"kill\"\ntarget = \"all\"\nfault = \"slow\"") ==
             "f:5:1: fault is not a key of do = \"kill\"");
  BOOST_TEST(error_of_step("do = \"fault\"\ntarget = \"replica-1\"") == "f:2:1: this step lacks fault");
  BOOST_TEST(error_of_step("do = \"fault\"\ntarget = \"replica-1\"\nfault = \"rude\"") ==
             "f:5:9: fault must be a kind of `tally fault inject`");
  BOOST_TEST(error_of_step("do = \"wait\"") == "f:2:1: this step lacks after_ms");
  BOOST_TEST(error_of_step("do = \"wait\"\nafter_ms = [5, 4]") ==
             "f:4:12: after_ms must be a list of two, the smaller one first");
  BOOST_TEST(error_of_step("do = \"wait\"\nafter_ms = [5]") == "f:4:12: after_ms must be a number, or a list of two");
  BOOST_TEST(error_of_step("do = \"wait\"\nafter_ms = -1") == "f:4:12: after_ms must be from 0 to 3600000");
  BOOST_TEST(error_of_step("do = \"storm\"") == "f:2:1: this step lacks for_ms");
  BOOST_TEST(error_of_step("do = \"busy-disk\"") == "f:2:1: this step lacks for_ms");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_an_expectation_is_told_with_line_and_column) {
  BOOST_TEST(error_of_step("do = \"expect\"") ==
             "f:2:1: an expect has exactly one of: state, reason, event, group, answers, refusals");
  BOOST_TEST(error_of_step("do = \"expect\"\ngroup = \"ok\"\nanswers = 5") ==
             "f:2:1: an expect has exactly one of: state, reason, event, group, answers, refusals");
  BOOST_TEST(error_of_step("do = \"expect\"\nstate = \"evicted\"") == "f:2:1: this step lacks a target");
  BOOST_TEST(error_of_step("do = \"expect\"\ntarget = \"bridge\"\nstate = \"evicted\"") ==
             "f:5:9: state must be running, since the target is no replica");
  BOOST_TEST(error_of_step("do = \"expect\"\ntarget = \"replica-1\"\nstate = \"running\"")
                 .starts_with("f:5:9: state must be one of a replica: voting, "));
  BOOST_TEST(error_of_step("do = \"expect\"\ngroup = \"fine\"") ==
             "f:4:9: group must be one of: ok, degraded, unavailable, halted");
  BOOST_TEST(error_of_step("do = \"expect\"\nanswers = 1\nwhy = \"no_majority\"") ==
             "f:5:1: why is not a key of do = \"expect\"");
  BOOST_TEST(error_of_step("do = \"expect\"\nanswers = 1\nwithin_ms = 0") ==
             "f:5:13: within_ms must be from 1 to 3600000");
}

BOOST_AUTO_TEST_CASE(each_built_in_drill_has_a_name_of_its_own_and_a_sentence) {
  for (const Drill& drill : built_in_drills()) {
    BOOST_TEST(find_built_in(drill.name) == &drill);
    BOOST_TEST(drill.about.ends_with('.'));
  }
  BOOST_TEST(!find_built_in("nothing"));
}

BOOST_AUTO_TEST_CASE(a_letter_is_a_replica_of_the_drawn_order) {
  BOOST_TEST(role_of("replica-a", {3, 1, 2}) == "replica-3");
  BOOST_TEST(role_of("replica-c", {3, 1, 2}) == "replica-2");
  BOOST_TEST(role_of("replica-1", {3, 1, 2}) == "replica-1");
  BOOST_TEST(role_of("all", {3, 1, 2}) == "all");
  BOOST_TEST(replica_number("replica-12").value() == 12u);
  BOOST_TEST(!replica_number("replica-a"));
  BOOST_TEST(!replica_number("bridge"));
}

BOOST_AUTO_TEST_SUITE_END()
