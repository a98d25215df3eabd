// SPDX-License-Identifier: Apache-2.0
#include "bridge/service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "bridge/limits.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally::bridge {

using error_code = boost::system::error_code;

Service::Service(boost::asio::io_context& context, Site& site, std::vector<Door*> doors)
    : context_(context),
      site_(site),
      doors_(std::move(doors)),
      signal_descriptor_(context, signals_.descriptor()),
      timer_(context) {
  site_.doors.assign(doors_.begin(), doors_.end());
}

Service::~Service() {
  signal_descriptor_.release();  // signals_ closes it
}

void Service::start() {
  for (Door* door : doors_) door->start();
  signal_descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](error_code error) {
    if (error) return;
    signals_.take();
    drain();
  });
  tick();
}

void Service::tick() {
  wake();
  site_.group->look(site_.now);
  for (Door* door : doors_) door->tick();
  const bool is_drained = site_.draining && connections() == 0;
  if (is_drained || site_.now >= drain_deadline_) {
    log_event(Event("drained").with("connections_left", connections()));
    return context_.stop();
  }
  planned_tick_ = std::min({site_.now + door_limits::tick_interval, site_.group->next_look(), beat()});
  timer_.expires_after(std::chrono::nanoseconds((planned_tick_ - site_.now).nanoseconds));
  timer_.async_wait([this](error_code error) {
    if (!error) tick();
  });
}

// Whoever waits while the process stands still is not judged by that: what it has asked may yet be
// answered.
void Service::wake() {
  const Instant now = monotonic_now();
  const Duration late = now - planned_tick_;
  site_.now = now;
  if (late < door_limits::sleep) return;
  for (Door* door : doors_) door->forgive(late);
}

// The client library's thread is watched together with this one.
Instant Service::beat() { return site_.group->client_hangs(site_.now) ? Instant::never() : heartbeat_.beat(site_.now); }

void Service::drain() {
  log_event(Event("draining").with("connections", connections()));
  site_.draining = true;
  site_.now = monotonic_now();
  drain_deadline_ = site_.now + door_limits::drain_timeout;
  for (Door* door : doors_) door->drain();
}

std::size_t Service::connections() const {
  std::size_t sum = 0;
  for (const Door* door : doors_) sum += door->connections();
  return sum;
}

}  // namespace tally::bridge
