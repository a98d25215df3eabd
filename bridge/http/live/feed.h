// SPDX-License-Identifier: Apache-2.0
// Tells everybody who watches how the group is. What the distributor says is known to the bridge
// anyway. While there are viewers the comparator is asked a few times a second too, and what has
// changed goes to all viewers as one event. One question serves them all.
//
// Thread: the io_context's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "bridge/admission.h"
#include "bridge/http/live/event_history.h"
#include "bridge/http/live/picture.h"
#include "bridge/http/live/viewer.h"

namespace tally::bridge::http {

class Feed {
 public:
  // `life`: differs from that of every other feed.
  Feed(boost::asio::io_context& context, const Picture::Rules& rules, std::uint64_t life, Site& site);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // For one more viewer of this source; a trusted proxy speaks for many.
  bool has_room(const Source& source, bool is_proxy, const Admission& admission) const;
  std::size_t viewers() const { return viewers_.size(); }
  // The viewer has been started. `last_event`: the name of the last event that it has seen; empty:
  // none.
  void add(const std::shared_ptr<Viewer>& viewer, std::string_view last_event);
  // Ends with all viewers, and takes no more.
  void close();

 private:
  void ask();
  void tell(const std::optional<Observation>& observation);
  void wait();

  Site& site_;
  boost::asio::steady_timer timer_;
  Picture picture_;
  EventHistory history_;
  std::vector<std::shared_ptr<Viewer>> viewers_;
  bool is_running_ = false;  // a question is on its way, or the next one is planned
  Instant told_;             // when the last event was sent
};

}  // namespace tally::bridge::http
