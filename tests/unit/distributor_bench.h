// SPDX-License-Identifier: Apache-2.0
// What the tests of the distributor's core share: a fake shell with a journal in memory and a clock that the test owns.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>

#include "distributor/core.h"
#include "protocol/limits.h"
#include "protocol/operations.h"
#include "protocol/session.h"

namespace tally {

// Every output is held against the promises of distributor/core.h, whatever a test is about.
struct DistributorBench {
  static constexpr GroupId group{5};
  static constexpr std::uint32_t replicas = 3;

  DistributorConfig config;
  RecoveredJournal recovered;
  CalendarTime wall{1'700'000'000'000};
  Instant now = Instant{} + seconds(100);
  DistributorCore core;

  // The journal of this process: what was appended, and how much of it is synced.
  std::vector<JournalRecord> journal;
  bool sync_at_once = true;
  std::uint64_t sync_wanted = 0;
  std::uint64_t synced = 0;

  Incarnation comparator{77};
  std::vector<BallotCalls> ballots;
  std::vector<View> views;
  Sequence closed;  // as the newest view says
  std::vector<DistributorOutput::Delivery> deliveries;
  std::map<std::uint64_t, std::vector<ReplicaStanding>> standings;
  std::vector<std::pair<ReplicaId, Fault>> faults;
  std::vector<Fault> comparator_faults;
  std::vector<Fault> own_faults;
  std::vector<std::pair<ClientId, Message>> to_clients;
  std::vector<Event> events;
  std::optional<Sequence> cut_below;
  bool new_term = false;  // this process has ended
  std::uint64_t turns = 0;

  static DistributorConfig usual_config() {
    DistributorConfig config;
    config.membership.replicas = replicas;
    config.membership.probation_votes = 3;
    config.administration.token = "secret";
    config.pid = 4711;
    return config;
  }
  static RecoveredJournal empty_journal() {
    RecoveredJournal journal;
    journal.group = group;
    journal.term = Term(1);
    return journal;
  }

  explicit DistributorBench(DistributorConfig chosen = usual_config(), const RecoveredJournal& found = empty_journal())
      : config(chosen), recovered(found), core(std::move(chosen), found, wall, now) {}

  // ---- the shell

  // One turn, then those that follow at once.
  void turn() {
    for (int count = 0; count < 100 && !new_term; ++count) {
      core.observe(wall);
      core.tick(now);
      ++turns;
      const bool did_something = carry_out(core.take_output());
      const bool is_due = core.next_deadline() <= now;
      if (!did_something) BOOST_TEST(!is_due, "a turn that does nothing asks for another one at once");
      const bool was_synced = sync_at_once && sync_is_asked_for();
      if (was_synced) report_synced();
      if (!is_due && !was_synced) return;
    }
    if (!new_term) BOOST_ERROR("the core does not come to rest");
  }

  bool carry_out(DistributorOutput output) {
    for (JournalRecord& record : output.appends) journal.push_back(std::move(record));
    if (output.sync_through) sync_wanted = *output.sync_through;
    BOOST_TEST(sync_wanted <= journal.size());
    for (const auto& delivery : output.deliveries) take(delivery);
    for (Message& message : output.to_comparator) take(std::move(message));
    for (auto& [replica, message] : output.to_replicas) take(replica, message);
    for (auto& each : output.to_clients) to_clients.push_back(std::move(each));
    for (Event& event : output.events) events.push_back(std::move(event));
    if (output.cut_below) cut_below = output.cut_below;
    if (output.own_fault) own_faults.push_back(*output.own_fault);
    new_term = new_term || output.term_ended;
    return !output.appends.empty() || !output.deliveries.empty() || !output.to_comparator.empty() ||
           !output.to_replicas.empty() || !output.to_clients.empty();
  }

  void report_synced() {
    synced = journal.size();
    core.synced(synced, now);
  }
  void sync() {
    report_synced();
    turn();
  }
  // As of the next input.
  void set_wall(CalendarTime at) {
    wall = at;
    core.observe(wall);
  }
  bool sync_is_asked_for() const { return sync_wanted > synced; }

  void take(const DistributorOutput::Delivery& delivery) {
    BOOST_TEST(delivery.first.value <= delivery.last.value);
    BOOST_TEST(delivery.last.value <= last_sequence().value, "an order is appended before it is sent");
    deliveries.push_back(delivery);
  }

  void take(Message message) {
    if (const auto* fault = std::get_if<Fault>(&message)) {
      comparator_faults.push_back(*fault);
    } else if (auto* sent = std::get_if<BallotCalls>(&message)) {
      for (const BallotCall& ballot : sent->ballots) check_stable(ballot);
      ballots.push_back(std::move(*sent));
    } else {
      views.push_back(std::get<View>(std::move(message)));
      check_known(views.back().number);
      closed = views.back().closed;
    }
  }

