// SPDX-License-Identifier: Apache-2.0
#include "simulation/node.h"

#include <algorithm>

#include "protocol/limits.h"
#include "simulation/world.h"

namespace tally::simulation {

Node::Node(World& world, std::string name, std::size_t channels)
    : world_(world), random_(world.random.fork()), name_(std::move(name)), inbox_(channels) {}

// Clients are numbered, and every other one is a bridge.
ClientId client_of(const Arrival& arrival) {
  const std::string& name = arrival.link->connector->name();
  const bool is_bridge = std::string_view("02468").find(name.back()) != std::string_view::npos;
  return {name + "." + std::to_string(arrival.peer), is_bridge ? Principal::bridges : Principal::clients};
}

ClientAddress address_of(const ClientId& client) {
  const std::size_t point = client.routing_id.rfind('.');
  if (point == std::string::npos) return {};
  return {client.routing_id.substr(0, point), std::stoull(client.routing_id.substr(point + 1))};
}

// ---- lives

void Node::start() {
  if (up_) return;
  up_ = true;
  ++life_;
  clock_offset_ = random_.between(seconds(1), hours(1000));
  hung_until_ = {};
  world_.trace.line(name_, "process started");
  if (world_.watcher) world_.watcher->process(*this, true);
  begin();
  world_.network.started(*this);
  wake();
}

void Node::crash() {
  if (!up_) return;
  world_.trace.line(name_, "process ended");
  if (world_.watcher) world_.watcher->process(*this, false);
  up_ = false;
  for (std::deque<Arrival>& channel : inbox_) channel.clear();
  completions_.clear();
  planned_ = Instant::never();
  end();
  world_.network.ended(*this);
}

void Node::crash_and_restart(Duration pause) {
  crash();
  world_.agenda.after(pause, [this] { start(); });
}

void Node::hang(Duration duration) {
  if (!up_) return;
  world_.trace.line(name_, "process stopped for milliseconds ", std::to_string(duration.milliseconds()));
  hung_until_ = std::max(hung_until_, world_.agenda.now() + duration);
}

bool Node::hung() const { return hung_until_ > world_.agenda.now(); }

void Node::heal() {
  hung_until_ = {};
  start();
  wake();
}

// ---- turns

Instant Node::clock() const { return world_.agenda.now() + clock_offset_; }

void Node::arrive(Arrival arrival) {
  inbox_[arrival.up ? arrival.link->binder_channel : arrival.link->connector_channel].push_back(std::move(arrival));
  wake();
}

void Node::wake() { plan_turn(world_.agenda.now()); }

// The earliest turn that is planned is run. Later ones find that they are not the planned one, and
// do nothing.
void Node::plan_turn(Instant due) {
  if (!up_) return;
  due = std::max({due, busy_until_, hung_until_});
  if (due >= planned_ || due == Instant::never()) return;
  planned_ = due;
  world_.agenda.at(due, [this, due, life = life_] {
    if (!up_ || life != life_ || planned_ != due) return;
    planned_ = Instant::never();
    if (hung()) return plan_turn(due);
    run_turn();
  });
}

// A core that wanted its next turn at once, again and again, would keep a machine busy for nothing.
void Node::run_turn() {
  constexpr unsigned most_idle_turns = 2000;
  const std::uint64_t life = life_;
  const bool idle = completions_.empty() && std::ranges::all_of(inbox_, [](const auto& in) { return in.empty(); });
  const Instant next = turn();
  idle_turns_ = idle && next <= clock() ? idle_turns_ + 1 : 0;
  if (idle_turns_ > most_idle_turns) world_.fail(name_ + " spins: its deadline lies in the past");
  if (!up_ || life != life_) return;
  busy_until_ = world_.agenda.now() + world_.plan.turn_cost;
  const bool more = std::ranges::any_of(inbox_, [](const auto& channel) { return !channel.empty(); });
  if (more || !completions_.empty()) wake();
  if (next != Instant::never()) plan_turn({next.nanoseconds - clock_offset_.nanoseconds});
}

std::deque<Arrival> Node::take(std::size_t channel) {
  std::deque<Arrival> taken;
  while (!inbox_[channel].empty() && taken.size() < limits::messages_per_turn) {
    taken.push_back(std::move(inbox_[channel].front()));
    inbox_[channel].pop_front();
    const Arrival& arrival = taken.back();
    if (arrival.connection != 0) world_.network.read(*arrival.link, arrival.up, arrival.connection);
    const Node& sender = arrival.up ? *arrival.link->connector : *arrival.link->binder;
    if (arrival.message) world_.trace.line(name_, "<- " + sender.name() + ": ", describe(*arrival.message));
  }
  return taken;
}

void Node::later(Duration duration, std::function<void()> work, std::function<void()> done) {
  world_.agenda.after(duration, [this, life = life_, work = std::move(work), done = std::move(done)] {
    if (!up_ || life != life_) return;
    work();
    if (!up_ || life != life_) return;
    completions_.push_back(done);
    wake();
  });
}

void Node::run_completions() {
  for (auto& done : std::exchange(completions_, {})) done();
}

void Node::tell(const Event& event) {
  world_.trace.event(name_, event);
  if (world_.watcher) world_.watcher->happened(*this, event);
  world_.referee.happened(*this, event);
}

void Node::tell_all(const std::vector<Event>& events) {
  for (const Event& event : events) tell(event);
}

}  // namespace tally::simulation
