// SPDX-License-Identifier: Apache-2.0
// Names for what is put aside, beside where it was: PATH.WORD-1, PATH.WORD-2 and so on. `tally aside` lists them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace tally {

// The first free one, so that nothing is ever written over. An error, a sentence: `most` are there already.
tl::expected<std::filesystem::path, std::string> free_aside_name(const std::filesystem::path& path,
                                                                 std::string_view word, unsigned most = 1'000);

}  // namespace tally
