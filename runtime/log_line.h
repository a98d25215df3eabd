// SPDX-License-Identifier: Apache-2.0
// An event as one line of a log, without what all lines have: time, level and role. Pure.
//
// Texts come from outside, and the line is read on terminals and by programs. So whatever could
// move a cursor, turn the text around or break the line, and whatever is no UTF-8, is written as
// \uXXXX. A line has a bound, and values that are too long are cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/event.h"

namespace tally {

inline constexpr std::size_t log_line_value_bytes = 768;  // of all values of a line together

// name key=value key="a value"
std::string as_text(const Event& event);

// "event":"name","key":"value"
std::string as_json_fields(const Event& event);

// Text for the inside of a JSON string, of at most so many bytes. A longer text ends in an
// ellipsis.
std::string escaped(std::string_view text, std::size_t most_bytes);

}  // namespace tally
