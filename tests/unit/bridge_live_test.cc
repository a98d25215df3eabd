// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "bridge/http/live/event_history.h"
#include "bridge/http/live/picture.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::http;
namespace json = boost::json;

namespace {

const Picture::Rules rules{3, 64, true};
constexpr CalendarTime noon{1'764'504'000'000};
constexpr Instant start = Instant() + seconds(100);

ReplicaStatus replica_of(std::uint64_t id, std::uint64_t applied) {
  ReplicaStatus replica;
  replica.id = ReplicaId(id);
  replica.state = ReplicaState::voting;
  replica.applied = Sequence(applied);
  replica.store = "rocksdb";
  return replica;
}

ClusterStatus status_at(std::uint64_t sequence) {
  ClusterStatus status;
  status.state = GroupState::ok;
  status.term = Term(2);
  status.sequence = status.decided = status.stable = Sequence(sequence);
  status.distributor_state = status.comparator_state = RoleState::ok;
  for (std::uint64_t id = 1; id <= 3; ++id) status.replicas.push_back(replica_of(id, sequence));
  return status;
}

Observation observation_of(std::uint64_t record, const std::string& line) {
  Observation observation;
  observation.records = {{record, std::string(64, 'a'), line}};
  return observation;
}

json::object parsed(const std::string& text) { return json::parse(text).as_object(); }

// What one second adds to the picture.
json::array figures_of(Picture& picture, const ClusterStatus& status, Instant now) {
  const std::string text = picture.update(status, now, {}, noon);
  const json::object change = text.empty() ? json::object() : parsed(text);
  return change.contains("figures") ? change.at("figures").as_array() : json::array();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bridge_live)

BOOST_AUTO_TEST_CASE(the_first_update_shows_everything_that_was_heard) {
  Picture picture(rules);
  const auto change = parsed(picture.update(status_at(7), start, {}, noon));
  BOOST_TEST(change.at("now").as_int64() == noon.unix_milliseconds);
  BOOST_TEST(change.at("group").at("state").as_string() == "ok");
  BOOST_TEST(change.at("group").at("needed").to_number<int>() == 2);
  BOOST_TEST(change.at("group").at("heard").as_bool());
  BOOST_TEST(change.at("replicas").as_array().size() == 3);
  BOOST_TEST(change.at("replicas").at(0).at("vote").is_null());
  BOOST_TEST(change.at("distributor").at("state").as_string() == "ok");
}

BOOST_AUTO_TEST_CASE(an_update_has_only_what_differs) {
  Picture picture(rules);
  picture.update(status_at(7), start, {}, noon);
  BOOST_TEST(picture.update(status_at(7), start, {}, noon) == "");
  const auto change = parsed(picture.update(status_at(8), start, {}, noon));
  BOOST_TEST(change.contains("group"));
  BOOST_TEST(change.contains("replicas"));
  BOOST_TEST(!change.contains("distributor"));
  BOOST_TEST(!change.contains("journal"));
  BOOST_TEST(parsed(picture.whole(noon)).contains("distributor"));
}

BOOST_AUTO_TEST_CASE(a_distributor_that_is_silent_is_said_to_be_and_the_rest_stays) {
  Picture picture(rules);
  picture.update(status_at(7), start, {}, noon);
  ClusterStatus silent = status_at(7);  // as GroupWatch has it then
  silent.state = GroupState::unavailable;
  silent.distributor_state = RoleState::down;
  const auto change = parsed(picture.update(silent, {}, {}, noon));
  BOOST_TEST(!change.at("group").at("heard").as_bool());
  BOOST_TEST(change.at("group").at("state").as_string() == "unavailable");
  BOOST_TEST(change.at("group").at("sequence").to_number<int>() == 7);
  BOOST_TEST(change.at("distributor").at("state").as_string() == "down");
  BOOST_TEST(change.at("comparator").at("state").as_string() == "down");
  BOOST_TEST(!change.contains("replicas"));
  BOOST_TEST(parsed(picture.update(status_at(7), start, {}, noon)).at("group").at("heard").as_bool());
}

BOOST_AUTO_TEST_CASE(whoever_was_started_anew_is_shown_however_quick_it_was) {
  Picture picture(rules);
  ClusterStatus status = status_at(7);
  status.distributor_pid = 10;
  status.replicas[0].pid = 11;
  auto change = parsed(picture.update(status, start, {}, noon));
  BOOST_TEST(change.at("distributor").at("restarted").is_null());
  BOOST_TEST(change.at("replicas").at(0).at("restarted").is_null());
  status.distributor_pid = 20;
  status.comparator_pid = 22;  // it was not known before
  status.replicas[0].pid = 21;
  const CalendarTime later{noon.unix_milliseconds + 200};
  change = parsed(picture.update(status, start, {}, later));
  BOOST_TEST(change.at("distributor").at("restarted").as_int64() == later.unix_milliseconds);
  BOOST_TEST(!change.contains("comparator"));
  BOOST_TEST(change.at("replicas").at(0).at("restarted").as_int64() == later.unix_milliseconds);
  BOOST_TEST(change.at("replicas").at(1).at("restarted").is_null());
  status.replicas[0].pid = 0;  // it has not reported to a distributor that starts
  picture.update(status, start, {}, later);
  status.replicas[0].pid = 21;
  picture.update(status, start, {}, later);
  const auto whole = parsed(picture.whole(later));
  BOOST_TEST(whole.at("replicas").at(0).at("restarted").as_int64() == later.unix_milliseconds);
}

BOOST_AUTO_TEST_CASE(nobody_knows_when_a_process_came_that_nobody_watched) {
  Picture picture(rules);
  ClusterStatus status = status_at(7);
  status.replicas[0].pid = 11;
  picture.update(status, start, {}, noon);
  status.replicas[0].pid = 21;
  BOOST_TEST(picture.update(status, start + seconds(60), {}, {noon.unix_milliseconds + 60'000}) == "");
}

BOOST_AUTO_TEST_CASE(a_picture_can_begin_without_a_word_from_the_group) {
  Picture picture(rules);
  const auto change = parsed(picture.update({}, {}, {}, noon));
  BOOST_TEST(!change.at("group").at("heard").as_bool());
  BOOST_TEST(change.at("group").at("replicas").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(each_replica_is_shown_with_its_newest_vote) {
  Picture picture(rules);
  Observation observation;
  observation.decided.order.sequence = Sequence(7);
  observation.votes = 2;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    ObservedVote vote;
    vote.replica = ReplicaId(id);
    vote.sequence = Sequence(id == 3 ? 0 : 7);
    vote.outcome = id == 2 ? VoteOutcome::differs : VoteOutcome::agrees;
    vote.matches = 5;
    observation.voters.push_back(vote);
  }
  const auto change = parsed(picture.update(status_at(7), start, observation, noon));
  BOOST_TEST(change.at("replicas").at(0).at("vote").at("outcome").as_string() == "agrees");
  BOOST_TEST(change.at("replicas").at(1).at("vote").at("outcome").as_string() == "differs");
  BOOST_TEST(change.at("replicas").at(2).at("vote").is_null());  // it has not voted
  BOOST_TEST(change.at("replicas").at(0).at("matches").to_number<int>() == 5);
  BOOST_TEST(change.at("replicas").at(0).at("matches_needed").to_number<int>() == 64);
  BOOST_TEST(change.at("decision").at("votes").to_number<int>() == 2);
}

BOOST_AUTO_TEST_CASE(what_a_replica_says_stays_a_text) {
  Picture picture(rules);
  ClusterStatus status = status_at(7);
  const std::string hostile = "</script><img src=x onerror=alert(1)>\",\"id\":9,\"\n";
  status.replicas[1].store = hostile;
  const std::string text = picture.update(status, start, observation_of(1, hostile), noon);
  BOOST_TEST(text.find('\n') == std::string::npos);  // a line end would end the event
  const auto change = parsed(text);
  BOOST_TEST(change.at("replicas").at(1).at("store").as_string() == hostile);
  BOOST_TEST(change.at("records").at(0).at("line").as_string() == hostile);
}

BOOST_AUTO_TEST_CASE(a_record_is_shown_once) {
  Picture picture(rules);
  BOOST_TEST(picture.newest_record() == 0);
  const auto first = parsed(picture.update(status_at(7), start, observation_of(4, "{}"), noon));
  BOOST_TEST(first.at("records").as_array().size() == 1);
  BOOST_TEST(picture.newest_record() == 4);
  BOOST_TEST(picture.update(status_at(7), start, observation_of(4, "{}"), noon) == "");
}

BOOST_AUTO_TEST_CASE(records_are_bounded_in_number_and_bytes) {
  Picture picture(rules);
  for (std::uint64_t number = 1; number <= 200; ++number)
    picture.update(status_at(7), start, observation_of(number, "{}"), noon);
  auto records = parsed(picture.whole(noon)).at("records").as_array();
  BOOST_TEST(records.size() == live_limits::records);
  BOOST_TEST(records.back().at("number").to_number<int>() == 200);
  for (std::uint64_t number = 201; number <= 300; ++number)
    picture.update(status_at(7), start, observation_of(number, std::string(16 * 1024, 'x')), noon);
  BOOST_TEST(picture.whole(noon).size() < live_limits::record_bytes + 4096);
}

BOOST_AUTO_TEST_CASE(figures_are_of_one_second_each) {
  Picture picture(rules);
  ClusterStatus status = status_at(7);
  status.order_operations.observe(histograms::size_bounds, 1'000);
  BOOST_TEST(figures_of(picture, status, start).empty());  // one point in time is no rate
  status.order_operations.observe(histograms::size_bounds, 500);
  histograms::observe(status.decision, microseconds(900));
  BOOST_TEST(figures_of(picture, status, start + milliseconds(400)).empty());
  const auto figures = figures_of(picture, status, start + seconds(1));
  BOOST_REQUIRE(figures.size() == 1);
  BOOST_TEST(figures[0].at("operations_per_second").to_number<double>() == 500.0);
  const auto p50 = figures[0].at("p50_us").to_number<int>();
  BOOST_TEST(p50 > 500);
  BOOST_TEST(p50 <= 1'000);
}

BOOST_AUTO_TEST_CASE(a_second_in_which_nothing_was_decided_has_no_latency) {
  Picture picture(rules);
  figures_of(picture, status_at(7), start);
  const auto figures = figures_of(picture, status_at(8), start + seconds(1));
  BOOST_REQUIRE(figures.size() == 1);
  BOOST_TEST(figures[0].at("operations_per_second").to_number<double>() == 0.0);
  BOOST_TEST(figures[0].at("p50_us").is_null());
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_the_time_in_which_nobody_watched_or_counting_began_anew) {
  Picture picture(rules);
  ClusterStatus status = status_at(7);
  status.order_operations.observe(histograms::size_bounds, 1'000);
  figures_of(picture, status, start);
  BOOST_TEST(figures_of(picture, status, start + seconds(60)).empty());
  BOOST_TEST(figures_of(picture, status_at(7), start + seconds(61)).empty());  // it counts from zero again
  BOOST_TEST(figures_of(picture, status_at(8), start + seconds(62)).size() == 1);
}

BOOST_AUTO_TEST_CASE(a_viewer_that_comes_back_is_sent_what_it_missed) {
  EventHistory history(0xabc);
  BOOST_TEST(*history.add("{}") == "event: change\nid: 0000000000000abc-1\ndata: {}\n\n");
  const EventText second = history.add("{\"b\":2}");
  BOOST_TEST(*history.snapshot("{}") == "event: snapshot\nid: 0000000000000abc-2\ndata: {}\n\n");
  const auto missed = history.after("0000000000000abc-1");
  BOOST_REQUIRE(missed.has_value());
  BOOST_REQUIRE(missed->size() == 1);
  BOOST_TEST(*missed->front() == *second);
  BOOST_TEST(history.after("0000000000000abc-2")->empty());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_known_is_answered_with_a_snapshot) {
  EventHistory history(0xabc);
  for (int event = 0; event < 1'000; ++event) history.add("{}");
  for (const char* name : {"", "0000000000000abc-1", "0000000000000abc-1001", "0000000000000abc-", "0000000000000abc",
                           "0000000000000abd-999", "0000000000000abc-999x", "0000000000000abc--1",
                           "0000000000000abc-99999999999999999999"})
    BOOST_TEST(!history.after(name).has_value(), name);
  BOOST_TEST(history.after("0000000000000abc-999").has_value());
}

BOOST_AUTO_TEST_CASE(the_history_is_bounded_in_bytes) {
  EventHistory history(1);
  const std::string large(live_limits::kept_event_bytes / 4, 'x');
  for (int event = 0; event < 10; ++event) history.add(large);
  BOOST_TEST(!history.after("0000000000000001-1").has_value());
  BOOST_TEST(history.after("0000000000000001-9").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
