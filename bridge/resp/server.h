// SPDX-License-Identifier: Apache-2.0
// The Redis door: admits connections as far as their shares go, and watches over their deadlines.
//
// Other than at the HTTP door, no idle connection makes room for a new one. Redis clients keep
// pools of them, and would take a connection that is closed under them for a fault.
//
// Thread: the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>

#include "bridge/door.h"
#include "bridge/listener.h"
#include "bridge/resp/shared.h"

namespace tally::bridge::resp {

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
  std::size_t connections() const override { return shared_.connections.size(); }
  DoorFigures figures() const override { return {"resp", connections(), shared_.counts, shared_.error_replies}; }

 private:
  void admit(Socket socket, const IpAddress& peer);
  void refuse(Socket socket);
  void sweep();

  Shared& shared_;
  Listener listener_;
  Instant next_sweep_;
};

}  // namespace tally::bridge::resp
