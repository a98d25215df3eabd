// SPDX-License-Identifier: Apache-2.0
// A place where one daemon runs. Process follows process, each with a life of its own, around what
// stays on the disk.
//
// A node does what the loops of the shells do: it takes a turn when something has come in or when
// the core's deadline is due, and it reads each socket's share of messages in the order in which
// the shells do. Each process has a monotonic clock of its own, which means nothing to any other
// process.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "simulation/network.h"
#include "simulation/random.h"

namespace tally::simulation {

struct Arrival {
  Link* link = nullptr;
  bool up = false;  // whether this node is the binder
  std::uint64_t connection = 0;
  std::uint64_t peer = 0;  // the life of the connecting process
  Parcel message;          // null: the peer has just connected
};

// A client's routing id is the name of its node and the number of its process.
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
  void heal();  // makes it up and running

  void arrive(Arrival arrival);

 protected:
  virtual void begin() = 0;    // a new process begins
  virtual void end() = 0;      // the process is gone
  virtual Instant turn() = 0;  // returns when the next turn is due at the latest

  // The monotonic clock of this process.
  Instant clock() const;
  // Makes a turn due at once.
  void wake();
  // For what takes time beside the loop: `work` happens after `duration`, even if the process hangs
  // then, and `done` in the turn after it. Neither happens if the process has ended.
  void later(Duration duration, std::function<void()> work, std::function<void()> done);
  void run_completions();
  // Takes what has come in, up to a socket's share of a turn.
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
  // Turns in a row that read nothing and wanted another one at once.
  unsigned idle_turns_ = 0;
};

}  // namespace tally::simulation
