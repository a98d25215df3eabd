// SPDX-License-Identifier: Apache-2.0
// What every program that stays running does before anything else, and the directory in which it
// keeps its files.
//
// Law 28: other users of this machine can read, write and connect to nothing of it. Law 31: no core
// dump holds a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <signal.h>
#include <string>

namespace tally {

// To be called before there are threads. What is made from now on belongs to its owner alone (umask
// 0077). The process does not end because a reader has gone (SIGPIPE), because a file may not grow
// (SIGXFSZ), or by SIGUSR1 and SIGUSR2. No core is dumped, and as many files may be open as the
// hard limit says.
void prepare_process();

// The same, and SIGHUP does not end the process either: there is nothing yet that it would make a
// daemon read again.
void prepare_daemon();

// What asks a program to end: SIGINT and SIGTERM.
sigset_t stop_signals();

// Which limit that this process was given (ulimit) is too small for a daemon, as a sentence;
// nothing if none is.
std::optional<std::string> limit_too_small();

// From now on, allocations fail beyond so many bytes of heap and stacks (RLIMIT_DATA).
void limit_memory(std::uint64_t most_bytes);

// Sees to it that only its owner enters a directory. It is made if there is none. If it is ours and
// others may enter it, it is narrowed, which is logged. Returns a complaint if it is not ours and
// others may write in it, or if everybody shares it, like /tmp.
std::optional<std::string> keep_private(const std::string& directory);

}  // namespace tally
