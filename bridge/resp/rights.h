// SPDX-License-Identifier: Apache-2.0
// The right that a command needs.
#pragma once

#include <cstdint>

namespace tally::bridge::resp {

enum class Right : std::uint8_t {
  none,   // everybody may: a greeting, a question after the server
  read,   // values, times and names of counters
  add,    // to count, up or down, also within a window
  write,  // to set, remove and expire counters
  admin,  // to remove all of them at once
};

}  // namespace tally::bridge::resp
