// SPDX-License-Identifier: Apache-2.0
// Text from outside, made safe for a terminal: nothing in it moves the cursor, stays unseen, or
// turns around how the rest is seen. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tally::cli {

// The text in double quotes. A double quote in it is written as \", a backslash as \\, and every
// byte of a control or format character, of a line separator, and of what is no UTF-8, as \xNN. A
// text that would be longer than `most_bytes` ends in an ellipsis.
std::string quoted(std::string_view text, std::size_t most_bytes);

}  // namespace tally::cli
