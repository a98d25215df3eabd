// SPDX-License-Identifier: Apache-2.0
// Runs the doors of one bridge: moves its clock on, watches the group, tells the service manager
// that this process lives, and ends it all in order when a signal asks for it.
//
// Thread: the io_context's, which it stops when all doors are drained.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "bridge/door.h"
#include "bridge/site.h"
#include "runtime/daemon.h"
#include "runtime/heartbeat.h"

namespace tally::bridge {

class Service {
 public:
  // `doors` outlive this.
  Service(boost::asio::io_context& context, Site& site, std::vector<Door*> doors);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void start();

 private:
  void tick();
  void wake();
  Instant beat();
  void drain();
  std::size_t connections() const;

  boost::asio::io_context& context_;
  Site& site_;
  std::vector<Door*> doors_;
  StopSignals signals_;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> signal_descriptor_;
  boost::asio::steady_timer timer_;
  Heartbeat heartbeat_;
  Instant planned_tick_ = Instant::never();
  Instant drain_deadline_ = Instant::never();
};

}  // namespace tally::bridge
