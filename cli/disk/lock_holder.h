// SPDX-License-Identifier: Apache-2.0
// Who holds a lock on a file (flock(2)), without one of our own: a lock taken for a moment, to look, would make a
// distributor that starts in this moment refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tally::cli {

// The process, of the whole lock. Nothing: nobody does, as far as /proc/locks tells: it does not name processes of
// another container, nor files of some file systems (btrfs) by the device that stat(2) gives.
std::optional<std::uint64_t> lock_holder(const std::string& path);

}  // namespace tally::cli
