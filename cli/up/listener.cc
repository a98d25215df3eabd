// SPDX-License-Identifier: Apache-2.0
#include "cli/up/listener.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/time.h>

#include "protocol/time.h"
#include "runtime/clock.h"

namespace tally::cli {
namespace {

// A bridge that was killed together with its `tally up` a moment ago may hold the port until the
// kernel has cleaned up after it.
constexpr Duration dying_owner = milliseconds(500);
constexpr int between_tries_ms = 20;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Returns 0, or errno.
int bind_and_listen(const Descriptor& socket, const addrinfo& address) {
  const int yes = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const Instant give_up = monotonic_now() + dying_owner;
  while (bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 || listen(socket.get(), SOMAXCONN) != 0) {
    if (errno != EADDRINUSE || monotonic_now() > give_up) return errno;
    poll(nullptr, 0, between_tries_ms);
  }
  return 0;
}

Failure cannot_listen(const WantedAddress& wanted, const std::string& reason) {
  return {ExitCode::usage, "cannot listen on " + wanted.host + " port " + std::to_string(wanted.port) + ": " + reason};
}

// `error` is errno.
Failure cannot_bind(const WantedAddress& wanted, int error) {
  Failure failure = cannot_listen(wanted, std::strerror(error));
  if (error == EADDRINUSE || error == EACCES)
    failure.message += std::string("; ") + wanted.flag + " or " + wanted.key + " chooses another one";
  return failure;
}

}  // namespace

std::string Listener::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr)) return "::1";
    return inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
  }
  const auto& four = reinterpret_cast<const sockaddr_in&>(address);
  if (four.sin_addr.s_addr == htonl(INADDR_ANY)) return "127.0.0.1";
  return inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
}

std::uint16_t Listener::port() const {
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string Listener::authority() const {
  const std::string name = host();
  return (name.find(':') == std::string::npos ? name : '[' + name + ']') + ':' + std::to_string(port());
}

tl::expected<Listener, Failure> listen_on(const WantedAddress& wanted) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(wanted.host.c_str(), std::to_string(wanted.port).c_str(), &hints, &found))
    return tl::unexpected(cannot_listen(wanted, gai_strerror(error)));
  const AddressList addresses(found, freeaddrinfo);

  Listener listener;
  listener.socket = Descriptor(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.socket) return tl::unexpected(cannot_listen(wanted, std::strerror(errno)));
  if (const int error = bind_and_listen(listener.socket, *found)) return tl::unexpected(cannot_bind(wanted, error));
  listener.address_size = sizeof listener.address;
  getsockname(listener.socket.get(), reinterpret_cast<sockaddr*>(&listener.address), &listener.address_size);
  return listener;
}

int http_status(const Listener& listener, const std::string& path) {
  const Descriptor connection(::socket(listener.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return 0;
  const timeval patience{1, 0};
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto* address = reinterpret_cast<const sockaddr*>(&listener.address);
  if (connect(connection.get(), address, listener.address_size) != 0) return 0;
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return 0;
  char head[64] = {};
  if (recv(connection.get(), head, sizeof "HTTP/1.0 200" - 1, MSG_WAITALL) < 0) return 0;
  int status = 0;
  return std::sscanf(head, "HTTP/%*d.%*d %d", &status) == 1 ? status : 0;
}

}  // namespace tally::cli
