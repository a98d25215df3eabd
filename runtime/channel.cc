// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel.h"

#include <memory>
#include <utility>

#include "protocol/check.h"
#include "runtime/connection_limit.h"

namespace tally {
namespace {

int milliseconds_of(Duration time) { return static_cast<int>(time.milliseconds()); }

void set_limits(zmq::socket_t& socket, const ChannelLimits& limits) {
  socket.set(zmq::sockopt::sndhwm, limits.queue_messages);
  socket.set(zmq::sockopt::rcvhwm, limits.unread_messages);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits.message_bytes));
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, milliseconds_of(limits::handshake_time));
  // ZMTP's own heartbeats are not used. libzmq 4.3.4 aborts (`!_io_error`) when one is due to a
  // peer that has gone while its input was stopped, because it had sent more than was read of it.
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, limits::keep_alive_idle_seconds);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, limits::keep_alive_period_seconds);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, limits::keep_alive_probes);
}

// Finds out by which descriptor a socket listens.
class ListeningMonitor : public zmq::monitor_t {
 public:
  explicit ListeningMonitor(zmq::socket_t& socket) {
    const std::string name = "inproc://listening-" + std::to_string(reinterpret_cast<std::uintptr_t>(socket.handle()));
    init(socket, name, ZMQ_EVENT_LISTENING);
  }
  // The event is there when the bind has returned.
  int descriptor() {
    CHECK(check_event(0) && descriptor_ >= 0);
    return descriptor_;
  }

 private:
  void on_event_listening(const zmq_event_t& event, const char*) override { descriptor_ = event.value; }

  int descriptor_ = -1;
};

// Takes the bytes over; ZeroMQ frees them when the copy for the last peer has left.
zmq::message_t frame_of(std::string bytes) {
  auto kept = std::make_unique<std::string>(std::move(bytes));
  const auto release = [](void*, void* hint) { delete static_cast<std::string*>(hint); };
  zmq::message_t frame(kept->data(), kept->size(), release, kept.get());
  static_cast<void>(kept.release());  // they belong to the frame now
  return frame;
}

std::string_view view_of(const zmq::message_t& frame) { return {frame.data<char>(), frame.size()}; }

}  // namespace

SharedMessage::SharedMessage(std::string_view header, std::string_view body)
    : header_(header.data(), header.size()), body_(body.data(), body.size()) {}

SharedMessage::SharedMessage(wire::EncodedMessage encoded)
    : header_(encoded.header.data(), encoded.header.size()), body_(frame_of(std::move(encoded.body))) {}

Channel Channel::bind(zmq::context_t& context, const std::string& endpoint, ChannelLimits limits, bool handover) {
  zmq::socket_t socket(context, zmq::socket_type::router);
  set_limits(socket, limits);
  socket.set(zmq::sockopt::router_mandatory, true);
  socket.set(zmq::sockopt::router_handover, handover);
  {
    ListeningMonitor monitor(socket);
    socket.bind(endpoint);
    limit_connections(monitor.descriptor(), endpoint, connections_allowed(limits.connections));
  }
  return Channel(std::move(socket), limits.expected);
}

Channel Channel::connect(zmq::context_t& context, const std::string& endpoint, ChannelLimits limits,
                         const std::string& routing_id, Unconnected unconnected) {
  return Channel({&context, endpoint, limits, routing_id, unconnected});
}

Channel::Channel(Connection connection)
    : connection_(std::move(connection)),
      expected_(connection_->limits.expected),
      socket_(connected_socket(*connection_)) {}

zmq::socket_t Channel::connected_socket(const Connection& connection) {
  constexpr int reconnect_ms = 10;
  constexpr int reconnect_most_ms = 50;
  zmq::socket_t socket(*connection.context, zmq::socket_type::dealer);
  set_limits(socket, connection.limits);
  socket.set(zmq::sockopt::routing_id, connection.routing_id);
  socket.set(zmq::sockopt::probe_router, true);
  socket.set(zmq::sockopt::immediate, connection.unconnected == Unconnected::refuse);
  socket.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
  socket.set(zmq::sockopt::reconnect_ivl_max, reconnect_most_ms);
  socket.connect(connection.endpoint);
  return socket;
}

