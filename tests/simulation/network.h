// SPDX-License-Identifier: Apache-2.0
// The network between processes, as ZeroMQ shows it to the shells (runtime/channel.h), and
// everything that can go wrong on it.
//
// A link consists of one connecting and one binding socket. While both processes are up, it
// connects by itself, and the binding side hears of that. What is sent while there is no connection
// waits at the connecting side, or is refused there (`full`); the binding side has nobody to send
// it to. A full queue refuses. What was under way to a process that ended is lost. What is damaged
// on the way counts as lost, because the codec's checksum finds it; so damage is not simulated.
//
// More happens here than TCP lets happen: single messages are lost, come twice, overtake each
// other, and come again up to a minute and a half later. Only requests and commands do not come
// twice, because the client counts its transmissions (law 20). Instead they may be late, while the
// client has long sent them again. An opening of a session that would be late is lost, since law 18
// assumes that none comes after the end of its session.
#pragma once

#include <deque>
#include <memory>

#include "protocol/messages.h"
#include "simulation/plan.h"
#include "simulation/random.h"

namespace tally::simulation {

class Node;
struct World;

using Parcel = std::shared_ptr<const Message>;
template <class Body>
Parcel parcel(Body&& body) {
  return std::make_shared<const Message>(std::forward<Body>(body));
}

enum class Sent { sent, full, no_peer };

// One direction of a link.
struct Way {
  Instant last_arrival;
  std::size_t queued = 0;  // on this connection, under way or not yet read
  bool cut = false;
  Instant clogged_until;
  Duration slower;
  double loss = 0;
};

struct Link {
  Node* connector = nullptr;
  Node* binder = nullptr;
  std::size_t connector_channel = 0;  // the channel at which the node reads it
  std::size_t binder_channel = 0;
  // False: sending says `full` while there is no connection.
  bool waits_unconnected = true;

  bool connected = false;
  bool trying = false;
  std::uint64_t connection = 1;  // a count of connections
  std::deque<Parcel> waiting;
  Way up;    // to the binder
  Way down;  // to the connector
};

class Network {
 public:
  explicit Network(World& world);

  Link& add(Link link);
  std::deque<Link>& links() { return links_; }

  void started(Node& node);
  void ended(Node& node);
  void reset(Link& link);  // the connection breaks, and a new one is made

  Sent send_up(Link& link, Parcel message);
  // `peer` is the life of the connecting process that the binder knows. If another process lives
  // there now, the message has no peer.
  Sent send_down(Link& link, std::uint64_t peer, Parcel message);
  // A node has read a message of this connection.
  void read(Link& link, bool up, std::uint64_t connection);

  // From now on, nothing goes wrong any more.
  void heal();

 private:
  void disconnect(Link& link);
  void try_connecting(Link& link);
  void connect(Link& link);
  void transmit(Link& link, bool up, Parcel message);
  void deliver_at(Instant arrival, Link& link, bool up, Parcel message, bool is_late_copy);

  World& world_;
  NetworkPlan plan_;
  Random random_;
  std::deque<Link> links_;  // a deque, because the addresses of links must stay
};

}  // namespace tally::simulation
