// SPDX-License-Identifier: Apache-2.0
// A drill as its text says it: TOML, read strictly, of the built-in drills and of users' files alike.
// docs/drills.md describes every key. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "protocol/administration.h"
#include "protocol/time.h"
#include "runtime/config.h"

namespace tally::cli {

enum class Action : std::uint8_t {
  kill,
  pause,
  resume,  // "continue"
  fault,
  clear,
  evict,
  readmit,
  wipe,
  storm,
  busy_disk,  // "busy-disk"
  wait,
  expect,
};

// What a step waits for; exactly one of these is set, except that `why` goes with `group`.
struct Expectation {
  std::string state;   // of the target
  std::string reason;  // of a verdict on the target
  std::string event;   // in the target's log
  std::string group;   // the group's state
  std::string why;     // the reason for that state
  std::int64_t answers = 0;
  std::int64_t refusals = 0;
};

struct Step {
  Action action{};
  // A role, `all`, or a replica by letter: replica-a is the first one of an order that is drawn.
  std::string target;
  FaultKind fault{};
  // How long the load goes on before the step: drawn from this to that.
  Duration after_least;
  Duration after_most;
  Duration lasts;   // of a storm, and of a busy disk
  Duration every;   // of a storm: between two kills
  Duration within;  // of an expectation
  Expectation expected;
};

enum class Door : std::uint8_t { client, http };

struct Drill {
  std::string name;
  std::string about;  // one sentence
  std::int64_t replicas = 3;
  std::int64_t clients = 8;
  std::int64_t repeat = 1;
  Door door = Door::client;
  bool fails_safe = false;              // clients need no answer while the faults last
  std::optional<Duration> longest_gap;  // that is allowed
  Duration healed_within = seconds(30);
  std::map<std::string, std::string> config;  // of the group: keys with their values as text
  std::vector<Step> steps;
};

tl::expected<Drill, ConfigErrors> parse_drill(std::string_view text, const std::string& file);

// The replica that a letter stands for when this order was drawn; any other target is itself.
std::string role_of(const std::string& target, const std::vector<std::uint64_t>& order);
// The replica's number, or nothing if the role is no replica.
std::optional<std::uint64_t> replica_number(std::string_view role);

// "kill replica-2", "expect replica-2 evicted", as failures name it.
std::string text_of(const Step& step, const std::string& role);

}  // namespace tally::cli
