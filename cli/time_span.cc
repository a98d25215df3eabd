// SPDX-License-Identifier: Apache-2.0
#include "cli/time_span.h"

#include <algorithm>
#include <utility>

#include "runtime/json_text.h"
#include "runtime/whole_number.h"

namespace tally::cli {
namespace {

constexpr std::pair<std::string_view, std::int64_t> units[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

constexpr char not_a_time[] = "is not a time such as 500ms, 60s, 5m, 1h or 30d";

}  // namespace

tl::expected<std::int64_t, std::string> parse_time_span(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view word = text.substr(digits);
  const auto* const unit = std::ranges::find(units, word, &std::pair<std::string_view, std::int64_t>::first);
  if (digits == 0 || (unit == std::end(units) && !word.empty())) return tl::unexpected(std::string(not_a_time));
  if (word.empty()) return tl::unexpected(std::string("has no unit: ms, s, m, h or d"));
  const auto number = whole_number<std::int64_t>(text.substr(0, digits));
  std::int64_t milliseconds = 0;
  if (!number || __builtin_mul_overflow(*number, unit->second, &milliseconds) || milliseconds > largest_exact_in_json)
    return tl::unexpected("is longer than " + std::to_string(largest_exact_in_json) + "ms");
  if (milliseconds == 0) return tl::unexpected(std::string("is no time at all"));
  return milliseconds;
}

}  // namespace tally::cli
