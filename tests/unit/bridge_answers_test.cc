// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "bridge/http/answers.h"
#include "client/status_json.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::http;

namespace {

const Rules rules{"s3cret", 3, true};

int status_of(const Problem& problem) { return row_of(problem.kind).status; }

tl::expected<Task, Problem> task_of(Method method, std::string target) {
  HttpRequest request;
  request.method = method;
  request.target = std::move(target);
  return understand(request, rules);
}

Task increment_task(const std::string& name) {
  auto task = task_of(Method::post, "/v1/counters/" + name + "/increment");
  BOOST_REQUIRE(task.has_value());
  return *task;
}

Answer answer_of(std::int64_t value, std::uint64_t sequence) {
  Answer answer;
  answer.outcome = CallOutcome::done;
  answer.result.status = OperationStatus::ok;
  answer.result.value = value;
  answer.sequence = Sequence(sequence);
  answer.votes = 2;
  return answer;
}

constexpr std::int64_t never = CounterDetail::never;

Answer lasting_until(const CounterDetail& detail, Answer answer) {
  answer.result.detail = detail;
  return answer;
}

Answer failed(CallOutcome outcome, CallError error) {
  Answer answer;
  answer.outcome = outcome;
  answer.error = error;
  return answer;
}

std::string trimmed(std::string text) { return text.substr(0, text.find_last_not_of(" \n") + 1); }

}  // namespace

BOOST_AUTO_TEST_SUITE(bridge_answers)

BOOST_AUTO_TEST_CASE(an_increment_is_answered_with_name_value_sequence_and_votes) {
  Reply reply;
  write_answer(increment_task("home"), answer_of(42, 120346), {1}, reply);
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(trimmed(reply.body) == R"({"name":"home","value":42,"sequence":120346,"votes":2})");
}

BOOST_AUTO_TEST_CASE(all_increments_of_one_counter_are_answered_at_one_length) {
  Reply small, large;
  write_answer(increment_task("home"), answer_of(1, 1), {1}, small);
  write_answer(increment_task("home"), answer_of(INT64_MIN, UINT64_MAX), {1}, large);
  BOOST_TEST(small.body.size() == large.body.size());
}

BOOST_AUTO_TEST_CASE(all_increments_within_a_window_are_answered_at_one_length) {
  Reply small, large, lasting;
  write_answer(increment_task("home"), lasting_until({1, 1, 1}, answer_of(1, 1)), {1}, small);
  write_answer(increment_task("home"), lasting_until({INT64_MAX, INT64_MAX, 1}, answer_of(INT64_MIN, UINT64_MAX)), {1},
               large);
  write_answer(increment_task("home"), lasting_until({never, never, 1}, answer_of(1, 1)), {1}, lasting);
  BOOST_TEST(small.body.size() == large.body.size());
  BOOST_TEST(lasting.body.size() == large.body.size());
}

