// SPDX-License-Identifier: Apache-2.0
// Small files that others read while they are replaced.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace tally::cli {

inline constexpr mode_t private_file = 0600;
inline constexpr mode_t public_file = 0644;

// Replaces the whole file at once, so that readers see the old or the new text. The file has this
// mode, whatever the umask is. Returns what went wrong.
std::optional<std::string> write_file(const std::string& path, const std::string& text, mode_t mode);

// The last lines of a text file, in at most 4 KiB; empty if it cannot be read.
std::string last_lines(const std::string& path, std::size_t lines);

}  // namespace tally::cli
