// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/live/feed.h"

#include <algorithm>
#include <utility>

#include "bridge/http/live/limits.h"
#include "client/client.h"
#include "runtime/clock.h"

namespace tally::bridge::http {

Feed::Feed(boost::asio::io_context& context, const Picture::Rules& rules, std::uint64_t life, Site& site)
    : site_(site), timer_(context), picture_(rules), history_(life) {}

bool Feed::has_room(const Source& source, bool is_proxy, const Admission& admission) const {
  const std::size_t most = std::min(live_limits::viewers, admission.share());
  if (viewers_.size() >= most) return false;
  const auto own = std::ranges::count_if(
      viewers_, [&](const std::shared_ptr<Viewer>& viewer) { return source_of(viewer->peer()) == source; });
  return is_proxy || static_cast<std::size_t>(own) < share_of(most);
}

void Feed::add(const std::shared_ptr<Viewer>& viewer, std::string_view last_event) {
  viewers_.push_back(viewer);
  if (const auto missed = history_.after(last_event)) {
    viewer->wants_snapshot = false;
    for (const EventText& event : *missed) viewer->send(event);
  }
  if (!std::exchange(is_running_, true)) ask();
}

void Feed::close() {
  timer_.cancel();
  for (const std::shared_ptr<Viewer>& viewer : std::exchange(viewers_, {})) viewer->close();
}

void Feed::ask() {
  site_.exchange->observe(picture_.newest_record(), live_limits::patience,
                          [this](const std::optional<Observation>& observation) {
                            tell(observation);
                            if (viewers_.empty())
                              is_running_ = false;
                            else
                              wait();
                          });
}

void Feed::tell(const std::optional<Observation>& observation) {
  const CalendarTime calendar = calendar_now();
  const GroupWatch& group = *site_.group;
  const std::string change = picture_.update(group.status(), group.heard_at(), observation, calendar);
  EventText event;
  if (!change.empty()) {
    event = history_.add(change);
    told_ = site_.now;
  } else if (site_.now >= told_ + live_limits::quiet) {
    event = std::make_shared<const std::string>(":\n\n");
    told_ = site_.now;
  }
  EventText snapshot;
  for (const std::shared_ptr<Viewer>& viewer : viewers_) {
    if (viewer->is_overdue()) viewer->close();
    if (std::exchange(viewer->wants_snapshot, false)) {
      if (!snapshot) snapshot = history_.snapshot(picture_.whole(calendar));
      viewer->send(snapshot);
    } else if (event) {
      viewer->send(event);
    }
  }
  std::erase_if(viewers_, [](const std::shared_ptr<Viewer>& viewer) { return !viewer->is_open(); });
}

void Feed::wait() {
  timer_.expires_after(to_chrono(live_limits::interval));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) ask();
  });
}

}  // namespace tally::bridge::http
