// SPDX-License-Identifier: Apache-2.0
#include "runtime/connection_limit.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "protocol/time.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally {
namespace {

// Between two looks at which connections are still open.
constexpr Duration count_pause = milliseconds(20);

// The number of a socket, which, unlike its descriptor, is not soon used again; nothing if this is
// no open socket.
std::optional<ino_t> socket_number(int descriptor) {
  struct stat about {};
  if (fstat(descriptor, &about) != 0 || !S_ISSOCK(about.st_mode)) return std::nullopt;
  return about.st_ino;
}

// One listening socket. libzmq closes connections without telling us, so a door that is full looks
// which of its connections are still open.
class Door {
 public:
  Door(std::string endpoint, std::size_t most) : endpoint_(std::move(endpoint)), most_(most) {}

  const std::string& endpoint() const { return endpoint_; }

  bool admits(int descriptor, Instant now) {
    const auto number = socket_number(descriptor);
    if (!number) return false;
    if (open_.size() >= most_) forget_closed(now);
    if (open_.size() >= most_) return false;
    open_.push_back({descriptor, *number});
    return true;
  }

 private:
  struct Connection {
    int descriptor;
    ino_t number;
  };

  void forget_closed(Instant now) {
    if (now < next_count_) return;
    next_count_ = now + count_pause;
    std::erase_if(open_, [](const Connection& one) { return socket_number(one.descriptor) != one.number; });
  }

  std::string endpoint_;
  std::size_t most_;
  std::vector<Connection> open_;
  Instant next_count_;
};

std::mutex doors_mutex;
std::map<int, Door> doors;  // by the listening socket

// What libzmq is told of a connection that was accepted, or of the errno that says why there is
// none.
int answer(int listening_socket, int connection, int error) {
  const std::lock_guard lock(doors_mutex);
  const auto found = doors.find(listening_socket);
  const bool nothing_to_say = connection < 0 && (error == EAGAIN || error == EINTR);
  const bool admitted =
      found == doors.end() || nothing_to_say || (connection >= 0 && found->second.admits(connection, monotonic_now()));
  if (admitted) {
    errno = error;
    return connection;
  }
  const char* reason = connection >= 0 ? "there are as many as may be" : std::strerror(error);
  log_event(
      Event("connection_refused", Severity::warning).with("endpoint", found->second.endpoint()).with("reason", reason));
  if (connection >= 0) close(connection);
  errno = ECONNABORTED;
  return -1;
}

}  // namespace

void limit_connections(int listening_socket, const std::string& endpoint, std::size_t most) {
  const std::lock_guard lock(doors_mutex);
  doors.insert_or_assign(listening_socket, Door(endpoint, most));
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t descriptor_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : SIZE_MAX;
}

std::size_t connections_allowed(std::size_t wanted) { return std::min(wanted, descriptor_limit() / 4); }

}  // namespace tally

// Called by libzmq, in place of the C library's.
extern "C" int accept4(int listening_socket, sockaddr* address, socklen_t* size, int flags) {
  const auto connection = static_cast<int>(syscall(SYS_accept4, listening_socket, address, size, flags));
  return tally::answer(listening_socket, connection, errno);
}
