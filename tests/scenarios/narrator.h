// SPDX-License-Identifier: Apache-2.0
// Looks on, and writes down what happens in the order in which it happens; and keeps messages back, when told to.
//
// Lines that differ in the sender only, or in the receiver only, and follow each other are written as one.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/news.h"
#include "scenarios/wording.h"
#include "simulation/watcher.h"
#include "simulation/world.h"

namespace tally::scenarios {

// "replica3" of the simulation is "replica 3" here.
std::string display_name(const std::string& node);

class Narrator : public simulation::Watcher {
 public:
  explicit Narrator(simulation::World& world) : world_(world), news_(wording_) {}

  Wording& wording() { return wording_; }
  // Everything since the last time.
  std::vector<std::string> take();
  void write(const std::string& line);
  void mute(bool muted) { muted_ = muted; }
  // Processes begin and end because a command says so.
  void expect_processes(bool expected) { expected_ = expected; }
  void show_all(bool all) { all_ = all; }
  // Whether this has happened since the last take(): an event's name, with fields or without.
  bool has_seen(const std::string& words) const;
  void forget_seen() { seen_.clear(); }

  // ---- messages between two nodes, by their names in the simulation
  void cut(const std::string& from, const std::string& to) { cut_.insert({from, to}); }
  void hold(const std::string& from, const std::string& to) { held_ways_.insert({from, to}); }
  void mend(const std::string& from, const std::string& to);  // and delivers what was held
  // This replica forges the state that others import from it: a counter, and what order the state is said to follow.
  enum class Forgery { of_a_counter, as_of_last_order };
  void forge_state(const std::string& donor, Forgery forgery) { forgers_[donor] = forgery; }

  simulation::Parcel sending(simulation::Link& link, bool up, simulation::Parcel message) override;
  void happened(const simulation::Node& node, const Event& event) override;
  void process(const simulation::Node& node, bool started) override;
  void journaled(const JournalRecord& record) override;
  void synced() override;

 private:
  using Way = std::pair<std::string, std::string>;  // from, to
  struct Held {
    simulation::Link* link;
    bool up;
    simulation::Parcel message;
  };
  struct Pending {
    std::vector<std::string> from;
    std::vector<std::string> to;
    std::string text;
    Instant at;
  };

  void learn(const Way& way, const Message& message);
  void say(const Way& way, std::string text);
  void flush();
  std::string together(const std::vector<std::string>& nodes) const;
  void line(Instant at, std::string text);

  simulation::World& world_;
  Wording wording_;
  News news_;
  bool muted_ = false;
  bool expected_ = false;
  bool all_ = false;
  std::vector<std::string> lines_;
  std::vector<std::string> seen_;  // events
  std::optional<Pending> pending_;
  Instant last_line_;
  bool unsynced_ = false;  // something that was told of is in the journal and not synced

  std::set<Way> cut_;
  std::set<Way> held_ways_;
  std::map<Way, std::deque<Held>> held_;
  std::map<std::string, Forgery> forgers_;
  bool releasing_ = false;
};

}  // namespace tally::scenarios
