// SPDX-License-Identifier: Apache-2.0
// A place where one daemon runs: process after process, each a life of its own, around what stays on the disk.
//
// Does what the shells' loops do: a turn when something has come in or the core's deadline is due, each socket's share
// of messages in the shells' order. A process has a monotonic clock of its own, that means nothing to any other.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "simulation/network.h"
#include "simulation/random.h"

namespace tally::simulation {

struct Arrival {
  Link* link = nullptr;
  bool up = false;  // this node is the binder
  std::uint64_t connection = 0;
  std::uint64_t peer = 0;  // the connecting process's life
  Parcel message;          // none: the peer has just connected
};

// A client's routing id is its node's name and the number of its process.
struct ClientAddress {
  std::string name;
  std::uint64_t life = 0;
};
ClientId client_of(const Arrival& arrival);
ClientAddress address_of(const ClientId& client);

class Node {
 public:
  Node(World& world, std::string name, std::size_t channels);
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const std::string& name() const { return name_; }
  bool up() const { return up_; }
  bool hung() const;
  std::uint64_t life() const { return life_; }

  void start();
  void crash();
  void crash_and_restart(Duration pause);
  void hang(Duration duration);
  void heal();  // up and running

  void arrive(Arrival arrival);

 protected:
  virtual void begin() = 0;    // a new process
  virtual void end() = 0;      // it is gone
  virtual Instant turn() = 0;  // when the next one is due at the latest

  // This process's monotonic clock.
  Instant clock() const;
  // A turn is due at once.
  void wake();
  // Something that takes time beside the loop: `work` happens then, whatever the process does; `done` in the turn after
  // it, if the process still lives.
  void later(Duration duration, std::function<void()> work, std::function<void()> done);
  void run_completions();
  // Up to a socket's share of a turn.
  std::deque<Arrival> take(std::size_t channel);
  void tell(const Event& event);
  void tell_all(const std::vector<Event>& events);

  World& world_;
  Random random_;

 private:
  void plan_turn(Instant due);
  void run_turn();

  std::string name_;
  std::vector<std::deque<Arrival>> inbox_;  // by channel
  std::deque<std::function<void()>> completions_;
  bool up_ = false;
  std::uint64_t life_ = 0;
  Duration clock_offset_;
  Instant hung_until_;
  Instant busy_until_;
  Instant planned_ = Instant::never();
  unsigned idle_turns_ = 0;  // in a row, with nothing read and another one due at once
};

}  // namespace tally::simulation
