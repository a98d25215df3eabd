// SPDX-License-Identifier: Apache-2.0
// Small files that others read while they are replaced.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace tally::cli {

inline constexpr mode_t private_file = 0600;
inline constexpr mode_t public_file = 0644;

// Replaces the whole file at once: readers see the old or the new text. It has this mode, whatever the umask. Says what
// went wrong.
std::optional<std::string> write_file(const std::string& path, const std::string& text, mode_t mode);

// The end of a text file, at most so many lines and 4 KiB; empty when it cannot be read.
std::string last_lines(const std::string& path, std::size_t lines);

}  // namespace tally::cli
