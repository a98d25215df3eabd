// SPDX-License-Identifier: Apache-2.0
// What the tests of the comparator's core share.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "comparator_setup.h"
#include "protocol/bytes.h"
#include "protocol/limits.h"

namespace tally {

inline std::string text_of(std::uint64_t number) { return std::to_string(number); }

// A comparator with a clock that the test owns, and an audit log that is written at once unless the
// test says otherwise.
struct ComparatorBench {
  ComparatorCore core;
  Instant now = Instant{} + seconds(1);
  View view;
  bool audit_at_once = true;
  std::uint64_t records = 0;

  std::vector<AddressedDecisions> decisions;
  std::vector<ClientId> welcomes;
  std::vector<ComparatorReport> reports;
  std::vector<AuditRecord> audit;
  std::vector<Event> events;

  explicit ComparatorBench(std::size_t replicas = 3, ComparatorCore::Config config = {})
      : core(filled(config, replicas)), view(first_view(replicas)), records(config.audit_head.number) {}

  void collect() {
    ComparatorOutput output = core.take_output();
    for (auto& each : output.decisions) decisions.push_back(std::move(each));
    for (auto& each : output.welcomes) welcomes.push_back(std::move(each));
    if (output.report) reports.push_back(std::move(*output.report));
    for (auto& each : output.audit) audit.push_back(std::move(each));
    for (auto& each : output.events) events.push_back(std::move(each));
    records += output.audit.size();
    if (!audit_at_once || output.audit.empty()) return;
    core.audit_written(records, "hash" + text_of(records));
    collect();
  }

  template <class... Input>
  void give(Input&&... input) {
    core.receive(std::forward<Input>(input)..., now);
    if (core.next_deadline() <= now) core.tick(now);
    collect();
  }

  // Lets the clock run, with a turn at every deadline.
  void pass(Duration duration) {
    const Instant end = now + duration;
    while (core.next_deadline() < end) {
      now = std::max(now, core.next_deadline());
      core.tick(now);
      collect();
    }
    now = end;
    core.tick(now);
    collect();
  }

  void give_view() { give(static_cast<const View&>(view)); }
  void change_view(std::uint64_t replica, MemberRole role, Recovery recovery = Recovery(1)) {
    view.number = view.number.next();
    view.members[replica - 1].role = role;
    view.members[replica - 1].recovery = recovery;
    give_view();
  }

  OrderIdentity order(std::uint64_t sequence) const {
    return {view.term, Sequence(sequence), Digest{view.term.value, sequence}};
  }

  // An order of one request by client "c".
  void give_ballot(std::uint64_t sequence) {
    give(BallotCalls{view.term, {{order(sequence), {{ClientId{"c"}, SessionId{{1}}, RequestNumber(sequence)}}}}});
  }

  Vote vote(std::uint64_t sequence, std::string_view answer = "right") const {
    Vote vote;
    vote.order = order(sequence);
    vote.incarnation = Incarnation(9);
    vote.recovery = Recovery(1);
    vote.state = digest_of(answer);
    append_sized(vote.results, answer);
    return vote;
  }
  void give_vote(std::uint64_t replica, std::uint64_t sequence, std::string_view answer = "right") {
    give(ReplicaId(replica), vote(sequence, answer));
  }
  void give_votes(std::initializer_list<std::uint64_t> replicas, std::uint64_t sequence) {
    for (const std::uint64_t replica : replicas) give_vote(replica, sequence);
  }

  // Decides orders by the votes of `voters`, one each ack_timeout.
  void run_orders(std::uint64_t from, std::uint64_t to, std::initializer_list<std::uint64_t> voters) {
    for (std::uint64_t sequence = from; sequence <= to; ++sequence) {
      give_ballot(sequence);
      give_votes(voters, sequence);
      pass(ack_timeout);
    }
  }

  ComparatorReport report() {
    reports.clear();
    pass(milliseconds(50));
    BOOST_REQUIRE(!reports.empty());
    return reports.back();
  }
  VoterTally tally_of(std::uint64_t replica) { return report().voters[replica - 1]; }
  std::vector<Verdict> verdicts() { return report().verdicts; }

  std::vector<VerdictRecord> verdict_records() const {
    std::vector<VerdictRecord> found;
    for (const AuditRecord& record : audit)
      if (const auto* verdict = std::get_if<VerdictRecord>(&record.content)) found.push_back(*verdict);
    return found;
  }
  std::size_t count_events(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const Event& event) { return event.name == name; }));
  }
};

// One that knows the view.
struct Informed : ComparatorBench {
  explicit Informed(std::size_t replicas = 3, ComparatorCore::Config config = {})
      : ComparatorBench(replicas, std::move(config)) {
    give_view();
  }
};

inline bool is_verdict(const Verdict& verdict, std::uint64_t replica, VerdictReason reason, std::uint64_t sequence) {
  return verdict.replica == ReplicaId(replica) && verdict.reason == reason && verdict.sequence == Sequence(sequence);
}

}  // namespace tally
