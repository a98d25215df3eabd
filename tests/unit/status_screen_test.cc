// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/status_screen.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

using namespace tally;
using namespace tally::cli;

namespace {

constexpr CalendarTime noon{1'764'504'000'000};
constexpr std::size_t columns = 80;

CalendarTime after(std::int64_t ms) { return {noon.unix_milliseconds + ms}; }

Glance glance_of(ReplicaState state) {
  ClusterStatus status;
  status.state = state == ReplicaState::voting ? GroupState::ok : GroupState::degraded;
  status.sequence = status.decided = Sequence(200);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    ReplicaStatus replica;
    replica.id = ReplicaId(id);
    replica.state = id == 2 ? state : ReplicaState::voting;
    replica.applied = Sequence(id == 2 ? 100 : 200);
    status.replicas.push_back(replica);
  }
  return {status, {}, {}, noon};
}

std::string text_of(const Glance& glance, std::size_t width = columns) {
  std::string text;
  for (const std::string& line : status_screen(glance, width, false)) (text += line) += '\n';
  return text;
}

bool says(const Glance& glance, std::string_view words) { return text_of(glance).find(words) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(status_screen_of_a_group)

BOOST_AUTO_TEST_CASE(each_state_is_told_in_words) {
  BOOST_TEST(says(glance_of(ReplicaState::voting), "+ voting"));
  BOOST_TEST(says(glance_of(ReplicaState::down), "no connection"));
  BOOST_TEST(says(glance_of(ReplicaState::probation), "votes are compared, not counted"));
  BOOST_TEST(says(glance_of(ReplicaState::quarantined), "waits for an operator"));
  BOOST_TEST(says(glance_of(ReplicaState::recovering), "executes what it missed, 50 %"));
  BOOST_TEST(says(glance_of(ReplicaState::evicted), "about to recover"));
}

BOOST_AUTO_TEST_CASE(a_cool_down_is_counted_down) {
  Glance glance = glance_of(ReplicaState::evicted);
  glance.status->replicas[1].next_try = after(2'300);
  BOOST_TEST(says(glance, "cools down, 2.3 s left"));
  glance.status->replicas[1].held = true;
  BOOST_TEST(says(glance, "an operator holds it"));
}

BOOST_AUTO_TEST_CASE(a_verdict_is_told_with_its_age) {
  Glance glance = glance_of(ReplicaState::evicted);
  glance.status->replicas[1].last_verdict = LastVerdict{VerdictReason::dissent, Sequence(150), after(-90'000)};
  BOOST_TEST(says(glance, "dissent at order 150, 1 min ago"));
}

BOOST_AUTO_TEST_CASE(a_silent_distributor_is_told_before_anything_else) {
  Glance glance = glance_of(ReplicaState::voting);
  glance.silent = seconds(3);
  BOOST_TEST(says(glance, "The distributor has not answered for 3.0 s"));
  BOOST_TEST(text_of(Glance{{}, {}, {}, noon}).find("no answer from the distributor yet") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_line_is_wider_than_the_screen) {
  Glance glance = glance_of(ReplicaState::evicted);
  glance.status->reason = "no_majority";
  glance.status->advice = std::string(300, 'x') + " and so on, " + std::string(100, 'y');
  glance.status->replicas[1].lag = glance.status->replicas[1].votes = ~std::uint64_t{0};
  for (const std::size_t width : {std::size_t{1}, std::size_t{20}, columns, std::size_t{200}})
    for (const std::string& line : status_screen(glance, width, false)) BOOST_TEST(line.size() <= width);
}

BOOST_AUTO_TEST_CASE(colour_changes_no_word) {
  std::string text;
  for (const std::string& line : status_screen(glance_of(ReplicaState::evicted), columns, true)) (text += line) += '\n';
  BOOST_TEST(text.find("\x1b[31m") != std::string::npos);
  for (std::size_t place = text.find('\x1b'); place != std::string::npos; place = text.find('\x1b'))
    text.erase(place, text.find('m', place) - place + 1);
  BOOST_TEST(text == text_of(glance_of(ReplicaState::evicted)));
}

BOOST_AUTO_TEST_SUITE_END()
