// SPDX-License-Identifier: Apache-2.0
// Text from outside for a terminal: nothing in it moves a cursor, is unseen, or turns around how the rest is seen.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tally::cli {

// In double quotes, which stand as \" inside, as \ stands as \\. Every byte of a control or format character, of a line
// separator, and of what is no UTF-8, is written as \xNN. Of what would be longer than `most_bytes` the end is an
// ellipsis.
std::string quoted(std::string_view text, std::size_t most_bytes);

}  // namespace tally::cli
