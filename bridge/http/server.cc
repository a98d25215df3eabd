// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/server.h"

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <vector>

#include "bridge/http/connection.h"
#include "bridge/http/limits.h"
#include "bridge/limits.h"
#include "protocol/check.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/service_manager.h"

namespace tally::bridge::http {
namespace {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using error_code = boost::system::error_code;

std::chrono::nanoseconds chrono_of(Duration duration) { return std::chrono::nanoseconds(duration.nanoseconds); }

std::string http_date(CalendarTime time) {
  const std::time_t seconds_since_epoch = time.unix_milliseconds / 1000;
  std::tm parts{};
  gmtime_r(&seconds_since_epoch, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

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

tl::expected<Acceptor, std::string> bind(net::io_context& context, const std::string& address, std::uint16_t port) {
  error_code error;
  net::ip::basic_resolver<tcp, net::io_context::executor_type> resolver(context);
  const auto found = resolver.resolve(address, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) return tl::unexpected("http_address " + address + ": " + error.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  Acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(door_limits::backlog, error);
  if (error) return tl::unexpected(address + " port " + std::to_string(port) + ": " + error.message());
  return acceptor;
}

}  // namespace

tl::expected<Acceptor, std::string> listen_for_http(net::io_context& context, const std::string& address,
                                                    std::uint16_t port) {
  auto acceptor =
      sd_listen_fds(/*unset_environment=*/1) > 0 ? inherit(context, SD_LISTEN_FDS_START) : bind(context, address, port);
  if (!acceptor) return acceptor;
  error_code error;
  acceptor->set_option(tcp::no_delay(true), error);  // accepted sockets inherit it (tcp(7))
  if (!error) acceptor->non_blocking(true, error);
  if (error) return tl::unexpected("the listening socket: " + error.message());
  return acceptor;
}

Server::Server(net::io_context& context, Acceptor acceptor, Site& site)
    : context_(context),
      acceptor_(std::move(acceptor)),
      site_(site),
      tick_timer_(context),
      accept_timer_(context),
      stop_signals_(context, SIGINT, SIGTERM) {}

Server::~Server() {
  // Who waits for the group waits for ever now: let go of them all.
  const std::vector<Connection*> left(site_.connections.begin(), site_.connections.end());
  for (Connection* connection : left) connection->abandon();
}

void Server::start() {
  error_code ignored;
  const auto endpoint = acceptor_.local_endpoint(ignored);
  log_event(Event("listening").with("address", endpoint.address().to_string()).with("port", endpoint.port()));
  stop_signals_.async_wait([this](error_code error, int) {
    if (!error) drain();
  });
  tick();
  accept();
}

void Server::accept() {
  acceptor_.async_accept(peer_, [this](error_code error, Socket socket) {
    if (error && !acceptor_.is_open()) return;
    if (error) {
      log_event(Event("accept_failed", Severity::warning).with("reason", error.message()));
      accept_timer_.expires_after(chrono_of(door_limits::accept_pause));
      accept_timer_.async_wait([this](error_code cancelled) {
        if (!cancelled && acceptor_.is_open()) accept();
      });
      return;
    }
    admit(std::move(socket));
    if (acceptor_.is_open()) accept();
  });
}

void Server::admit(Socket socket) {
  const IpAddress peer = address_of(peer_.address());
  const Source source = source_of(peer);
  const bool has_share = site_.admission.may_be_served(source) || is_in(peer, site_.proxies);
  const bool is_served = has_share && (site_.admission.has_room() || close_longest_idle());
  if (!is_served && !site_.admission.may_have_reserve(source)) {
    ++site_.counts.connections_refused;
    return;  // the socket goes, and closes it
  }
  ++site_.counts.connections;
  const Place place = is_served ? Place::served : Place::reserve;
  std::make_shared<Connection>(std::move(socket), peer, place, site_)->start();
}

bool Server::close_longest_idle() {
  if (site_.idle.empty()) return false;
  static_cast<Connection&>(site_.idle.front()).close();
  return true;
}

// Whoever waits while the process stands still is not judged by that: what it asked may be answered yet.
void Server::wake() {
  const Instant now = monotonic_now();
  const Duration late = now - planned_tick_;
  site_.now = now;
  if (late < door_limits::sleep) return;
  for (Connection* connection : site_.connections) connection->forgive(late);
}

void Server::tick() {
  wake();
  site_.date = http_date(calendar_now());
  if (available_ != site_.exchange->available()) note_breaker();
  if (site_.now >= next_status_ && !status_asked_) ask_status();
  if (site_.now >= next_sweep_ || site_.draining) sweep();
  const bool is_drained = site_.draining && site_.connections.empty();
  if (is_drained || site_.now >= drain_deadline_) {
    log_event(Event("drained").with("connections_left", site_.connections.size()));
    return context_.stop();
  }
  const Instant status = status_asked_ ? Instant::never() : next_status_;
  const Instant next = std::min({site_.now + door_limits::tick_interval, status, beat()});
  planned_tick_ = next;
  tick_timer_.expires_after(chrono_of(next - site_.now));
  tick_timer_.async_wait([this](error_code error) {
    if (!error) tick();
  });
}

void Server::note_breaker() {
  available_ = !available_;
  log_event(available_ ? Event("breaker_closed") : Event("breaker_opened", Severity::warning));
}

// The client library's thread is watched with ours: it ends each status question in time, with an answer or without.
Instant Server::beat() {
  const bool client_hangs = status_asked_ && site_.now - status_asked_at_ > door_limits::client_patience;
  return client_hangs ? Instant::never() : heartbeat_.beat(site_.now);
}

void Server::sweep() {
  next_sweep_ = site_.now + http_limits::sweep_interval;
  // A connection may leave the set when it is closed.
  std::vector<Connection*> overdue;
  for (Connection* connection : site_.connections)
    if (connection->deadline() <= site_.now) overdue.push_back(connection);
  for (Connection* connection : overdue) connection->overdue();
}

void Server::ask_status() {
  next_status_ = site_.now + (site_.is_ready() ? door_limits::status_interval : door_limits::unready_status_interval);
  status_asked_ = true;
  status_asked_at_ = site_.now;
  site_.exchange->status(door_limits::status_timeout, [this](const std::optional<ClusterStatus>& status) {
    status_asked_ = false;
    if (status && (status->state == GroupState::ok || status->state == GroupState::degraded))
      site_.group_seen = monotonic_now();
    site_.reason = status ? status->reason : "no_distributor";
    site_.advice = status ? status->advice : "Start the distributor, or see its log: it says nothing.";
  });
}

void Server::drain() {
  log_event(Event("draining").with("connections", site_.connections.size()));
  tell_manager(now_stopping);
  site_.draining = true;
  site_.now = monotonic_now();
  drain_deadline_ = site_.now + door_limits::drain_timeout;
  accept_what_waits();
  error_code ignored;
  acceptor_.close(ignored);
  for (Connection* connection : site_.connections) connection->drain();
}

// What the kernel has accepted for us would be reset with the last copy of the listening socket.
void Server::accept_what_waits() {
  for (int count = 0; count < door_limits::backlog; ++count) {
    Socket socket(context_);
    error_code error;
    acceptor_.accept(socket, peer_, error);
    if (error) return;
    admit(std::move(socket));
  }
}

}  // namespace tally::bridge::http
