// SPDX-License-Identifier: Apache-2.0
// The listening socket of one door: inherited from the service manager or bound here, and the loop
// that accepts from it.
//
// Thread: the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/inherited_sockets.h"
#include "runtime/network.h"

namespace tally::bridge {

// Both are bound to io_context itself, not to any executor: no type is erased on the hot path.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

struct ListenPlace {
  std::string_view door;    // its name among the inherited sockets
  const char* address_key;  // of the configuration
  std::string address;
  const char* port_key;
  std::uint16_t port = 0;
};

// What the service manager has handed down to this process. To be called once, because the
// environment is cleared, so that no child takes it for its own. The error is a sentence for the
// operator.
tl::expected<InheritedSockets, std::string> inherit_sockets(DoorNames doors);

// The socket that the service manager has handed down for the door, or else one that is bound here.
// The error is a sentence too.
tl::expected<Acceptor, std::string> listen_at(boost::asio::io_context& context, const ListenPlace& place,
                                              InheritedSockets& inherited);

// The same acceptor. Its connections end when the machine of their peer has gone (TCP's
// keep-alive), also if nobody has anything to say on them.
Acceptor with_keep_alive(Acceptor acceptor);

class Listener {
 public:
  using Admit = std::function<void(Socket socket, const IpAddress& peer)>;

  // `admit` gets every connection that is accepted, and closes it by letting go of its socket.
  // `door` names it in the log.
  Listener(boost::asio::io_context& context, std::string_view door, Acceptor acceptor, Admit admit);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  // Admits what the kernel has accepted for this process already, and closes the socket: what waits
  // there would be reset with the last copy of the socket.
  void close();

 private:
  void accept();

  boost::asio::io_context& context_;
  std::string_view door_;
  Acceptor acceptor_;
  boost::asio::ip::tcp::endpoint peer_;  // of the connection that is being accepted
  Admit admit_;
  boost::asio::steady_timer pause_;
};

}  // namespace tally::bridge
