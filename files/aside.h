// SPDX-License-Identifier: Apache-2.0
// Names for what is put aside. They stand beside the old name: PATH.WORD-1, PATH.WORD-2 and so on.
// `tally aside` lists them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace tally {

// Returns the first name that is free, so that nothing is ever overwritten. The error is a
// sentence: there are `most` names of that kind already.
tl::expected<std::filesystem::path, std::string> free_aside_name(const std::filesystem::path& path,
                                                                 std::string_view word, unsigned most = 1'000);

}  // namespace tally
