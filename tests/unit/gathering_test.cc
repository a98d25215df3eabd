// SPDX-License-Identifier: Apache-2.0
#include "distributor/gathering.h"

#include <boost/test/unit_test.hpp>

#include "protocol/limits.h"

using namespace tally;

namespace {

constexpr GroupId group(7);
const ClientId client{"client"};

OrderIdentity order(std::uint64_t term, std::uint64_t sequence) { return {Term(term), Sequence(sequence), {}}; }

struct Start {
  explicit Start(bool wait_for_sync = true) : gathering({3, wait_for_sync, 4711}, journal(), Instant{}) {}

  // Its newest term is 5, and order 200 its last.
  static RecoveredJournal journal() {
    RecoveredJournal found;
    found.group = group;
    found.term = Term(5);
    found.last = order(5, 200);
    found.view.members.resize(3);
    return found;
  }

  void replica(std::uint64_t id, std::uint64_t newest_term, const OrderIdentity& decided, GroupId of = group) {
    ReplicaReport report;
    report.group = of;
    report.newest_term = Term(newest_term);
    report.decided = decided;
    gathering.receive(ReplicaId(id), report, Instant{});
    tick();
  }
  void comparator(std::uint64_t term = 5, const OrderIdentity& synced = {}) {
    ComparatorReport report;
    report.group = group;
    report.term = Term(term);
    report.synced = synced;
    gathering.receive(report, Instant{});
    tick();
  }
  void tick() {
    gathering.tick(now);
    for (Event& event : gathering.take_output().events) events.push_back(event.name);
  }
  ClusterStatus status() {
    gathering.receive(client, StatusQuery{9}, now);
    return std::get<ClusterStatus>(gathering.take_output().to_clients.at(0).second);
  }