void Channel::reconnect(const std::string& routing_id) {
  CHECK(connection_.has_value());
  connection_->routing_id = routing_id;
  socket_.close();
  socket_ = connected_socket(*connection_);
  may_have_message_ = true;
  has_sent_ = false;
}

// Reads all frames of one message, and throws away those beyond the second. False: there is none.
bool Channel::receive_frames(std::string& peer, zmq::message_t& header, zmq::message_t& body, std::size_t& frames) {
  if (!connection_) {
    zmq::message_t id;
    if (!socket_.recv(id, zmq::recv_flags::dontwait)) return false;
    peer.assign(view_of(id));
  }
  if (!socket_.recv(header, zmq::recv_flags::dontwait)) return false;
  frames = 1;
  zmq::message_t excess;
  for (bool more = header.more(); more; ++frames) {
    zmq::message_t& frame = frames == 1 ? body : excess;
    // The frames of a message arrive together.
    CHECK(socket_.recv(frame, zmq::recv_flags::dontwait));
    more = frame.more();
  }
  return true;
}

void Channel::linger(Duration time) { socket_.set(zmq::sockopt::linger, static_cast<int>(time.milliseconds())); }

int Channel::descriptor() { return socket_.get(zmq::sockopt::fd); }

void Channel::look_after_sends() {
  if (!std::exchange(has_sent_, false) || may_have_message_) return;
  may_have_message_ = (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
}

std::optional<Channel::Incoming> Channel::receive(Share& share) {
  if (!may_have_message_ || share.is_used_up()) return std::nullopt;
  Incoming incoming;
  zmq::message_t header;
  zmq::message_t body;
  std::size_t frames = 0;
  while (receive_frames(incoming.peer, header, body, frames)) {
    share.take(header.size() + (frames > 1 ? body.size() : 0));
    if (frames == 1 && header.size() == 0) return incoming;
    if (frames == 2) {
      auto decoded = wire::decode(view_of(header), view_of(body), expected_);
      if (decoded) {
        incoming.message = std::move(*decoded);
        return incoming;
      }
    }
    ++dropped_;
    if (share.is_used_up()) return std::nullopt;
  }
  may_have_message_ = false;
  has_sent_ = false;
  return std::nullopt;
}

void Channel::greet(const std::string& peer) {
  CHECK(!connection_);
  try {
    has_sent_ = true;
    if (socket_.send(zmq::buffer(peer), zmq::send_flags::dontwait | zmq::send_flags::sndmore))
      CHECK(socket_.send(zmq::message_t(), zmq::send_flags::dontwait));
  } catch (const zmq::error_t& error) {
    if (error.num() != EHOSTUNREACH) throw;  // it has gone again
  }
}

SendResult Channel::send(const std::string& peer, Message message) {
  SharedMessage shared(wire::encode(std::move(message)));
  return send(peer, shared);
}

SendResult Channel::send(const std::string& peer, SharedMessage& message) {
  const auto no_wait = zmq::send_flags::dontwait;
  has_sent_ = true;
  try {
    if (!connection_ && !socket_.send(zmq::buffer(peer), no_wait | zmq::send_flags::sndmore)) return SendResult::full;
    zmq::message_t header;
    zmq::message_t body;
    header.copy(message.header_);
    body.copy(message.body_);
    if (!socket_.send(header, no_wait | zmq::send_flags::sndmore)) return SendResult::full;
    CHECK(socket_.send(body, no_wait));  // ZeroMQ takes a message whole or not at all
    return SendResult::sent;
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return SendResult::no_peer;
    throw;
  }
}

}  // namespace tally
