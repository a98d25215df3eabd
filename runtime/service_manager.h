// SPDX-License-Identifier: Apache-2.0
// How this process tells its service manager how it is, in the words of sd_notify(3): systemd by the address in
// NOTIFY_SOCKET, `tally up` by a descriptor that it hands down, since a file's name may go (a cleaner of /tmp, a
// directory that is moved). Without a manager nothing is told.
#pragma once

#include <string_view>

namespace tally {

// The variable that has the number of the descriptor.
inline constexpr char manager_descriptor_variable[] = "NOTIFY_DESCRIPTOR";
// -1: none was handed down.
int manager_descriptor();

inline constexpr std::string_view now_ready = "READY=1";
inline constexpr std::string_view now_stopping = "STOPPING=1";
// May wait for a manager that does not read, a second at most where that is `tally up`.
void tell_manager(std::string_view news);

}  // namespace tally
