// SPDX-License-Identifier: Apache-2.0
// What some commands of a Redis client do, as plainly as possible: PING, ECHO, GET, SET, INCR, DEL,
// MULTI, EXEC, DISCARD, WATCH and UNWATCH of one connection. It shares nothing with bridge/resp but
// the rule for names.
//
// Of any other command it knows nothing, not even what else it changes. So it says nothing more
// then, until it is shown a connection that has nothing open.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/operations.h"
#include "tests/unit/resp_fixture.h"

namespace tally::fuzz {

using RespCommand = std::vector<std::string>;

inline std::string in_small_letters(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

class RespModel {
 public:
  using Counters = std::map<std::string, bridge::resp::FakeGroup::Seen>;

  // The group at the moment at which it executes one request of this connection.
  struct Group {
    Counters counters;
    std::uint64_t change = 0;  // the number of what the request changes
    bool is_full = false;
    std::string failure;  // what a command is told that asked it; empty: what it has answered
  };

  // Whether it knows what the next command does.
  bool is_sure() const { return is_sure_; }
  // Executes the commands, and returns for each what its reply begins with.
  std::vector<std::string> execute(const std::vector<RespCommand>& commands, Group& group) {
    std::vector<std::string> replies;
    for (const RespCommand& command : commands) {
      const Reply reply = take(command, group);
      replies.push_back(!is_sure_ ? "" : reply.asks && !group.failure.empty() ? group.failure : reply.text);
    }
    return replies;
  }
  // `session` has answered all commands.
  void look_at(bridge::resp::Session& session) {
    const bool is_open = session.transaction().is_open();
    const auto& watched = session.transaction().watched();
    CHECK(!is_sure_ || (queue_.has_value() == is_open && watched_.size() == watched.size()));
    if (!is_sure_) queue_.reset();
    if (!is_sure_) watched_.clear();
    is_sure_ |= !is_open && watched.empty() && !session.is_stranger();
    is_resp3_ = session.protocol() == bridge::resp::Protocol::resp3;
  }

 private:
  struct Reply {
    std::string text;
    bool asks = false;  // the group
  };
  // Beyond these, a bound of the door may matter.
  static constexpr std::size_t most_arguments = 1000;  // of one command, and of those that wait for EXEC
  static constexpr std::size_t most_watched = 200;

  Reply unknown() {
    is_sure_ = false;
    return {};
  }
  static std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
  static std::string integer(std::int64_t number) { return ":" + std::to_string(number) + "\r\n"; }
  static std::optional<std::int64_t> number_of(const std::string& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return std::to_string(number) == text ? std::optional(number) : std::nullopt;
  }

  Reply take(const RespCommand& command, Group& group) {
    if (!is_sure_) return {};
    const std::string word = in_small_letters(command[0]);
    const bool is_alone = command.size() == 1;
    if (word == "multi" && is_alone) {
      if (queue_) return {"-ERR MULTI calls can not be nested\r\n"};
      queue_.emplace();
      queued_arguments_ = 0;
      return {"+OK\r\n"};
    }
    if (word == "exec" && is_alone) return queue_ ? exec(group) : Reply{"-ERR EXEC without MULTI\r\n"};
    if (word == "discard" && is_alone) {
      if (!queue_) return {"-ERR DISCARD without MULTI\r\n"};
      queue_.reset();
      watched_.clear();
      return {"+OK\r\n"};
    }
    if (word == "watch" && !is_alone)
      return queue_ ? Reply{"-ERR WATCH inside MULTI is not allowed\r\n"} : watch(command, group);
    if (!queue_) return carry_out(command, group);
    queued_arguments_ += std::max<std::size_t>(command.size(), 4);
    if (!is_plain(command) || queued_arguments_ > most_arguments) return unknown();
    queue_->push_back(command);
    return {"+QUEUED\r\n"};
  }

  Reply watch(const RespCommand& command, const Group& group) {
    if (watched_.size() + command.size() > most_watched) return unknown();
    Reply reply{"+OK\r\n"};
    for (std::size_t place = 1; place < command.size(); ++place) {
      if (!is_valid_name(command[place])) continue;
      reply.asks = true;
      const auto counter = group.counters.find(command[place]);
      const std::uint64_t change = counter == group.counters.end() ? 0 : counter->second.change;
      if (group.failure.empty()) watched_.emplace(command[place], change);
    }
    return reply;
  }

  Reply exec(Group& group) {
    const auto queue = *std::exchange(queue_, std::nullopt);
    const auto watched = std::exchange(watched_, {});
    const bool is_current = std::ranges::all_of(watched, [&](const auto& seen) {
      const auto counter = group.counters.find(seen.first);
      return seen.second == (counter == group.counters.end() ? 0 : counter->second.change);
    });
    Reply whole{"*" + std::to_string(queue.size()) + "\r\n", !watched.empty()};
    Group others = group;
    for (const RespCommand& command : queue) {
      const Reply reply = carry_out(command, is_current ? group : others);
      whole.text += reply.text;
      whole.asks |= reply.asks;
    }
    if (!is_current) whole.text = is_resp3_ ? "_\r\n" : "*-1\r\n";
    return whole;
  }

  static bool is_plain(const RespCommand& command) {
    const std::string word = in_small_letters(command[0]);
    switch (command.size()) {
      case 1: return word == "ping" || word == "unwatch";
      case 2: return word == "echo" || word == "get" || word == "incr" || word == "del";
      case 3: return word == "set" || word == "del";
      default: return word == "del" && command.size() <= most_arguments;
    }
  }

  Reply carry_out(const RespCommand& command, Group& group) {
    if (!is_plain(command)) return unknown();
    const std::string word = in_small_letters(command[0]);
    if (word == "ping") return {"+PONG\r\n"};
    if (word == "unwatch") {
      watched_.clear();
      return {"+OK\r\n"};
    }
    const std::string& name = command[1];
    if (word == "echo") return {bulk(name)};
    const auto counter = group.counters.find(name);
    const bool is_there = counter != group.counters.end();
    if (word == "get")
      return {is_there ? bulk(std::to_string(counter->second.value)) : is_resp3_ ? "_\r\n" : "$-1\r\n", true};
    if (word == "del") {
      std::size_t removed = 0;
      for (std::size_t place = 1; place < command.size(); ++place) removed += group.counters.erase(command[place]);
      return {integer(static_cast<std::int64_t>(removed)), true};
    }
    if (!is_valid_name(name))
      return {"-ERR a counter's name is 1 to 256 bytes of UTF-8 without control or format characters\r\n"};
    std::int64_t value = 0;
    if (word == "set") {
      const auto number = number_of(command[2]);
      if (!number) return {"-ERR value is not an integer or out of range\r\n"};
      value = *number;
    } else if (__builtin_add_overflow(is_there ? counter->second.value : 0, 1, &value)) {
      return {"-ERR increment or decrement would overflow\r\n", true};
    }
    if (!is_there && group.is_full) return {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", true};
    group.counters[name] = {value, group.change};
    return {word == "set" ? "+OK\r\n" : integer(value), true};
  }

  bool is_sure_ = false;
  bool is_resp3_ = false;
  std::optional<std::vector<RespCommand>> queue_;
  std::size_t queued_arguments_ = 0;              // each command counts for four at least
  std::map<std::string, std::uint64_t> watched_;  // their last changes; zero: missing
};

}  // namespace tally::fuzz
