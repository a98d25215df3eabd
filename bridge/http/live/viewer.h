// SPDX-License-Identifier: Apache-2.0
// The connection of somebody who watches the group: it is sent events until it ends. It took the
// place of an HTTP connection, and keeps that one's place in the door's shares.
//
// Events wait while the viewer's socket is full, and a viewer for which too many wait is cut off,
// so that one that does not read costs no memory. What it sends is read and dropped.
//
// Lifetime: the feed holds it, and so does what is pending. Thread: the io_context's.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string_view>

#include "bridge/http/live/event_history.h"
#include "bridge/http/shared.h"
#include "bridge/listener.h"

namespace tally::bridge::http {

class Viewer final : public std::enable_shared_from_this<Viewer> {
 public:
  Viewer(Socket socket, const IpAddress& peer, Place place, Shared& shared);
  ~Viewer();
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  // Begins the answer, and notices when the viewer goes away.
  void start(std::string_view head);
  void send(EventText event);
  void close();
  bool is_open() const { return socket_.is_open(); }
  const IpAddress& peer() const { return peer_; }
  // What is being sent has not left for so long that nobody reads any more.
  bool is_overdue() const { return is_writing_ && shared_.site.now >= deadline_; }

  // A viewer that is new wants the whole picture before any change.
  bool wants_snapshot = true;

 private:
  using error_code = boost::system::error_code;

  void write();
  void read_and_drop();

  Socket socket_;
  const IpAddress peer_;
  const Place place_;
  Shared& shared_;
  std::deque<EventText> waiting_;  // the first one is being sent
  bool is_writing_ = false;
  Instant deadline_ = Instant::never();
  std::array<char, 512> dropped_;
};

}  // namespace tally::bridge::http
