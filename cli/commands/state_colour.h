// SPDX-License-Identifier: Apache-2.0
// Which colour a state has on a terminal: of the group, of a replica, of a role. Pure.
#pragma once

#include <string_view>

namespace tally::cli {

// The escape sequence; empty: no colour of its own.
const char* colour_of(std::string_view state);

}  // namespace tally::cli