  void take(ReplicaId replica, const Message& message) {
    if (const auto* fault = std::get_if<Fault>(&message)) {
      faults.emplace_back(replica, *fault);
      return;
    }
    standings[replica.value].push_back(std::get<ReplicaStanding>(message));
    check_known(standings[replica.value].back().view);
  }

  // Law 6: every change up to the ballot's order is stable.
  void check_stable(const BallotCall& ballot) const {
    if (!config.wait_for_sync) return;
    for (std::size_t place = synced; place < journal.size(); ++place)
      if (const auto* order = std::get_if<Order>(&journal[place]))
        BOOST_TEST(!(order->changes_state() && order->id.sequence <= ballot.order.sequence),
                   "ballot " << ballot.order.sequence.value << " is sent before order " << order->id.sequence.value
                             << " is stable");
  }

  void check_known(ViewNumber number) const {
    for (std::size_t place = synced; place < journal.size(); ++place)
      if (const auto* view = std::get_if<JournaledView>(&journal[place]))
        BOOST_TEST(view->number.value != number.value, "view " << number.value << " is told before it is stable");
  }

  // Lets the clock run, with a turn at every deadline. `each` runs before every turn: the world's share.
  template <class Each>
  void pass(Duration duration, Duration step, Each&& each) {
    const Instant end = now + duration;
    Instant next_step = now;
    while (now < end) {
      if (next_step <= now) {
        each();
        next_step = now + step;
      }
      turn();
      now = std::min({end, next_step, std::max(core.next_deadline(), now)});
    }
    turn();
  }
  void pass(Duration duration) {
    pass(duration, duration, [] {});
  }

  // ---- the comparator and the replicas

  static VoterTally tally_of(std::uint64_t replica, std::uint64_t matches = 0) {
    VoterTally tally;
    tally.replica = ReplicaId(replica);
    tally.matches = matches;
    return tally;
  }
  ComparatorReport report(Sequence decided) const {
    ComparatorReport report;
    report.group = group;
    report.incarnation = comparator;
    report.term = term();
    report.view = view();
    report.decided = decided;
    report.pid = 4712;
    for (std::uint64_t id = 1; id <= replicas; ++id) report.voters.push_back(tally_of(id));
    return report;
  }
  void give(const ComparatorReport& report) {
    core.receive(report, now);
    turn();
  }
  void decide() { give(report(last_sequence())); }
  // What f+1 replicas say the state is after an order of this term.
  OrderState state_after(Sequence sequence) const {
    for (const Order& order : orders())
      if (order.id.sequence == sequence) return {order.id, {sequence.value, 9}};
    return {};
  }
  // Everything up to the last order is decided, and what the state is after it is agreed on.
  void agree() {
    ComparatorReport agreeing = report(last_sequence());
    agreeing.agreed = state_after(last_sequence());
    give(agreeing);
  }
  void comparator_is_alive() {
    core.receive(report(decided()), now);
    turn();
  }
  void accuse(std::uint64_t replica, VerdictReason reason, Recovery recovery = Recovery(1)) {
    ComparatorReport accusing = report(decided());
    accusing.verdicts.push_back({ReplicaId(replica), recovery, reason, last_sequence()});
    give(accusing);
  }

  ReplicaReport replica_report(Sequence applied, Recovery recovery = Recovery(1)) const {
    ReplicaReport report;
    report.group = group;
    report.incarnation = Incarnation(8);
    report.recovery = recovery;
    report.applied = {term(), applied, {}};
    report.pid = 4713;
    report.store = "memory";
    return report;
  }
  void give(std::uint64_t replica, const ReplicaReport& report) {
    core.receive(ReplicaId(replica), report, now);
    turn();
  }
  void apply(std::uint64_t replica, Sequence applied, Recovery recovery = Recovery(1)) {
    give(replica, replica_report(applied, recovery));
  }
  void all_apply() {
    for (std::uint64_t id = 1; id <= replicas; ++id) apply(id, last_sequence());
  }

  // Everybody has found together, and the first order is decided.
  void start() {
    comparator_is_alive();
    all_apply();
    decide();
    forget();
  }
  void forget() {
    ballots.clear();
    views.clear();
    deliveries.clear();
    standings.clear();
    to_clients.clear();
    events.clear();
  }

  // ---- clients

  static constexpr SessionSecret secret{{1}};
  static Request request(std::uint64_t number, bool read_only = false) {
    Request request;
    request.session = session_of(secret);
    request.number = RequestNumber(number);
    request.read_only = read_only;
    request.result_limit = 100;
    request.operations = "operations";
    return request;
  }
  // Without a turn: what is given so waits together.
  void put(const Request& request, const std::string& client = "c") {
    core.receive(ClientId{client}, ClientRequest{secret, request}, now);
  }
  void give(const Request& request, const std::string& client = "c") {
    put(request, client);
    turn();
  }
  void give_change(std::uint64_t number) { give(request(number)); }
  void give_read(std::uint64_t number) { give(request(number, true)); }

