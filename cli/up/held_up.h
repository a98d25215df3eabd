// SPDX-License-Identifier: Apache-2.0
// Whether a silent process is held up rather than hung, as far as the kernel tells (proc(5)): its
// main thread waits for a processor on a loaded machine, or one of its threads waits for a disk. To
// kill such a process would help nobody.
#pragma once

#include <sys/types.h>

namespace tally::cli {

bool is_held_up(pid_t process);

}  // namespace tally::cli
