// SPDX-License-Identifier: Apache-2.0
#include "runtime/heartbeat.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "protocol/check.h"
#include "runtime/service_manager.h"

namespace tally {
namespace {

constexpr int beats_per_interval = 4;  // so that one may be lost, and one late
constexpr char beat_text[] = "WATCHDOG=1";

}  // namespace

Heartbeat::Heartbeat() {
  std::uint64_t interval_us = 0;
  if (sd_watchdog_enabled(0, &interval_us) <= 0) return;
  if (const int handed_down = manager_descriptor(); handed_down >= 0) {
    socket_ = fcntl(handed_down, F_DUPFD_CLOEXEC, 0);
  } else {
    const char* const address = std::getenv("NOTIFY_SOCKET");
    if (!address || *address == '\0' || std::strlen(address) >= sizeof(sockaddr_un::sun_path)) return;
    address_ = address;
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }
  CHECK(socket_ >= 0);
  pause_ = microseconds(static_cast<std::int64_t>(interval_us)) / beats_per_interval;
}

Heartbeat::~Heartbeat() {
  if (socket_ >= 0) close(socket_);
}

Instant Heartbeat::beat(Instant now) {
  if (socket_ < 0) return Instant::never();
  if (next_ <= now) {
    send();
    next_ = now + pause_;
  }
  return next_;
}

// The socket is not connected, so a manager that starts again is reached under the same address.
// What cannot be sent is dropped, because the next beat says the same.
void Heartbeat::send() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  const bool is_abstract = address_.starts_with('@');
  if (is_abstract) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() + (is_abstract ? 0 : 1));
  const auto* const to = address_.empty() ? nullptr : reinterpret_cast<const sockaddr*>(&address);
  [[maybe_unused]] const ssize_t dropped =
      sendto(socket_, beat_text, sizeof beat_text - 1, MSG_NOSIGNAL | MSG_DONTWAIT, to, to ? size : 0);
}

}  // namespace tally
