// SPDX-License-Identifier: Apache-2.0
// Accepts connections, watches over their deadlines, watches the group, and ends it all in order.
//
// Thread: the io_context's. It stops the io_context when it is drained.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bridge/http/connection.h"
#include "bridge/http/site.h"
#include "runtime/heartbeat.h"

namespace tally::bridge::http {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The listening socket: inherited from the service manager (sd_listen_fds(3)) if there is one, else bound here.
// The error is a sentence for the operator.
tl::expected<Acceptor, std::string> listen_for_http(boost::asio::io_context& context, const std::string& address,
                                                    std::uint16_t port);

class Server {
 public:
  Server(boost::asio::io_context& context, Acceptor acceptor, Site& site);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();

 private:
  void accept();
  void admit(Socket socket);
  bool close_longest_idle();
  void wake();
  void tick();
  Instant beat();
  void sweep();
  void ask_status();
  void note_breaker();
  void drain();
  void accept_what_waits();

  boost::asio::io_context& context_;
  Acceptor acceptor_;
  boost::asio::ip::tcp::endpoint peer_;  // of the connection that is accepted
  Site& site_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer accept_timer_;
  boost::asio::signal_set stop_signals_;
  Heartbeat heartbeat_;
  Instant planned_tick_ = Instant::never();
  Instant next_sweep_;
  Instant next_status_;
  Instant status_asked_at_;
  Instant drain_deadline_ = Instant::never();
  bool status_asked_ = false;
  bool available_ = true;  // the breaker, as it was logged last
};

}  // namespace tally::bridge::http
