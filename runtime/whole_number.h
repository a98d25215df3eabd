// SPDX-License-Identifier: Apache-2.0
// The one way in which a whole number is read that a person, a file or a client wrote.
#pragma once

#include <charconv>
#include <string_view>
#include <system_error>
#include <tl/expected.hpp>

namespace tally {

// The decimal number that the whole text is: without blanks, without a plus sign, and with a minus
// sign only where Number is signed. The error is `result_out_of_range` for a number that does not
// fit, and `invalid_argument` for anything else.
template <class Number>
tl::expected<Number, std::errc> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return tl::unexpected(error);
  if (end != text.data() + text.size()) return tl::unexpected(std::errc::invalid_argument);
  return number;
}

}  // namespace tally
