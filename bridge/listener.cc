// SPDX-License-Identifier: Apache-2.0
#include "bridge/listener.h"

#include <boost/asio/ip/basic_resolver.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <utility>
#include <vector>

#include "bridge/limits.h"
#include "protocol/limits.h"
#include "runtime/log.h"

namespace tally::bridge {
namespace {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using error_code = boost::system::error_code;

IpAddress address_of(const net::ip::address& address) {
  if (address.is_v6()) return {address.to_v6().to_bytes()};
  return {net::ip::make_address_v6(net::ip::v4_mapped, address.to_v4()).to_bytes()};
}

tl::expected<Acceptor, std::string> inherit(net::io_context& context, int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (sd_is_socket(descriptor, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      (address.ss_family != AF_INET && address.ss_family != AF_INET6))
    return tl::unexpected(std::string("the inherited descriptor is not a listening TCP socket"));
  Acceptor acceptor(context);
  error_code error;
  acceptor.assign(address.ss_family == AF_INET ? tcp::v4() : tcp::v6(), descriptor, error);
  if (error) return tl::unexpected("the inherited socket cannot be used: " + error.message());
  return acceptor;
}

tl::expected<Acceptor, std::string> bind(net::io_context& context, const ListenPlace& place) {
  error_code error;
  net::ip::basic_resolver<tcp, net::io_context::executor_type> resolver(context);
  const std::string port = std::to_string(place.port);
  const auto found = resolver.resolve(place.address, port, tcp::resolver::passive, error);
  if (error || found.empty())
    return tl::unexpected(std::string(place.address_key) + ' ' + place.address + ": " + error.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  Acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(door_limits::backlog, error);
  if (error) return tl::unexpected(place.address + " port " + port + " (" + place.port_key + "): " + error.message());
  return acceptor;
}

}  // namespace

tl::expected<InheritedSockets, std::string> inherit_sockets(DoorNames doors) {
  char** all = nullptr;
  const int count = sd_listen_fds_with_names(/*unset_environment=*/1, &all);
  if (count < 0)
    return tl::unexpected(std::string("LISTEN_FDS and LISTEN_FDNAMES do not fit together: ") + std::strerror(-count));
  std::vector<std::string> names;
  for (int place = 0; place < count; ++place) {
    names.emplace_back(all[place]);
    std::free(all[place]);
  }
  std::free(all);
  return InheritedSockets::assign(names, SD_LISTEN_FDS_START, doors);
}

tl::expected<Acceptor, std::string> listen_at(net::io_context& context, const ListenPlace& place,
                                              InheritedSockets& inherited) {
  const auto descriptor = inherited.take(place.door);
  auto acceptor = descriptor ? inherit(context, *descriptor) : bind(context, place);
  if (!acceptor) return acceptor;
  error_code error;
  acceptor->set_option(tcp::no_delay(true), error);  // accepted sockets inherit it (tcp(7))
  if (!error) acceptor->non_blocking(true, error);
  if (error) return tl::unexpected("the listening socket: " + error.message());
  return acceptor;
}

Acceptor with_keep_alive(Acceptor acceptor) {
  const auto set = [&acceptor](int level, int option, int value) {
    setsockopt(acceptor.native_handle(), level, option, &value, sizeof value);
  };
  // Accepted sockets inherit it (tcp(7)).
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, limits::keep_alive_idle_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, limits::keep_alive_period_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, limits::keep_alive_probes);
  return acceptor;
}

Listener::Listener(net::io_context& context, std::string_view door, Acceptor acceptor, Admit admit)
    : context_(context), door_(door), acceptor_(std::move(acceptor)), admit_(std::move(admit)), pause_(context) {}

void Listener::start() {
  error_code ignored;
  const auto endpoint = acceptor_.local_endpoint(ignored);
  log_event(Event("listening")
                .with("door", door_)
                .with("address", endpoint.address().to_string())
                .with("port", endpoint.port()));
  accept();
}

void Listener::accept() {
  acceptor_.async_accept(peer_, [this](error_code error, Socket socket) {
    if (error && !acceptor_.is_open()) return;
    if (error) {
      log_event(Event("accept_failed", Severity::warning).with("reason", error.message()));
      pause_.expires_after(std::chrono::nanoseconds(door_limits::accept_pause.nanoseconds));
      pause_.async_wait([this](error_code cancelled) {
        if (!cancelled && acceptor_.is_open()) accept();
      });
      return;
    }
    admit_(std::move(socket), address_of(peer_.address()));
    if (acceptor_.is_open()) accept();
  });
}

void Listener::close() {
  error_code error;
  for (int count = 0; count < door_limits::backlog && !error; ++count) {
    Socket socket(context_);
    acceptor_.accept(socket, peer_, error);
    if (!error) admit_(std::move(socket), address_of(peer_.address()));
  }
  acceptor_.close(error);
}

}  // namespace tally::bridge
