// SPDX-License-Identifier: Apache-2.0
// An event as one line of a log, without what is the same for all: time, level and role. Pure.
//
// Texts come from outside, and the line is read on terminals and by programs: whatever could move a cursor, turn the
// text around, break the line or is no UTF-8 is written as \uXXXX. A line has a bound, too long values are cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/event.h"

namespace tally {

inline constexpr std::size_t log_line_value_bytes = 768;  // of all values of a line together, as they are written

// name key=value key="a value"
std::string as_text(const Event& event);

// "event":"name","key":"value"
std::string as_json_fields(const Event& event);

// Text for the inside of a JSON string, at most so many bytes; of what is longer the end is an ellipsis.
std::string escaped(std::string_view text, std::size_t most_bytes);

}  // namespace tally
