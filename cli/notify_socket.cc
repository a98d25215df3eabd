// SPDX-License-Identifier: Apache-2.0
#include "cli/notify_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace tally::cli {
namespace {

constexpr std::size_t longest_text = 4096;

bool has_line(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (text.substr(0, end) == wanted) return true;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return false;
}

pid_t sender_of(msghdr& message) {
  const cmsghdr* control = CMSG_FIRSTHDR(&message);
  if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS) return 0;
  ucred sender{};
  std::memcpy(&sender, CMSG_DATA(control), sizeof sender);
  return sender.pid;
}

}  // namespace

tl::expected<NotifySocket, Failure> NotifySocket::listen(const std::string& directory) {
  const std::string path = directory + "/notify.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  if (!socket || bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0600) != 0 || setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0)
    return tl::unexpected(Failure{ExitCode::usage, path + ": " + std::strerror(errno)});
  return NotifySocket(path, std::move(socket));
}

std::optional<Notification> NotifySocket::receive() const {
  std::array<char, longest_text> bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control;
  iovec place{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  return Notification{sender_of(message), has_line(text, "READY=1"), has_line(text, "WATCHDOG=1"),
                      has_line(text, "STOPPING=1")};
}

}  // namespace tally::cli
