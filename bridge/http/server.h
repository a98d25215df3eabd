// SPDX-License-Identifier: Apache-2.0
// The HTTP door: admits connections as far as their shares go, and watches over their deadlines.
//
// Thread: the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>

#include "bridge/door.h"
#include "bridge/http/shared.h"
#include "bridge/listener.h"

namespace tally::bridge::http {

class Server final : public Door {
 public:
  Server(boost::asio::io_context& context, Acceptor acceptor, Shared& shared);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start() override { listener_.start(); }
  void tick() override;
  void forgive(Duration pause) override;
  void drain() override;
  std::size_t connections() const override;
  DoorFigures figures() const override { return {"http", connections(), shared_.counts, {}}; }

 private:
  void admit(Socket socket, const IpAddress& peer);
  bool close_longest_idle();
  void sweep();

  Shared& shared_;
  Listener listener_;
  Instant next_sweep_;
};

}  // namespace tally::bridge::http
