// SPDX-License-Identifier: Apache-2.0
// What every program of ours that stays does before anything else, and the directory that it keeps its files in.
//
// Law 28: other users of this machine read, write and connect to nothing. Law 31: no core dump holds a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tally {

// Before there are threads: what is made from now on is its owner's alone (umask 0077); a reader that has gone ends
// nobody (SIGPIPE), nor do SIGUSR1, SIGUSR2 and a file that may not grow (SIGXFSZ); no core is dumped; as many files
// may be open as the hard limit says.
void prepare_process();

// The same, and SIGHUP ends nobody either: there is nothing yet that it would make a daemon read again.
void prepare_daemon();

// Which limit that this process was given (ulimit) is too small for a daemon, a sentence; nothing: none is.
std::optional<std::string> limit_too_small();

// From now on allocations fail beyond so many bytes of heap and stacks (RLIMIT_DATA).
void limit_memory(std::uint64_t most_bytes);

// A directory that only its owner enters: made if there is none, narrowed (and that logged) if it is ours and others
// may enter. A complaint, if it is not ours and others may write in it, or if everybody shares it (like /tmp).
std::optional<std::string> keep_private(const std::string& directory);

}  // namespace tally
