// SPDX-License-Identifier: Apache-2.0
// The table of the commands that this door serves. A command that is not in it is answered as Redis
// answers a command that it does not know.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bridge/resp/rights.h"

namespace tally::bridge::resp {

class Session;

// A command as it came, its name first.
using Arguments = std::span<const std::string_view>;
using Handler = void (*)(Session& session, Arguments arguments);

// How a command goes together with others.
enum class Manner : std::uint8_t {
  plain,      // is queued in a transaction
  immediate,  // is executed at once, also in a transaction
  greeting,   // is plain, and allowed before AUTH
  farewell,   // is immediate, and allowed before AUTH
  alone,      // is plain, but asks the group several times where it is in no transaction
};

struct Command {
  std::string_view name;      // in small letters; of a subcommand "client|id"
  std::int32_t arity = 0;     // with the name; negative: at least so many
  Right right = Right::none;  // that its user needs
  Manner manner = Manner::plain;
  Handler handler = nullptr;  // none: it only has subcommands
  std::string_view summary;   // for people
  // Which arguments are names of counters; the last counts from the end if it is negative.
  std::int32_t first_name = 0;
  std::int32_t last_name = 0;
  std::int32_t step = 0;
};

std::span<const Command> all_commands();
// Nothing if there is none. `name` may be in capitals. Of a container such as CLIENT this is the
// container itself.
const Command* find_command(std::string_view name);
const Command* find_subcommand(const Command& container, std::string_view name);
bool is_container(const Command& command);

}  // namespace tally::bridge::resp
