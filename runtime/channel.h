// SPDX-License-Identifier: Apache-2.0
// One ZeroMQ socket that carries messages of docs/protocol.md: [routing id,] header frame, body
// frame.
//
// It never blocks: whoever sends to a peer that has gone, or whose queue is full, is told so and
// decides. High-water marks, linger and message size are explicit. Whatever does not decode is
// counted and dropped. Connections that never finish their handshake are closed (law 27). One
// thread owns a channel for its whole life.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "protocol/limits.h"
#include "protocol/messages.h"
#include "wire/codec.h"

namespace tally {

// A message that is encoded once, to be sent to any number of peers without copying its body.
class SharedMessage {
 public:
  explicit SharedMessage(wire::EncodedMessage encoded);
  SharedMessage(std::string_view header, std::string_view body);

 private:
  friend class Channel;
  zmq::message_t header_;
  zmq::message_t body_;
};

enum class SendResult { sent, full, no_peer };

struct ChannelLimits {
  int queue_messages = 0;                              // per peer and direction
  std::size_t message_bytes = 0;                       // a larger one ends the peer's connection
  wire::Kinds expected = wire::all_kinds;              // others are dropped undecoded
  std::size_t connections = limits::peer_connections;  // bound channels: more are refused
  // Of one peer; then its connection is not read.
  int unread_messages = queue_messages;
};

// What becomes of messages while there is no connection: they wait for the next one, or sending
// says `full`. Only with the latter does the other side hear of every connection, and not just of
// the first one (libzmq's ZMQ_IMMEDIATE).
enum class Unconnected { queue, refuse };

class Channel {
 public:
  // Binds a ROUTER. `handover`: a new connection with a routing id that is in use takes it over.
  static Channel bind(zmq::context_t& context, const std::string& endpoint, ChannelLimits limits, bool handover);
  // Connects a DEALER; the other side hears of the connection as an empty message.
  static Channel connect(zmq::context_t& context, const std::string& endpoint, ChannelLimits limits,
                         const std::string& routing_id, Unconnected unconnected = Unconnected::queue);

  struct Incoming {
    std::string peer;                // bound channels: the routing id
    std::optional<Message> message;  // none: the peer has just connected
  };
  // How much is read of one channel before the others get their turn.
  class Share {
   public:
    bool is_used_up() const { return messages_ == 0 || bytes_ == 0; }
    void take(std::size_t bytes) {
      messages_ -= 1;
      bytes_ -= std::min(bytes, bytes_);
    }

   private:
    std::size_t messages_ = limits::messages_per_turn;
    std::size_t bytes_ = limits::bytes_per_turn;
  };
  // The next message of this share, if there is one, and may_have_message() says that a look is
  // worth while.
  std::optional<Incoming> receive(Share& share);

  // ZeroMQ's own descriptor becomes readable when something happens to the socket, but not again
  // for what happened before it was last read or written. So a channel must be drained before
  // anybody waits for the descriptor, and looked at again after a send. A Waiter does both.
  int descriptor();
  bool may_have_message() const { return may_have_message_; }
  void woken() { may_have_message_ = true; }
  // Looks, after sends, whether something has come in meanwhile.
  void look_after_sends();

  // For connected channels: puts a new socket in the place of this one, because the peer has been
  // silent for too long. libzmq does not connect again after a message that is against the protocol
  // or too large. What waits in the old socket is lost, and descriptor() changes, so call
  // Waiter::reconnect() if a Waiter watches. If the other side allows no handover, the routing id
  // must be a new one, because that side may not know yet that the old connection has gone.
  void reconnect(const std::string& routing_id);

  // When the channel is destroyed, what was sent may still leave for so long. Without this call it
  // is dropped.
  void linger(Duration time);

  // `peer` is empty on connected channels.
  SendResult send(const std::string& peer, Message message);
  SendResult send(const std::string& peer, SharedMessage& message);
  // For bound channels: sends an empty message, which the peer takes for a new connection.
  void greet(const std::string& peer);

  std::uint64_t dropped() const { return dropped_; }  // messages that did not decode

 private:
  // How to make the socket of a connected channel.
  struct Connection {
    zmq::context_t* context;
    std::string endpoint;
    ChannelLimits limits;
    std::string routing_id;
    Unconnected unconnected;
  };

  Channel(zmq::socket_t socket, wire::Kinds expected) : expected_(expected), socket_(std::move(socket)) {}
  explicit Channel(Connection connection);
  static zmq::socket_t connected_socket(const Connection& connection);
  bool receive_frames(std::string& peer, zmq::message_t& header, zmq::message_t& body, std::size_t& frames);

  std::optional<Connection> connection_;  // none: bound, so its messages are routed
  wire::Kinds expected_;
  zmq::socket_t socket_;
  bool may_have_message_ = true;
  bool has_sent_ = false;  // since it was last looked at whether something came in
  std::uint64_t dropped_ = 0;
};

}  // namespace tally
