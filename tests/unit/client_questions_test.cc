// SPDX-License-Identifier: Apache-2.0
// What is asked outside of a session: when it is sent, and what ends it.
#include <boost/test/unit_test.hpp>
#include <variant>
#include <vector>

#include "client/questions.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(100);
const Instant deadline = start + seconds(2);

struct Bench {
  Questions questions;
  std::vector<Message> sent;
  bool leaves = true;
  int completed = 0;

  void ask(Message message) {
    questions.ask({std::move(message), deadline, [this](const auto&) { ++completed; }}, start);
  }
  std::size_t sent_at(Instant now) {
    sent.clear();
    questions.send_due(now, [this](const Message& message) {
      sent.push_back(message);
      return leaves;
    });
    return sent.size();
  }
  bool answers(Message reply) { return static_cast<bool>(questions.take_answered(reply)); }
};

ClusterStatus status_of(std::uint64_t number) {
  ClusterStatus status;
  status.number = number;
  return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(questions)

BOOST_AUTO_TEST_CASE(a_status_is_asked_for_again_until_it_is_answered) {
  Bench bench;
  bench.ask(StatusQuery{});
  BOOST_TEST(bench.sent_at(start) == 1u);
  BOOST_TEST(bench.sent_at(start + milliseconds(249)) == 0u);
  BOOST_TEST(bench.sent_at(bench.questions.next_deadline()) == 1u);
  BOOST_TEST(bench.answers(status_of(std::get<StatusQuery>(bench.sent[0]).number)));
  BOOST_TEST((bench.questions.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(an_observation_is_asked_for_again_until_it_is_answered) {
  Bench bench;
  bench.ask(ObservationQuery{0, 17});
  BOOST_TEST(bench.sent_at(start) == 1u);
  BOOST_TEST(bench.sent_at(bench.questions.next_deadline()) == 1u);
  const auto& query = std::get<ObservationQuery>(bench.sent[0]);
  BOOST_TEST(query.record == 17u);
  Observation observation;
  observation.number = query.number;
  BOOST_TEST(bench.answers(observation));
  BOOST_TEST((bench.questions.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(a_command_is_sent_once) {
  Bench bench;
  bench.ask(AdminCommand{});
  BOOST_TEST(bench.sent_at(start) == 1u);
  BOOST_TEST((bench.questions.next_deadline() == deadline));
  BOOST_TEST(bench.sent_at(deadline) == 0u);
}

BOOST_AUTO_TEST_CASE(a_command_that_did_not_leave_is_tried_again_soon) {
  Bench bench;
  bench.ask(AdminCommand{});
  bench.leaves = false;
  BOOST_TEST(bench.sent_at(start) == 1u);
  BOOST_TEST((bench.questions.next_deadline() == start + milliseconds(5)));
  bench.leaves = true;
  BOOST_TEST(bench.sent_at(start + milliseconds(5)) == 1u);
  BOOST_TEST(bench.sent_at(deadline) == 0u);
}

BOOST_AUTO_TEST_CASE(a_reply_ends_the_question_that_has_its_number_and_no_other) {
  Bench bench;
  bench.ask(StatusQuery{});
  bench.ask(AdminCommand{});
  bench.sent_at(start);
  BOOST_TEST(!bench.answers(status_of(0)));
  BOOST_TEST(!bench.answers(status_of(3)));
  BOOST_TEST(bench.answers(AdminReply{2, AdminOutcome::done, ""}));
  BOOST_TEST(!bench.answers(AdminReply{2, AdminOutcome::done, ""}));
  BOOST_TEST(bench.answers(status_of(1)));
}

BOOST_AUTO_TEST_CASE(a_question_whose_time_is_up_is_handed_out_once) {
  Bench bench;
  bench.ask(StatusQuery{});
  BOOST_TEST(bench.questions.take_expired(deadline + milliseconds(-1)).empty());
  for (const auto& completion : bench.questions.take_expired(deadline)) completion(std::nullopt);
  BOOST_TEST(bench.completed == 1);
  BOOST_TEST(bench.questions.take_expired(Instant::never()).empty());
}

BOOST_AUTO_TEST_SUITE_END()