  Gathering gathering;
  Instant now;
  std::vector<std::string> events;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(before_a_term)

BOOST_AUTO_TEST_CASE(it_waits_for_f_plus_1_replicas_and_the_comparator) {
  Start start;
  BOOST_TEST(start.status().reason == "waiting_for_replicas");
  start.replica(1, 5, order(5, 200));
  start.comparator();
  BOOST_TEST(!start.gathering.term());
  start.replica(2, 5, order(5, 190));
  BOOST_TEST((start.gathering.term() == Term(6)));

  Start other;
  other.replica(1, 5, order(5, 200));
  other.replica(3, 5, order(5, 200));
  BOOST_TEST(!other.gathering.term());
  BOOST_TEST(other.status().reason == "no_comparator");
  other.comparator();
  BOOST_TEST((other.gathering.term() == Term(6)));
}

BOOST_AUTO_TEST_CASE(a_new_group_begins_its_first_term) {
  RecoveredJournal empty;
  empty.group = group;
  empty.view.members.resize(3);
  Gathering gathering({3, true, 1}, empty, Instant{});
  for (std::uint64_t id = 1; id <= 2; ++id) gathering.receive(ReplicaId(id), ReplicaReport{}, Instant{});
  gathering.receive(ComparatorReport{}, Instant{});
  gathering.tick(Instant{});
  BOOST_TEST((gathering.term() == Term(1)));
}

BOOST_AUTO_TEST_CASE(what_f_plus_1_replicas_know_to_be_decided_must_be_in_the_journal) {
  Start start;
  start.comparator();
  start.replica(1, 5, order(5, 260));
  start.replica(2, 5, order(5, 250));
  BOOST_TEST(!start.gathering.term());
  const ClusterStatus status = start.status();
  BOOST_TEST((status.state == GroupState::unavailable));
  BOOST_TEST(status.reason == "journal_behind");
  BOOST_TEST(status.advice.find("Order 250 was decided, and the journal ends at order 200") == 0u, status.advice);
  start.replica(3, 5, order(5, 200));  // one that lost its disk changes nothing
  BOOST_TEST(!start.gathering.term());
}

BOOST_AUTO_TEST_CASE(the_log_has_what_the_status_says_when_it_changes_and_once_in_a_second) {
  using boost::test_tools::per_element;
  Start start;
  start.tick();
  BOOST_TEST(start.events.empty(), "a start in good order has nothing to tell");
  BOOST_TEST((start.gathering.next_deadline() == Instant{} + seconds(1)));
  start.now = Instant{} + seconds(1);
  start.tick();
  std::vector<std::string> told = {"group_state"};  // waiting_for_replicas
  BOOST_TEST(start.events == told, per_element());
  BOOST_TEST((start.gathering.next_deadline() == Instant::never()));

  start.replica(2, 5, order(5, 250), GroupId(8));
  start.replica(3, 5, order(5, 250), GroupId(8));
  BOOST_TEST(start.status().reason == "wrong_group");
  BOOST_TEST(start.events == told, per_element());
  start.now = Instant{} + seconds(2);
  start.tick();
  start.tick();
  told.insert(told.end(), {"group_state", "group_mismatch"});
  BOOST_TEST(start.events == told, per_element());

  start.comparator();
  for (std::uint64_t id = 1; id <= 2; ++id) start.replica(id, 5, order(5, 250));
  start.now = Instant{} + seconds(3);
  start.tick();
  told.insert(told.end(), {"group_state", "journal_behind"});
  BOOST_TEST(start.events == told, per_element());
}

BOOST_AUTO_TEST_CASE(a_term_that_takes_long_to_begin_waits_for_the_disk) {
  Start start;
  start.comparator();
  for (std::uint64_t id = 1; id <= 2; ++id) start.replica(id, 5, order(5, 200));
  BOOST_REQUIRE(start.gathering.term().has_value());
  BOOST_TEST(start.status().reason == "starting");
  BOOST_TEST((start.gathering.next_deadline() == Instant{} + seconds(1)));
  start.now = Instant{} + seconds(1);
  start.tick();
  BOOST_TEST(start.status().reason == "journal_slow");
  BOOST_TEST(start.events == std::vector<std::string>{"group_state"}, boost::test_tools::per_element());
  BOOST_TEST((start.gathering.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(a_later_term_is_newer_whatever_its_number) {
  Start start;
  start.comparator();
  start.replica(1, 6, order(6, 150));
  start.replica(2, 6, order(6, 150));
  BOOST_TEST(start.status().reason == "journal_behind");

  Start accepted;  // order 200 is of a term that was begun after a loss
  accepted.comparator();
  accepted.replica(1, 4, order(4, 260));
  accepted.replica(2, 4, order(4, 260));
  BOOST_TEST((accepted.gathering.term() == Term(6)));
}

BOOST_AUTO_TEST_CASE(one_replica_that_lies_decides_nothing) {
  Start start;
  start.comparator();
  start.replica(1, UINT64_MAX, order(UINT64_MAX, UINT64_MAX));
  start.replica(2, 5, order(5, 200));
  BOOST_TEST(!start.gathering.term(), "the third one may know the same");
  BOOST_TEST(start.status().advice.find("Start all replicas") == 0u);
  start.replica(3, 5, order(5, 190));
  BOOST_TEST((start.gathering.term() == Term(6)));
  BOOST_TEST(start.events == std::vector<std::string>{"term_claimed"}, boost::test_tools::per_element());

  Start hidden;  // nor can it hide what others know
  hidden.comparator();
  hidden.replica(1, 0, {});
  hidden.replica(2, 5, order(5, 230));
  BOOST_TEST(!hidden.gathering.term());
  hidden.replica(3, 5, order(5, 240));
  BOOST_TEST(!hidden.gathering.term());
  BOOST_TEST(hidden.status().reason == "journal_behind");
}

BOOST_AUTO_TEST_CASE(of_five_one_that_lies_and_one_that_is_away_keep_nobody_waiting) {
  RecoveredJournal found = Start::journal();
  found.view.members.resize(5);
  Gathering gathering({5, true, 1}, found, Instant{});
  ComparatorReport comparator;
  comparator.group = group;
  gathering.receive(comparator, Instant{});
  for (std::uint64_t id = 1; id <= 4; ++id) {
    ReplicaReport report;
    report.group = group;
    report.decided = order(5, id == 1 ? 900 : 200);
    gathering.receive(ReplicaId(id), report, Instant{});
    gathering.tick(Instant{});
    BOOST_TEST(gathering.term().has_value() == (id == 4));
  }
}

BOOST_AUTO_TEST_CASE(a_term_that_others_know_is_not_begun_again) {
  Start start;
  start.comparator();
  start.replica(1, 9, order(5, 200));
  start.replica(2, 8, order(5, 200));
  BOOST_TEST((start.gathering.term() == Term(8 + limits::term_gap)));

  Start by_comparator;
  by_comparator.replica(1, 5, order(5, 200));
  by_comparator.replica(2, 5, order(5, 200));
  by_comparator.comparator(7);
  BOOST_TEST((by_comparator.gathering.term() == Term(7 + limits::term_gap)));
}

BOOST_AUTO_TEST_CASE(what_the_comparator_saw_decided_was_synced_where_syncs_are_waited_for) {
  for (const bool wait_for_sync : {false, true}) {
    Start start(wait_for_sync);
    for (std::uint64_t id = 1; id <= 2; ++id) start.replica(id, 5, order(5, 200));
    start.comparator(5, order(5, 201));
    BOOST_TEST(start.gathering.term().has_value() == !wait_for_sync);
  }
}

BOOST_AUTO_TEST_CASE(reports_of_other_groups_do_not_count) {
  Start start;
  start.comparator();
  start.replica(1, 5, order(5, 200));
  start.replica(2, 5, order(5, 900), GroupId(8));
  BOOST_TEST(!start.gathering.term());
  BOOST_TEST(start.status().reason == "waiting_for_replicas");
  start.replica(3, 5, order(5, 900), GroupId(8));
  BOOST_TEST(start.status().reason == "wrong_group");
  start.replica(2, 5, order(5, 200));
  BOOST_TEST((start.gathering.term() == Term(6)));
}

BOOST_AUTO_TEST_CASE(requests_are_refused_as_not_applied_and_clients_are_greeted_later) {
  Start start;
  start.gathering.client_connected(client, Instant{});
  ClientRequest request;
  request.request.number = RequestNumber(3);
  start.gathering.receive(client, request, Instant{});
  BOOST_TEST(start.gathering.take_output().to_clients.empty(), "it is sent again when the client is greeted");
  start.gathering.receive(client, request, Instant{} + Gathering::patience);
  AdminCommand command;
  command.number = 4;
  start.gathering.receive(client, command, Instant{});
  const auto output = start.gathering.take_output();
  BOOST_REQUIRE(output.to_clients.size() == 2u);
  const auto& refusal = std::get<Refusal>(output.to_clients[0].second);
  BOOST_TEST((refusal.reason == RefusalReason::unavailable));
  BOOST_TEST((refusal.number == RequestNumber(3)));
  BOOST_TEST((std::get<AdminReply>(output.to_clients[1].second).outcome == AdminOutcome::refused));
  BOOST_TEST(start.gathering.clients().contains(client));
}

BOOST_AUTO_TEST_SUITE_END()
