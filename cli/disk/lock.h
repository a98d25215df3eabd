// SPDX-License-Identifier: Apache-2.0
// Locks on files and directories (flock(2)). The kernel drops one with the process that holds it,
// however that process ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/time.h"
#include "runtime/descriptor.h"

namespace tally::cli {

// Takes the lock on an open file, and looks again and again until `patience` is over, because a
// wait for flock(2) itself cannot be bounded. False: errno says why; EWOULDBLOCK: somebody has it.
bool take_lock(const Descriptor& file, Duration patience = {});

// The process that holds the lock on the whole file. Nothing: nobody does, as far as /proc/locks
// tells, which does not name processes of another container, nor files of some file systems (btrfs)
// by the device that stat(2) gives.
//
// It is found out without a lock of our own: one that is taken for a moment, to look, would make a
// distributor that starts in this moment refuse.
std::optional<std::uint64_t> lock_holder(const std::string& path);

}  // namespace tally::cli
