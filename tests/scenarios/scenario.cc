// SPDX-License-Identifier: Apache-2.0
#include "scenarios/scenario.h"

#include <algorithm>
#include <stdexcept>

#include "scenarios/words.h"

namespace tally::scenarios {
namespace {

using simulation::FaultName;

// Time enough for a message to go all the ways that follow from it, and too short for any timer.
constexpr Duration moment = milliseconds(4);
constexpr Duration step = milliseconds(1);
constexpr Duration longest_wait = seconds(120);
constexpr Duration usual_patience = seconds(10);
constexpr Duration for_ever = hours(24 * 365);

}  // namespace

Scenario::Scenario()
    : commands_{{"group", &Scenario::make_group}, {"start", &Scenario::start},     {"kill", &Scenario::kill},
                {"restart", &Scenario::restart},  {"hang", &Scenario::hang},       {"wake", &Scenario::wake},
                {"cut", &Scenario::cut},          {"hold", &Scenario::hold},       {"mend", &Scenario::mend},
                {"pass", &Scenario::pass},        {"until", &Scenario::until},     {"status", &Scenario::status},
                {"show", &Scenario::show},        {"operator", &Scenario::operate}} {}

std::vector<std::string> Scenario::carry_out(const std::string& command) {
  Words words = split(command);
  const bool quietly = words.front() == "quietly";
  if (quietly) words.erase(words.begin());
  if (words.empty()) throw std::invalid_argument("quietly wants a command");
  if (group_) group_->narrator.take();
  if (words.front() == "group") make_group(words);
  group().narrator.mute(quietly);
  group().narrator.forget_seen();
  if (words.front() != "group") dispatch(std::move(words));
  std::vector<std::string> lines = group().narrator.take();
  group().narrator.mute(false);
  return lines;
}

// "client a: add home 1" and "replica 2: lie wrong-value" begin with whom they are said to.
void Scenario::dispatch(Words words) {
  if (words.front() == "client") return call(words);
  if (words.front() == "replica") return tell_replica(words);
  if (words.front() == "distributor:") return tell_distributor(words);
  const auto found = commands_.find(words.front());
  if (found == commands_.end()) throw std::invalid_argument("unknown command: " + words.front());
  (this->*found->second)(words);
}

Group& Scenario::group() {
  if (!group_) throw std::invalid_argument("there is no group yet");
  return *group_;
}

// Processes that begin and end because the command says so are not told of.
void Scenario::by_command(const std::function<void()>& change) {
  group().narrator.expect_processes(true);
  change();
  group().narrator.expect_processes(false);
}

void Scenario::run(Duration duration) {
  simulation::Agenda& agenda = group().world.agenda;
  agenda.run_until(agenda.now() + duration);
}

bool Scenario::run_until(const std::function<bool()>& done) {
  const Instant bound = group().world.agenda.now() + longest_wait;
  while (!done() && group().world.agenda.now() < bound) run(step);
  return done();
}

// ---- processes

// group replicas=3 cooldown=1s …
void Scenario::make_group(const Words& words) {
  simulation::Plan plan = calm_plan();
  for (std::size_t place = 1; place < words.size(); ++place) {
    const auto [key, value] = setting(words[place]);
    if (key == "replicas")
      plan.membership.replicas = static_cast<std::uint32_t>(number(value));
    else if (key == "cooldown")
      plan.membership.breaker.cooldown = duration(value);
    else if (key == "probation_votes")
      plan.membership.probation_votes = number(value);
    else if (key == "quarantine_dissents")
      plan.membership.breaker.quarantine_dissents = static_cast<std::uint32_t>(number(value));
    else if (key == "checkpoint_orders")
      plan.checkpoint_orders = number(value);
    else if (key == "durability" && (value == "fsync" || value == "os"))
      plan.wait_for_sync = value == "fsync";
    else if (key == "journal_slack_orders")
      plan.journal_slack_orders = number(value);
    else if (key == "journal_segment_orders")
      plan.journal_segment_orders = number(value);
    else
      throw std::invalid_argument("unknown setting: " + key);
  }
  group_ = std::make_unique<Group>(plan);
}

void Scenario::start(const Words& words) {
  by_command([&] { words.size() == 1 ? group().start() : group().node(node_name(words, 1)).start(); });
  run(moment);
}

// kill NODE: its process ends. kill distributor lose=N: and so are the last N orders of its journal, if not synced.
void Scenario::kill(const Words& words) {
  const auto last = setting(words.back());
  by_command([&] {
    if (words.at(1) == "distributor" && last.first == "lose")
      group().distributor.lose_power(number(last.second));
    else
      group().node(node_name(words, 1)).crash();
  });
  run(moment);
}

void Scenario::restart(const Words& words) {
  simulation::Node& node = group().node(node_name(words, 1));
  by_command([&] {
    node.crash();
    node.start();
  });
  run(moment);
}

void Scenario::hang(const Words& words) { group().node(node_name(words, 1)).hang(for_ever); }

void Scenario::wake(const Words& words) {
  group().node(node_name(words, 1)).heal();
  run(moment);
}

// ---- messages: from NODE to NODE

void Scenario::cut(const Words& words) {
  const auto [from, to] = way(words);
  group().narrator.cut(from, to);
}

void Scenario::hold(const Words& words) {
  const auto [from, to] = way(words);
  group().narrator.hold(from, to);
}

void Scenario::mend(const Words& words) {
  const auto [from, to] = way(words);
  group().narrator.mend(from, to);
  run(moment);
}

// ---- time

void Scenario::pass(const Words& words) { run(duration(words.at(1))); }

// until EVENT [key=value …], or: until answered.
void Scenario::until(const Words& words) {
  const std::string what = join(words, 1);
  const auto answered = [&] { return std::ranges::all_of(group().clients, &ScriptedClient::idle); };
  const auto seen = [&] { return group().narrator.has_seen(what); };
  const bool happened = what == "answered" ? run_until(answered) : run_until(seen);
  if (!happened) throw std::runtime_error("it does not happen: " + what);
  run(moment);
}

// ---- people

std::string Scenario::row(const ReplicaStatus& replica) const {
  std::string text = "replica " + std::to_string(replica.id.value) + " " + std::string(to_string(replica.state));
  if (replica.reason != OutReason::none) text += " (" + std::string(to_string(replica.reason)) + ")";
  text += ", applied " + std::to_string(replica.applied.value);
  if (replica.checkpoint.value != 0) text += ", checkpoint " + std::to_string(replica.checkpoint.value);
  return text;
}

void Scenario::status(const Words&) {
  group().distributor.ask_for_status();
  run(moment);
  const ClusterStatus& status = group().distributor.status();
  std::string text = "group " + std::string(to_string(status.state)) + ", term " + std::to_string(status.term.value) +
                     ", view " + std::to_string(status.view.value) + ", last order " +
                     std::to_string(status.sequence.value) + ", decided " + std::to_string(status.decided.value);
  if (status.journal_first.value > 1) text += ", journal from " + std::to_string(status.journal_first.value);
  if (status.undecided.value != 0) text += ", undecided " + std::to_string(status.undecided.value);
  group().narrator.write(text);
  if (status.state == GroupState::unavailable) group().narrator.write(status.reason + ": " + status.advice);
  for (const ReplicaStatus& replica : status.replicas) group().narrator.write(row(replica));
}

void Scenario::show(const Words& words) { group().narrator.show_all(words.at(1) == "everything"); }

// operator evict N, operator readmit N, operator resume.
void Scenario::operate(const Words& words) {
  if (words.at(1) == "resume")
    group().distributor.resume();
  else if (words.at(1) == "evict")
    group().distributor.evict(ReplicaId(number(words.at(2))));
  else if (words.at(1) == "readmit")
    group().distributor.readmit(ReplicaId(number(words.at(2))));
  else
    throw std::invalid_argument("an operator cannot " + words[1]);
  run(moment);
}

void Scenario::tell_replica(const Words& words) {
  simulation::ReplicaNode& replica = group().replica(node_name(words, 0));
  const std::string what = join(words, 2);
  if (what == "is honest") return replica.end_faults();
  if (what == "a bit of its memory flips") return replica.flip_memory();
  if (what == "loses its disk") return replica.lose_disk();
  if (what == "forges the state it gives")
    return group().narrator.forge_state(replica.name(), Narrator::Forgery::of_a_counter);
  if (what == "forges the state it gives, as of the last order")
    return group().narrator.forge_state(replica.name(), Narrator::Forgery::as_of_last_order);
  if (what == "answers wrong values") return replica.lie(FaultName::wrong_value, 1.0, for_ever);
  if (what == "answers with a wrong digest") return replica.lie(FaultName::wrong_digest, 1.0, for_ever);
  if (what == "answers as if to an earlier order") return replica.lie(FaultName::stale_vote, 1.0, for_ever);
  if (what == "does not answer") return replica.lie(FaultName::replica_silent, 1.0, for_ever);
  throw std::invalid_argument("a replica cannot do this: " + what);
}

// distributor: its next sync takes 100ms
void Scenario::tell_distributor(const Words& words) {
  if (join(words, 0).starts_with("distributor: its next sync takes ") && words.size() == 6)
    return group().distributor.stall(duration(words[5]));
  throw std::invalid_argument("a distributor cannot do this: " + join(words, 1));
}

// client a: add home 1 [key K] [within 2s]
void Scenario::call(const Words& words) {
  by_command([&] { group().client(node_name(words, 1)); });
  ScriptedClient& client = group().client(node_name(words, 1));
  OwnedOperation operation;
  Duration patience = usual_patience;
  if (words.size() < 4) throw std::invalid_argument("a client wants an operation and a counter");
  operation.kind = operation_kind(words[2]);
  operation.name = words[3];
  std::size_t place = 4;
  if (operation.kind == OperationKind::add || operation.kind == OperationKind::set)
    operation.value = static_cast<std::int64_t>(number(words.at(place++)));
  for (; place + 1 < words.size(); place += 2) {
    if (words[place] == "key") operation.idempotency_key = words[place + 1];
    if (words[place] == "within") patience = duration(words[place + 1]);
  }
  client.call(std::move(operation), patience);
  run(moment);
}

}  // namespace tally::scenarios
