// SPDX-License-Identifier: Apache-2.0
// A span of time as people write it: 500ms, 60s, 5m, 1h or 30d. A number without a unit is refused,
// because a window that is a thousand times too long counts on without anybody noticing. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace tally::cli {

// In milliseconds, from 1 to largest_exact_in_json. The error goes on from the text itself, as in
// "5x is not a time …".
tl::expected<std::int64_t, std::string> parse_time_span(std::string_view text);

}  // namespace tally::cli
