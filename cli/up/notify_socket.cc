// SPDX-License-Identifier: Apache-2.0
#include "cli/up/notify_socket.h"

#include <array>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>

#include "protocol/check.h"

namespace tally::cli {
namespace {

constexpr std::size_t longest_text = 4096;
constexpr timeval longest_wait{1, 0};  // of a child that tells something while nobody reads

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

NotifySocket::NotifySocket() {
  std::array<int, 2> pair{};
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  socket_ = Descriptor(pair[0]);
  for_children_ = Descriptor(pair[1]);
  const int yes = 1;
  CHECK(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0);
  CHECK(setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &longest_wait, sizeof longest_wait) == 0);
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
