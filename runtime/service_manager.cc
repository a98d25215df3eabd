// SPDX-License-Identifier: Apache-2.0
#include "runtime/service_manager.h"

#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "runtime/whole_number.h"

namespace tally {

int manager_descriptor() {
  const char* const text = std::getenv(manager_descriptor_variable);
  if (!text) return -1;
  const auto descriptor = whole_number<int>(text);
  return descriptor && sd_is_socket(*descriptor, AF_UNIX, SOCK_DGRAM, -1) > 0 ? *descriptor : -1;
}

void tell_manager(std::string_view news) {
  if (const int descriptor = manager_descriptor(); descriptor >= 0) {
    // Nothing can be done where this fails.
    [[maybe_unused]] const ssize_t sent = send(descriptor, news.data(), news.size(), MSG_NOSIGNAL);
  } else {
    sd_notify(0, std::string(news).c_str());
  }
}

}  // namespace tally
