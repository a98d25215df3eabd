// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/server.h"

#include <boost/asio/buffer.hpp>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/limits.h"
#include "bridge/resp/connection.h"

namespace tally::bridge::resp {
namespace {

// As Redis says it, so that clients know what it is.
constexpr std::string_view too_many = "-ERR max number of clients reached\r\n";

// A copy, because a connection may leave the set when it is closed.
std::vector<Connection*> all_of(const Shared& shared) { return {shared.connections.begin(), shared.connections.end()}; }

}  // namespace

Server::Server(boost::asio::io_context& context, Acceptor acceptor, Shared& shared)
    : shared_(shared),
      listener_(context, "resp", with_keep_alive(std::move(acceptor)),
                [this](Socket socket, const IpAddress& peer) { admit(std::move(socket), peer); }) {}

Server::~Server() {
  // Whoever waits for the group now would wait for ever, so all connections are let go of.
  for (Connection* connection : all_of(shared_)) connection->abandon();
}

void Server::admit(Socket socket, const IpAddress& peer) {
  const bool has_share = shared_.admission.may_be_served(source_of(peer)) || is_in(peer, shared_.site.proxies);
  if (!has_share || !shared_.admission.has_room()) return refuse(std::move(socket));
  ++shared_.counts.connections;
  std::make_shared<Connection>(std::move(socket), peer, shared_)->start();
}

// Whether the client gets to read it is not waited for; the socket goes, and closes the connection.
void Server::refuse(Socket socket) {
  ++shared_.counts.connections_refused;
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(boost::asio::buffer(too_many), ignored);
}

void Server::tick() {
  if (shared_.site.now >= next_sweep_ || shared_.site.draining) sweep();
}

void Server::sweep() {
  const Instant now = shared_.site.now;
  next_sweep_ = now + door_limits::sweep_interval;
  for (Connection* connection : all_of(shared_))
    if (connection->deadline() <= now) connection->overdue();
}

void Server::forgive(Duration pause) {
  for (Connection* connection : shared_.connections) connection->forgive(pause);
}

void Server::drain() {
  listener_.close();
  for (Connection* connection : all_of(shared_)) connection->drain();
}

}  // namespace tally::bridge::resp
