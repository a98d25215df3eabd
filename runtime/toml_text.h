// SPDX-License-Identifier: Apache-2.0
// The text of a TOML file that somebody gives us, before it is parsed.
#pragma once

#include <iosfwd>
#include <string>
#include <tl/expected.hpp>

namespace tally {

// Returns the text, or says what is wrong. The bound is below what a parser that goes down into
// itself for each part of a key can take.
tl::expected<std::string, std::string> read_toml(std::istream& stream);

}  // namespace tally
