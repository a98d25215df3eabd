// SPDX-License-Identifier: Apache-2.0
// How this process tells its service manager how it is, in the words of sd_notify(3). systemd is
// told by the address in NOTIFY_SOCKET, and `tally up` by a descriptor that it hands down, because
// the name of a file may vanish by a cleaner of /tmp, or when its directory is moved. If there is
// no manager, nothing is told.
#pragma once

#include <string_view>

namespace tally {

// The environment variable that has the number of the descriptor.
inline constexpr char manager_descriptor_variable[] = "NOTIFY_DESCRIPTOR";
// The descriptor, or -1 if none was handed down.
int manager_descriptor();

inline constexpr std::string_view now_ready = "READY=1";
inline constexpr std::string_view now_stopping = "STOPPING=1";
// It may wait for a manager that does not read; for a second at most if that is `tally up`.
void tell_manager(std::string_view news);

}  // namespace tally
