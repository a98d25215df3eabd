// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/server.h"

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "bridge/http/connection.h"
#include "bridge/http/live/feed.h"
#include "bridge/limits.h"
#include "runtime/clock.h"

namespace tally::bridge::http {
namespace {

std::string http_date(CalendarTime time) {
  const std::time_t seconds_since_epoch = time.unix_milliseconds / 1000;
  std::tm parts{};
  gmtime_r(&seconds_since_epoch, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

}  // namespace

Server::Server(boost::asio::io_context& context, Acceptor acceptor, Shared& shared)
    : shared_(shared), listener_(context, "http", std::move(acceptor), [this](Socket socket, const IpAddress& peer) {
        admit(std::move(socket), peer);
      }) {}

Server::~Server() {
  // Whoever waits for the group now would wait for ever, so all connections are let go of.
  const std::vector<Connection*> left(shared_.connections.begin(), shared_.connections.end());
  for (Connection* connection : left) connection->abandon();
}

void Server::admit(Socket socket, const IpAddress& peer) {
  const Source source = source_of(peer);
  const bool has_share = shared_.admission.may_be_served(source) || is_in(peer, shared_.site.proxies);
  const bool is_served = has_share && (shared_.admission.has_room() || close_longest_idle());
  if (!is_served && !shared_.admission.may_have_reserve(source)) {
    ++shared_.counts.connections_refused;
    return;  // the socket goes, and closes it
  }
  ++shared_.counts.connections;
  const Place place = is_served ? Place::served : Place::reserve;
  std::make_shared<Connection>(std::move(socket), peer, place, shared_)->start();
}

bool Server::close_longest_idle() {
  if (shared_.idle.empty()) return false;
  static_cast<Connection&>(shared_.idle.front()).close();
  return true;
}

void Server::tick() {
  shared_.date = http_date(calendar_now());
  if (shared_.site.now >= next_sweep_ || shared_.site.draining) sweep();
}

void Server::sweep() {
  const Instant now = shared_.site.now;
  next_sweep_ = now + door_limits::sweep_interval;
  // A connection may leave the set when it is closed.
  std::vector<Connection*> overdue;
  for (Connection* connection : shared_.connections)
    if (connection->deadline() <= now) overdue.push_back(connection);
  for (Connection* connection : overdue) connection->overdue();
}

void Server::forgive(Duration pause) {
  for (Connection* connection : shared_.connections) connection->forgive(pause);
}

std::size_t Server::connections() const { return shared_.connections.size() + shared_.feed->viewers(); }

void Server::drain() {
  listener_.close();
  shared_.feed->close();
  for (Connection* connection : shared_.connections) connection->drain();
}

}  // namespace tally::bridge::http
