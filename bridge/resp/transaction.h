// SPDX-License-Identifier: Apache-2.0
// MULTI and WATCH of one client: the commands that wait for EXEC, and the counters whose change
// makes it fail. Pure.
//
// A watched counter is known by its last change, which the group names with every value
// (CounterDetail). So EXEC sends conditions in front of its commands, and the group itself finds
// whether somebody was faster; nothing has to be watched meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/resp/commands.h"

namespace tally::bridge::resp {

class Transaction {
 public:
  // ---- MULTI

  using Commands = std::vector<std::vector<std::string>>;

  bool is_open() const { return is_open_; }
  void open() { is_open_ = true; }
  // A command was refused, so EXEC will be.
  void spoil() { is_spoilt_ = is_open_; }
  bool is_spoilt() const { return is_spoilt_ || has_lost_watch_; }
  // False: it would be more than one request may have, and is not there.
  bool enqueue(Arguments command);
  const Commands& commands() const { return commands_; }
  // What Question::has_room_for() is to be asked, for all of it.
  std::size_t arguments() const { return arguments_ + watched_.size(); }
  std::size_t bytes() const { return bytes_ + watched_bytes_; }
  std::size_t held_bytes() const { return bytes() + arguments_ * sizeof(std::string); }

  // ---- WATCH

  // Of each counter its last change; zero: there was no such counter; nothing: the group is asked.
  using Watched = std::map<std::string, std::optional<std::uint64_t>, std::less<>>;

  // How many more counters can be watched.
  std::size_t room_to_watch() const;
  // The group is asked for the counter's last change, even if it was before. Precondition: there is
  // room.
  void begin_watching(std::string_view name);
  // What the group has said of the counter that it was asked for earliest. `last_change` is nothing
  // if it has said nothing: then the watch is lost.
  void answered(std::optional<std::uint64_t> last_change);
  // A counter that the client believes to be watched is not, so EXEC will be refused.
  void lose_watch() { has_lost_watch_ = true; }
  // Whether there are answers to come.
  bool waits() const { return !asked_.empty(); }
  void forget_watched();
  const Watched& watched() const { return watched_; }

  // EXEC and DISCARD: neither commands nor watched counters are left. Returns what there was.
  Transaction close();

 private:
  bool is_open_ = false;
  bool is_spoilt_ = false;
  bool has_lost_watch_ = false;
  Commands commands_;
  std::size_t arguments_ = 0;  // of the commands
  std::size_t bytes_ = 0;
  Watched watched_;
  std::size_t watched_bytes_ = 0;
  std::deque<std::string> asked_;  // also of counters that are not watched any more
};

}  // namespace tally::bridge::resp
