// SPDX-License-Identifier: Apache-2.0
// The text of /metrics; tests/process/metrics_test.py has Prometheus read it.
#include <boost/test/unit_test.hpp>
#include <string>

#include "bridge/http/metrics.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::http;

namespace {

bool has_line(const std::string& text, const std::string& line) { return text.find('\n' + line + '\n') != text.npos; }

ClusterStatus a_status() {
  ClusterStatus status;
  status.state = GroupState::degraded;
  status.comparator_heard_ms = 5;
  ReplicaStatus& replica = status.replicas.emplace_back();
  replica.id = ReplicaId(2);
  replica.state = ReplicaState::evicted;
  replica.votes = 10;
  replica.dissents = 3;
  replica.dissent_verdicts = 1;
  replica.evictions = 4;
  return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_text)

BOOST_AUTO_TEST_CASE(without_a_status_the_group_is_unavailable_and_no_more_is_said_of_it) {
  BridgeFigures figures;
  figures.version = "1.2.3";
  figures.doors = {{.door = "http", .counts = {.requests = 7}}};
  figures.operations[static_cast<std::size_t>(OperationKind::remove)] = 5;
  figures.refusals[static_cast<std::size_t>(ProblemKind::tables_full)] = 2;
  const std::string text = bridge_metrics(figures) + group_metrics({}, {});
  BOOST_TEST(has_line(text, R"(tally_build_info{version="1.2.3"} 1)"));
  BOOST_TEST(has_line(text, R"(tally_requests_total{door="http"} 7)"));
  BOOST_TEST(has_line(text, R"(tally_operations_total{kind="delete"} 5)"));
  BOOST_TEST(has_line(text, R"(tally_refusals_total{reason="tables-full"} 2)"));
  BOOST_TEST(has_line(text, R"(tally_group_state{state="unavailable"} 1)"));
  for (const std::string absent : {"tally_term", "tally_replica_state", "tally_decision_seconds", "tally_table_used"})
    BOOST_TEST(text.find(absent) == text.npos, absent);
}

BOOST_AUTO_TEST_CASE(each_door_has_its_connections_and_requests) {
  BridgeFigures figures;
  figures.doors = {{"http", 4, {.connections = 10, .connections_refused = 2, .requests = 100}, {}},
                   {"resp", 5, {.connections = 20, .connections_refused = 3, .requests = 200}, ErrorReplyCounts()}};
  const std::string text = bridge_metrics(figures);
  BOOST_TEST(has_line(text, R"(tally_connections{door="http"} 4)"));
  BOOST_TEST(has_line(text, R"(tally_connections{door="resp"} 5)"));
  BOOST_TEST(has_line(text, R"(tally_connections_total{door="http"} 10)"));
  BOOST_TEST(has_line(text, R"(tally_connections_total{door="resp"} 20)"));
  BOOST_TEST(has_line(text, R"(tally_connections_refused_total{door="http"} 2)"));
  BOOST_TEST(has_line(text, R"(tally_connections_refused_total{door="resp"} 3)"));
  BOOST_TEST(has_line(text, R"(tally_requests_total{door="http"} 100)"));
  BOOST_TEST(has_line(text, R"(tally_requests_total{door="resp"} 200)"));
}

BOOST_AUTO_TEST_CASE(error_replies_are_told_by_their_kind_and_only_where_a_door_has_them) {
  BridgeFigures figures;
  figures.doors = {{.door = "http"}};
  BOOST_TEST(bridge_metrics(figures).find("tally_resp_errors_total") == std::string::npos);
  ErrorReplyCounts counts{};
  for (std::size_t kind = 0; kind < counts.size(); ++kind) counts[kind] = kind + 1;
  figures.doors.push_back({.door = "resp", .error_replies = counts});
  const std::string text = bridge_metrics(figures);
  BOOST_TEST(has_line(text, R"(tally_resp_errors_total{kind="protocol"} 1)"));
  BOOST_TEST(has_line(text, R"(tally_resp_errors_total{kind="auth"} 2)"));
  BOOST_TEST(has_line(text, R"(tally_resp_errors_total{kind="unavailable"} 3)"));
  BOOST_TEST(has_line(text, R"(tally_resp_errors_total{kind="unknown"} 4)"));
  BOOST_TEST(has_line(text, R"(tally_resp_errors_total{kind="other"} 5)"));
}

BOOST_AUTO_TEST_CASE(a_replica_has_its_votes_verdicts_and_one_state) {
  const std::string text = group_metrics(a_status(), {});
  BOOST_TEST(has_line(text, R"(tally_votes_total{replica="2",outcome="match"} 7)"));
  BOOST_TEST(has_line(text, R"(tally_votes_total{replica="2",outcome="dissent"} 3)"));
  BOOST_TEST(has_line(text, R"(tally_verdicts_total{replica="2",reason="dissent"} 1)"));
  BOOST_TEST(has_line(text, R"(tally_replica_state{replica="2",state="evicted"} 1)"));
  BOOST_TEST(has_line(text, R"(tally_replica_state{replica="2",state="voting"} 0)"));
  BOOST_TEST(has_line(text, R"(tally_group_state{state="degraded"} 1)"));
  BOOST_TEST(has_line(text, "tally_evictions_total 4"));
}

BOOST_AUTO_TEST_CASE(what_was_not_reported_yet_is_left_out) {
  ClusterStatus status = a_status();
  BOOST_TEST(group_metrics(status, {}).find("tally_replica_lag_orders") == std::string::npos);
  status.replicas[0].heard_ms = 250;
  BOOST_TEST(has_line(group_metrics(status, {}), R"(tally_replica_report_age_seconds{replica="2"} 0.25)"));
  status.comparator_heard_ms.reset();
  const std::string text = group_metrics(status, {});
  for (const std::string absent : {"tally_votes_total", "tally_verdicts_total"})
    BOOST_TEST(text.find(absent) == std::string::npos, absent);
  BOOST_TEST(has_line(text, "tally_evictions_total 4"));  // the view has them
}

BOOST_AUTO_TEST_CASE(a_histogram_is_cumulative_and_in_seconds) {
  ClusterStatus status = a_status();
  histograms::observe(status.decision, milliseconds(250));
  histograms::observe(status.decision, milliseconds(500));
  histograms::observe(status.decision, seconds(9));
  const std::string text = group_metrics(status, {});
  BOOST_TEST(has_line(text, R"(tally_decision_seconds_bucket{le="0.25"} 1)"));
  BOOST_TEST(has_line(text, R"(tally_decision_seconds_bucket{le="0.5"} 2)"));
  BOOST_TEST(has_line(text, R"(tally_decision_seconds_bucket{le="5"} 2)"));
  BOOST_TEST(has_line(text, R"(tally_decision_seconds_bucket{le="+Inf"} 3)"));
  BOOST_TEST(has_line(text, "tally_decision_seconds_count 3"));
  BOOST_TEST(has_line(text, "tally_decision_seconds_sum 9.75"));
}

BOOST_AUTO_TEST_CASE(a_histogram_of_other_bounds_is_left_out) {
  ClusterStatus status = a_status();
  status.decision.counts = {1, 2, 3};
  BOOST_TEST(group_metrics(status, {}).find("tally_decision_seconds") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_table_is_told_by_its_account_and_name) {
  const auto tables = tables_in({{"clients.sessions", 90}, {"clients.sessions.used", 4}});
  const std::string text = group_metrics({}, tables);
  BOOST_TEST(has_line(text, R"(tally_table_limit{account="clients",table="sessions"} 90)"));
  BOOST_TEST(has_line(text, R"(tally_table_used{account="clients",table="sessions"} 4)"));
}

BOOST_AUTO_TEST_SUITE_END()