BOOST_AUTO_TEST_CASE(an_answer_says_how_long_the_counter_still_has_where_that_was_asked_for) {
  const auto body_of = [](const Task& task, const Answer& answer) {
    Reply reply;
    write_answer(task, answer, {1}, reply);
    return trimmed(reply.body);
  };
  const auto read = task_of(Method::get, "/v1/counters/home");
  BOOST_REQUIRE(read.has_value());
  for (const Task& task : {increment_task("home"), *read}) {
    BOOST_TEST(body_of(task, lasting_until({59'999, 1'795'403'700'123, 7}, answer_of(1, 9))) ==
               R"({"name":"home","value":1,"sequence":9,"votes":2,"expires_in_ms":59999})");
    const std::string lasting = R"({"name":"home","value":1,"sequence":9,"votes":2})";
    BOOST_TEST(body_of(task, lasting_until({never, never, 7}, answer_of(1, 9))) == lasting);
    BOOST_TEST(body_of(task, answer_of(1, 9)) == lasting);
  }
}

BOOST_AUTO_TEST_CASE(a_repeated_key_finds_a_window_that_is_over_with_no_time_left) {
  Answer answer = lasting_until({}, answer_of(42, 200));
  answer.result.first_sequence = Sequence(100);
  Reply reply;
  write_answer(increment_task("home"), answer, {1}, reply);
  BOOST_TEST(trimmed(reply.body) == R"({"name":"home","value":42,"sequence":100,"votes":2,"expires_in_ms":0})");
}

BOOST_AUTO_TEST_CASE(a_repeated_key_is_answered_with_the_first_sequence) {
  Answer answer = answer_of(42, 200);
  answer.result.first_sequence = Sequence(100);
  Reply reply;
  write_answer(increment_task("home"), answer, {1}, reply);
  BOOST_TEST(trimmed(reply.body) == R"({"name":"home","value":42,"sequence":100,"votes":2})");
}

BOOST_AUTO_TEST_CASE(names_are_escaped) {
  Reply reply;
  write_answer(increment_task("a%22b"), answer_of(1, 1), {1}, reply);
  BOOST_TEST(reply.body.starts_with(R"({"name":"a\"b",)"));
}

BOOST_AUTO_TEST_CASE(every_outcome_has_its_status) {
  const auto status = [](CallOutcome outcome, CallError error) {
    return status_of(*problem_of(failed(outcome, error), false));
  };
  for (const CallError error :
       {CallError::timed_out, CallError::overloaded, CallError::unavailable, CallError::undecided, CallError::draining,
        CallError::session_expired, CallError::tables_full, CallError::closed}) {
    BOOST_TEST(status(CallOutcome::not_applied, error) == 503);
    BOOST_TEST(status(CallOutcome::unknown, error) == 504);
  }
  BOOST_TEST(status(CallOutcome::not_applied, CallError::malformed) == 400);
  const std::vector<std::pair<OperationStatus, int>> statuses = {
      {OperationStatus::not_found, 404},  {OperationStatus::overflow, 422},  {OperationStatus::malformed, 400},
      {OperationStatus::key_reused, 422}, {OperationStatus::keys_full, 503}, {OperationStatus::counters_full, 503},
      {OperationStatus::crowded, 503},    {OperationStatus::read_only, 500}};
  for (const auto& [operation_status, http_status] : statuses) {
    Answer answer = answer_of(0, 1);
    answer.outcome = outcome_of(operation_status);
    answer.result.status = operation_status;
    BOOST_TEST(status_of(*problem_of(answer, false)) == http_status);
  }
  BOOST_TEST(!problem_of(answer_of(0, 1), false));
}

BOOST_AUTO_TEST_CASE(only_a_change_without_an_answer_has_an_unknown_outcome) {
  const Answer lost = failed(CallOutcome::unknown, CallError::timed_out);
  BOOST_TEST((problem_of(lost, false)->applied == Applied::unknown));
  BOOST_TEST((problem_of(lost, true)->applied == Applied::no));
  BOOST_TEST((problem_of(failed(CallOutcome::not_applied, CallError::unavailable), false)->applied == Applied::no));
}

BOOST_AUTO_TEST_CASE(a_problem_is_problem_json_and_says_when_to_come_back) {
  Reply reply;
  write_problem({ProblemKind::unavailable, "no \"majority\""}, {2}, reply);
  BOOST_TEST(reply.body ==
             "{\"type\":\"urn:tally:problem:unavailable\",\"title\":\"Unavailable\",\"status\":503,"
             "\"detail\":\"no \\\"majority\\\"\",\"applied\":\"no\"}\n");
  std::string out;
  append_response(out, reply, {false, 60, false, "Mon, 23 Nov 2026 03:15:00 GMT"});
  BOOST_TEST(out.starts_with("HTTP/1.1 503 Service Unavailable\r\nDate: Mon, 23 Nov 2026 03:15:00 GMT\r\n"));
  BOOST_TEST(out.find("\r\nRetry-After: 2\r\n") != std::string::npos);
  BOOST_TEST(out.find("\r\nConnection: close\r\n") != std::string::npos);
  BOOST_TEST(out.find("\r\nContent-Type: application/problem+json\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_problem_says_why_the_group_does_not_serve_where_that_is_it) {
  Reply reply;
  write_problem({ProblemKind::unavailable, "x"}, {1, "no_room", "Make room."}, reply);
  BOOST_TEST(reply.body.ends_with("\"applied\":\"no\",\"reason\":\"no_room\",\"advice\":\"Make room.\"}\n"));
  write_problem({ProblemKind::malformed, "x"}, {1, "no_room", "Make room."}, reply);
  BOOST_TEST(reply.body.ends_with("\"applied\":\"no\"}\n"));
}

BOOST_AUTO_TEST_CASE(no_answer_is_taken_for_something_else_than_its_type) {
  Reply reply;
  write_json("{}", reply);
  std::string out;
  append_response(out, reply, {true, 0, false, "now"});
  BOOST_TEST(out.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_without_content_describes_none) {
  Reply reply;
  write_allow("POST, OPTIONS", reply);
  std::string out;
  append_response(out, reply, {true, 0, false, "now"});
  BOOST_TEST(out.starts_with("HTTP/1.1 204 No Content\r\n"));
  BOOST_TEST(out.find("\r\nAllow: POST, OPTIONS\r\n") != std::string::npos);
  BOOST_TEST(out.find("\r\nContent-") == std::string::npos);
  BOOST_TEST(out.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_client_is_told_that_the_connection_stays_and_for_how_long) {
  Reply reply;
  write_json("{}", reply);
  std::string out;
  append_response(out, reply, {true, 75, false, "now"});
  BOOST_TEST(out.find("\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n") != std::string::npos);
  BOOST_TEST(out.ends_with("\r\n\r\n{}\n"));
  out.clear();
  append_response(out, reply, {true, 0, true, "now"});
  BOOST_TEST(out.find("Keep-Alive") == std::string::npos);
  BOOST_TEST(out.find("\r\nContent-Length: 3\r\n") != std::string::npos);
  BOOST_TEST(out.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_list_says_where_the_next_page_begins) {
  auto task = task_of(Method::get, "/v1/counters?limit=2");
  BOOST_REQUIRE(task.has_value());
  Answer answer = answer_of(3, 9);
  answer.result.listed = {{"a", 1}, {"b\"", -2}, {"c", 3}};
  Reply reply;
  write_answer(*task, answer, {1}, reply);
  BOOST_TEST(reply.body ==
             "{\"counters\":[{\"name\":\"a\",\"value\":1},{\"name\":\"b\\\"\",\"value\":-2}],\"next\":\"b\\\"\"}\n");
  answer.result.listed.resize(2);
  write_answer(*task, answer, {1}, reply);
  BOOST_TEST(reply.body.ends_with("\"next\":null}\n"));
  answer.result.listed.clear();
  write_answer(*task, answer, {1}, reply);
  BOOST_TEST(reply.body == "{\"counters\":[],\"next\":null}\n");
}

BOOST_AUTO_TEST_CASE(what_the_distributor_says_to_an_operator_comes_through) {
  AdminCommand command;
  command.action = AdminAction::fault;
  command.replica = ReplicaId(2);
  const auto status = [&](std::optional<AdminReply> answer, const Rules& with) {
    Reply reply;
    write_admin_reply(command, answer, with, {1}, reply);
    return reply.status;
  };
  const Rules switched_off{"s3cret", 3, false};
  BOOST_TEST(status(AdminReply{1, AdminOutcome::done, ""}, rules) == 200);
  BOOST_TEST(status(AdminReply{1, AdminOutcome::forbidden, "token"}, rules) == 403);
  BOOST_TEST(status(AdminReply{1, AdminOutcome::refused, "off"}, switched_off) == 403);
  BOOST_TEST(status(AdminReply{1, AdminOutcome::refused, "at the floor"}, rules) == 409);
  BOOST_TEST(status(std::nullopt, rules) == 504);
  Reply reply;
  write_admin_reply(command, AdminReply{1, AdminOutcome::done, ""}, rules, {1}, reply);
  BOOST_TEST(reply.body == "{\"replica\":2,\"detail\":\"\"}\n");
  command.target = AdminTarget::comparator;
  write_admin_reply(command, AdminReply{1, AdminOutcome::done, ""}, rules, {1}, reply);
  BOOST_TEST(reply.body == "{\"role\":\"comparator\",\"detail\":\"\"}\n");
}

BOOST_AUTO_TEST_CASE(the_status_is_the_json_of_the_contract) {
  ClusterStatus status;
  status.term = Term(2);
  status.view = ViewNumber(7);
  status.sequence = status.decided = status.stable = Sequence(120345);
  status.state = GroupState::degraded;
  ReplicaStatus replica;
  replica.id = ReplicaId(1);
  replica.state = ReplicaState::voting;
  replica.applied = Sequence(120345);
  replica.pid = 4711;
  replica.store = "rocksdb";
  replica.votes = 9;
  replica.last_verdict = LastVerdict{VerdictReason::dissent, Sequence(5), {1795403700123}};
  replica.reason = OutReason::dissent;
  replica.since = {1795403700124};
  replica.checkpoint = Sequence(120000);
  replica.heard_ms = 40;
  status.replicas = {replica};
  status.journal_first = Sequence(7);
  status.distributor_pid = 1;
  status.distributor_state = RoleState::draining;
  status.comparator_heard_ms = 70;
  BOOST_TEST(
      status_json(status) ==
      R"({"term":2,"view":7,"sequence":120345,"decided":120345,"stable":120345,"state":"degraded",)"
      R"("replicas":[{"id":1,"state":"voting","applied":120345,"lag":0,"pid":4711,"store":"rocksdb","votes":9,)"
      R"("dissents":0,"silences":0,"evictions":0,"readmissions":0,)"
      R"("last_verdict":{"reason":"dissent","sequence":5,"at":"2026-11-23T03:15:00.123Z"},"held":false,)"
      R"("reason":"dissent","since":"2026-11-23T03:15:00.124Z","next_try":null,"checkpoint":120000,"heard_ms":40}],)"
      R"("distributor":{"pid":1,"state":"draining"},"comparator":{"pid":0,"state":"down","heard_ms":70},)"
      R"("journal_first":7,"undecided":null})");
  Reply reply;
  write_json(status_json(status, Processes::shown), reply);
  BOOST_TEST(reply.body == status_json(status) + "\n");
  write_json(status_json(status, Processes::hidden), reply);
  std::string hidden = status_json(status) + "\n";
  for (const std::string pid : {R"("pid":4711)", R"("pid":1,)", R"("pid":0)"})
    hidden.replace(hidden.find(pid), pid.size(), pid.ends_with(',') ? R"("pid":null,)" : R"("pid":null)");
  BOOST_TEST(reply.body == hidden);
  status.reason = "replicas_out";
  status.advice = "Wait.";
  const std::string told = status_json(status);
  BOOST_TEST(told.ends_with(R"("undecided":null,"reason":"replicas_out","advice":"Wait."})"));
}

BOOST_AUTO_TEST_CASE(events_go_on_until_their_connection_ends) {
  Reply reply;
  write_events(reply);
  std::string text;
  append_response(text, reply, {false, 0, false, "Mon, 30 Nov 2026 09:00:00 GMT"});
  BOOST_TEST(text ==
             "HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026 09:00:00 GMT\r\nCache-Control: no-store\r\n"
             "X-Content-Type-Options: nosniff\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n"
             "Connection: close\r\n\r\nretry: 1000\n\n");
  write_json("{}", reply);
  text.clear();
  append_response(text, reply, {});
  BOOST_TEST(text.find("Content-Length: 3") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