  ClusterStatus status() {
    core.receive(ClientId{"people"}, StatusQuery{9}, now);
    carry_out(core.take_output());
    return std::get<ClusterStatus>(to_clients.back().second);
  }
  AdminReply command(AdminAction action, std::uint64_t replica, const std::string& token = "secret", Fault fault = {}) {
    AdminCommand command;
    command.token = token;
    command.action = action;
    command.replica = ReplicaId(replica);
    command.fault = fault;
    return give(command);
  }
  AdminReply resume(Sequence voided = {}) {
    AdminCommand command;
    command.token = "secret";
    command.action = AdminAction::resume;
    command.void_sequence = voided;
    return give(command);
  }
  AdminReply give(AdminCommand command) {
    command.number = 3;
    core.receive(ClientId{"people"}, command, now);
    carry_out(core.take_output());
    const AdminReply reply = std::get<AdminReply>(to_clients.back().second);
    turn();
    return reply;
  }

  // ---- what came out

  // What the next process finds after this one has ended.
  RecoveredJournal reopened() const {
    RecoveredJournal found = recovered;
    found.term = term().next();
    for (const JournalRecord& record : journal) {
      if (const auto* order = std::get_if<Order>(&record)) {
        found.last = order->id;
        found.served = order->served;
        found.calendar = order->calendar;
      } else if (const auto* changed = std::get_if<JournaledView>(&record)) {
        found.view = *changed;
      } else {
        found.agreed = std::get<OrderState>(record);
      }
    }
    return found;
  }

  std::vector<Order> orders() const {
    std::vector<Order> found;
    for (const JournalRecord& record : journal)
      if (const auto* order = std::get_if<Order>(&record)) found.push_back(*order);
    return found;
  }
  std::vector<JournaledView> journaled_views() const {
    std::vector<JournaledView> found;
    for (const JournalRecord& record : journal)
      if (const auto* view = std::get_if<JournaledView>(&record)) found.push_back(*view);
    return found;
  }
  std::vector<OrderState> journaled_agreements() const {
    std::vector<OrderState> found;
    for (const JournalRecord& record : journal)
      if (const auto* agreed = std::get_if<OrderState>(&record)) found.push_back(*agreed);
    return found;
  }
  std::vector<std::uint64_t> balloted() const {
    std::vector<std::uint64_t> sequences;
    for (const BallotCalls& message : ballots)
      for (const BallotCall& ballot : message.ballots) sequences.push_back(ballot.order.sequence.value);
    return sequences;
  }
  std::vector<Refusal> refusals() const {
    std::vector<Refusal> found;
    for (const auto& [client, message] : to_clients)
      if (const auto* refusal = std::get_if<Refusal>(&message)) found.push_back(*refusal);
    return found;
  }
  bool happened(std::string_view name) const {
    return std::ranges::any_of(events, [&](const Event& event) { return event.name == name; });
  }
  // Of the deliveries to a replica: first of the first, last of the last; zeros when there were none.
  std::pair<std::uint64_t, std::uint64_t> delivered(std::uint64_t replica) const {
    std::pair<std::uint64_t, std::uint64_t> range;
    for (const auto& delivery : deliveries) {
      if (delivery.replica.value != replica) continue;
      if (range.first == 0) range.first = delivery.first.value;
      range.second = delivery.last.value;
    }
    return range;
  }

  Sequence last_sequence() const {
    for (auto record = journal.rbegin(); record != journal.rend(); ++record)
      if (const auto* order = std::get_if<Order>(&*record)) return order->id.sequence;
    return recovered.last.sequence;
  }
  ViewNumber view() const {
    for (auto record = journal.rbegin(); record != journal.rend(); ++record)
      if (const auto* found = std::get_if<JournaledView>(&*record)) return found->number;
    return recovered.view.number;
  }
  Term term() const { return recovered.term; }
  // What a comparator says of it: everything up to there is decided or closed.
  Sequence decided() { return std::max(status_quietly().decided, closed); }

 private:
  ClusterStatus status_quietly() {
    const ClusterStatus found = status();
    to_clients.pop_back();
    return found;
  }
};

// With durability `os`.
inline DistributorConfig os_config() {
  DistributorConfig config = DistributorBench::usual_config();
  config.wait_for_sync = false;
  return config;
}

// One whose group decides already.
struct Started : DistributorBench {
  explicit Started(DistributorConfig chosen = usual_config(), const RecoveredJournal& found = empty_journal())
      : DistributorBench(std::move(chosen), found) {
    start();
  }
};

}  // namespace tally
