// SPDX-License-Identifier: Apache-2.0
// A replica's core on a bench: its store is in memory, the test owns the clock, and is its distributor.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "replica/core.h"
#include "replica_fixture.h"

namespace tally::testing {

// A replica with a store in memory; what it puts out is collected. The test owns the clock.
struct Replica {
  explicit Replica(std::uint64_t id = 1, std::uint64_t checkpoint_orders = 1000)
      : number(id), every(checkpoint_orders) {
    start();
  }

  // A new process.
  void start() {
    ReplicaConfig config;
    config.id = ReplicaId(number);
    config.incarnation = Incarnation(++incarnation);
    config.pid = 4711;
    config.store = "memory";
    config.checkpoint_orders = every;
    config.early_checkpoint_changes = early;
    config.early_checkpoint_bytes = early_bytes;
    config.import_orders = import_orders;
    core = std::make_unique<ReplicaCore>(config);
    settle();
  }

  // Takes the output and does what it asks for, as the shell would.
  void settle() {
    for (;;) {
      ReplicaOutput output = core->take_output();
      for (Vote& vote : output.votes) votes.push_back(std::move(vote));
      if (output.report) reports.push_back(*output.report);
      for (const Event& event : output.events) events.push_back(event.name);
      if (output.fatal) fatal = output.fatal;
      for (auto& request : output.state_requests) requests.push_back(request);
      for (ImportStep& step : output.import_steps) steps.push_back(std::move(step));
      if (output.unseal) ++unsealed;
      if (output.seal) {
        sealed.push_back(*output.seal);
        core->sealed(*output.seal, CheckpointSeal{*output.seal, {1}, 100}, now);
      }
      const bool done = !output.checkpoint && !output.load && !output.seal;
      if (output.checkpoint) commit(std::move(*output.checkpoint));
      if (output.load) load(*output.load);
      if (done) return;
    }
  }

  void commit(CheckpointDelta delta) {
    if (failing_commits > 0) {
      --failing_commits;
      return core->checkpoint_failed(std::move(delta), failure);
    }
    if (delta.full) entries.clear();
    for (const auto& [key, value] : delta.changes) {
      if (value)
        entries[key] = *value;
      else
        entries.erase(key);
    }
    Digest sum;
    for (const auto& [key, value] : entries) sum += entry_digest(key, value);
    BOOST_REQUIRE((sum == delta.header.state));
    header = delta.header;
    full_commits += delta.full;
    core->checkpoint_committed(header->applied.sequence);
  }

  void load(const LoadWish& wish) {
    ++loads;
    if (wish.below.value != 0 && header && header->applied.sequence >= wish.below) {
      distrusted.push_back(wish.below.value);
      header.reset();
    }
    if (slow_loads) return;
    if (!header) return core->nothing_to_restore(now);
    auto state = core->fresh_state();
    for (const auto& [key, value] : entries) BOOST_REQUIRE(state->restore(key, value));
    BOOST_REQUIRE(state->finish_restore(*header));
    core->restored(*header, std::move(state), now);
  }

  template <class Message>
  void receive(const Message& message) {
    core->receive(message, now);
    settle();
  }
  void wait(Duration duration) {
    const Instant end = now + duration;
    while (core->next_deadline() <= end) {
      now = std::max(now, core->next_deadline());
      core->tick(now);
      settle();
    }
    now = end;
  }
  bool happened(std::string_view event) const { return std::ranges::find(events, event) != events.end(); }
  std::uint64_t applied() const { return core->applied().sequence.value; }

  std::uint64_t number;
  std::uint64_t every;
  std::size_t early = 1'000'000;
  std::uint64_t early_bytes = 1ull << 40;
  std::uint64_t import_orders = 1'000'000;
  std::uint64_t incarnation = 0;
  Instant now{seconds(1000).nanoseconds};
  std::unique_ptr<ReplicaCore> core;

  std::optional<CheckpointHeader> header;
  std::map<std::string, std::string> entries;
  int failing_commits = 0;
  CommitFailure failure = CommitFailure::not_written;
  int full_commits = 0;
  int loads = 0;
  bool slow_loads = false;  // the core waits for ever
  std::vector<std::uint64_t> distrusted;
  std::vector<Sequence> sealed;
  int unsealed = 0;

  std::vector<std::pair<ReplicaId, StateRequest>> requests;
  std::vector<ImportStep> steps;
  std::vector<Vote> votes;
  std::vector<ReplicaReport> reports;
  std::vector<std::string> events;
  std::optional<std::string> fatal;
};

// What a distributor says whose last order is the chain's, all of it stable and decided.
inline ReplicaStanding standing_of(const OrderChain& chain, std::uint64_t recovery = 1) {
  ReplicaStanding standing;
  standing.term = chain.term;
  standing.group = GroupId(77);
  standing.view = ViewNumber(1);
  standing.state = ReplicaState::voting;
  standing.recovery = Recovery(recovery);
  standing.last = chain.last;
  standing.stable = chain.last.sequence;
  standing.agreed.order = chain.last;
  standing.vote_from = Sequence(1);
  return standing;
}

// A replica that has applied a few orders, and the chain that it follows. All orders so far are kept in `journal`.
struct Group {
  explicit Group(std::uint64_t checkpoint_orders = 1000) : replica(1, checkpoint_orders) {
    replica.receive(standing_of(chain));
    deliver({open_session()});
    session = session_named(1);
    replica.wait(milliseconds(100));  // what its start made it report is over
  }
  Order make(std::vector<Request> requests = {}) {
    journal.push_back(chain.next(std::move(requests)));
    return journal.back();
  }
  void deliver(std::vector<Request> requests = {}) { replica.receive(make(std::move(requests))); }
  void count(int times) {
    for (int time = 0; time < times; ++time) {
      deliver({request(session, number + 1, {addition("home", 1)}, number)});
      ++number;
    }
  }
  // As a distributor does after a report.
  void stream_from_applied() {
    for (const Order& order : std::vector<Order>(journal))
      if (order.id.sequence > replica.core->applied().sequence) replica.receive(order);
  }
  // The journal loses what came after `sequence`, and a new distributor goes on.
  void lose_tail(std::uint64_t sequence) {
    journal.resize(sequence);
    chain.last = journal.empty() ? OrderIdentity{} : journal.back().id;
    chain.term = chain.term.next();
  }

  OrderChain chain;
  std::vector<Order> journal;
  Replica replica;
  SessionId session;
  std::uint64_t number = 0;
};

}  // namespace tally::testing
