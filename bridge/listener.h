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
#include <tl/expected.hpp>

#include "runtime/network.h"

namespace tally::bridge {

// Both are bound to io_context itself, not to any executor: no type is erased on the hot path.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

struct ListenPlace {
  const char* key;  // of the configuration, which has the address
  std::string address;
  std::uint16_t port = 0;
};

// The socket that the service manager has handed down (sd_listen_fds(3)), or else one that is bound
// here. The error is a sentence for the operator.
tl::expected<Acceptor, std::string> listen_at(boost::asio::io_context& context, const ListenPlace& place);

class Listener {
 public:
  using Admit = std::function<void(Socket socket, const IpAddress& peer)>;

  // `admit` gets every connection that is accepted, and closes it by letting go of its socket.
  Listener(boost::asio::io_context& context, Acceptor acceptor, Admit admit);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  // Admits what the kernel has accepted for this process already, and closes the socket: what waits
  // there would be reset with the last copy of the socket.
  void close();

 private:
  void accept();

  boost::asio::io_context& context_;
  Acceptor acceptor_;
  boost::asio::ip::tcp::endpoint peer_;  // of the connection that is being accepted
  Admit admit_;
  boost::asio::steady_timer pause_;
};

}  // namespace tally::bridge
