// SPDX-License-Identifier: Apache-2.0
#include "simulation/network.h"

#include <algorithm>

#include "simulation/node.h"
#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr Duration late_least = seconds(2);
constexpr Duration late_most = seconds(90);

bool comes_once(const Message& message) {
  return std::holds_alternative<ClientRequest>(message) || std::holds_alternative<AdminCommand>(message);
}

bool opens_session(const Message& message) {
  const auto* client_request = std::get_if<ClientRequest>(&message);
  return client_request && client_request->request.kind == RequestKind::open_session;
}

}  // namespace

Network::Network(World& world) : world_(world), plan_(world.plan.network), random_(world.random.fork()) {}

Link& Network::add(Link link) { return links_.emplace_back(std::move(link)); }

// ---- connections

void Network::started(Node& node) {
  for (Link& link : links_)
    if (link.connector == &node || link.binder == &node) try_connecting(link);
}

void Network::ended(Node& node) {
  for (Link& link : links_) {
    if (link.connector != &node && link.binder != &node) continue;
    disconnect(link);
    if (link.connector == &node) link.waiting.clear();
    try_connecting(link);
  }
}

void Network::reset(Link& link) {
  disconnect(link);
  try_connecting(link);
}

void Network::disconnect(Link& link) {
  link.connected = false;
  ++link.connection;
  link.up.queued = link.down.queued = 0;
}

void Network::try_connecting(Link& link) {
  if (link.connected || link.trying || !link.connector->up() || !link.binder->up()) return;
  link.trying = true;
  world_.agenda.after(random_.between(plan_.connecting_least, plan_.connecting_most), [this, &link] {
    link.trying = false;
    if (link.connected || !link.connector->up() || !link.binder->up()) return;
    if (link.up.cut || link.down.cut) return try_connecting(link);
    connect(link);
  });
}

// The probe is sent first, then what has waited.
void Network::connect(Link& link) {
  link.connected = true;
  transmit(link, true, nullptr);
  for (Parcel& message : std::exchange(link.waiting, {})) transmit(link, true, std::move(message));
}

// ---- messages

Sent Network::send_up(Link& link, Parcel message) {
  if (!link.connected) {
    if (!link.waits_unconnected || link.waiting.size() >= plan_.queue_messages) return Sent::full;
    link.waiting.push_back(std::move(message));
    return Sent::sent;
  }
  if (link.up.queued >= plan_.queue_messages) return Sent::full;
  transmit(link, true, std::move(message));
  return Sent::sent;
}

Sent Network::send_down(Link& link, std::uint64_t peer, Parcel message) {
  if (!link.connected || link.connector->life() != peer) return Sent::no_peer;
  if (link.down.queued >= plan_.queue_messages) return Sent::full;
  transmit(link, false, std::move(message));
  return Sent::sent;
}

void Network::transmit(Link& link, bool up, Parcel message) {
  Way& way = up ? link.up : link.down;
  const bool is_probe = message == nullptr;
  if (!is_probe && world_.watcher) message = world_.watcher->sending(link, up, std::move(message));
  if (!is_probe && !message) return;
  if (!is_probe && (way.cut || random_.chance(plan_.loss + way.loss))) return;
  Instant arrival = world_.agenda.now() + random_.between(plan_.latency_least, plan_.latency_most) + way.slower;
  arrival = std::max(arrival, way.clogged_until + microseconds(1));
  if (is_probe || !random_.chance(plan_.reordering)) {
    arrival = std::max(arrival, way.last_arrival + Duration{1});
    way.last_arrival = arrival;
  }
  const bool is_late = !is_probe && random_.chance(plan_.late);
  const Instant late = arrival + random_.between(late_least, late_most);
  if (is_late && opens_session(*message)) return;
  if (is_late && comes_once(*message)) return deliver_at(late, link, up, std::move(message), true);
  if (is_late) deliver_at(late, link, up, message, true);
  if (!is_probe && !comes_once(*message) && random_.chance(plan_.duplication))
    deliver_at(arrival + random_.between(Duration{}, milliseconds(20)), link, up, message, true);
  ++way.queued;
  deliver_at(arrival, link, up, std::move(message), false);
}

// A late copy arrives whatever has become of the connection. It must do no harm.
void Network::deliver_at(Instant arrival, Link& link, bool up, Parcel message, bool is_late_copy) {
  const std::uint64_t connection = link.connection;
  const std::uint64_t peer = link.connector->life();
  world_.agenda.at(arrival, [&link, up, connection, peer, is_late_copy, message = std::move(message)] {
    if (!is_late_copy && link.connection != connection) return;
    Node& receiver = up ? *link.binder : *link.connector;
    if (!receiver.up()) return;
    receiver.arrive({&link, up, is_late_copy ? 0 : connection, peer, message});
  });
}

void Network::read(Link& link, bool up, std::uint64_t connection) {
  if (link.connection != connection) return;
  Way& way = up ? link.up : link.down;
  if (way.queued > 0) --way.queued;
}

void Network::heal() {
  plan_.loss = plan_.duplication = plan_.late = plan_.reordering = 0;
  for (Link& link : links_) {
    for (Way* way : {&link.up, &link.down}) {
      way->cut = false;
      way->loss = 0;
      way->slower = {};
    }
    try_connecting(link);
  }
}

}  // namespace tally::simulation
