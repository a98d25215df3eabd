// SPDX-License-Identifier: Apache-2.0
#include "runtime/waiter.h"

#include <algorithm>
#include <cerrno>

#include "protocol/check.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally {

void Waiter::watch(Channel& channel) {
  descriptors_.insert(descriptors_.begin() + std::ssize(channels_), {channel.descriptor(), POLLIN, POLLIN});
  channels_.push_back(&channel);
}

void Waiter::forget(const Channel& channel) {
  const auto place = std::ranges::find(channels_, &channel);
  CHECK(place != channels_.end());
  if (place - channels_.begin() < static_cast<std::ptrdiff_t>(patient_)) patient_ -= 1;
  descriptors_.erase(descriptors_.begin() + (place - channels_.begin()));
  channels_.erase(place);
}

void Waiter::reconnect(Channel& channel, const std::string& routing_id) {
  const auto place = std::ranges::find(channels_, &channel);
  CHECK(place != channels_.end());
  channel.reconnect(routing_id);
  descriptors_[static_cast<std::size_t>(place - channels_.begin())].fd = channel.descriptor();
}

void Waiter::watch(int descriptor) { descriptors_.push_back({descriptor, POLLIN, POLLIN}); }

void Waiter::watch_patiently(Channel& channel) {
  descriptors_.insert(descriptors_.begin(), {channel.descriptor(), POLLIN, POLLIN});
  channels_.insert(channels_.begin(), &channel);
  patient_ += 1;
}

void Waiter::wait(Instant deadline, bool hurried) {
  constexpr std::int64_t longest_ms = 1'000;
  tell_suppressed_events();
  for (Channel* channel : channels_) channel->look_after_sends();
  const bool may_rest =
      std::ranges::none_of(channels_, [](const Channel* channel) { return channel->may_have_message(); });
  const Instant now = may_rest ? monotonic_now() : deadline;
  // It is rounded up, so that the deadline has come when the wait for it is over.
  const std::int64_t wait_ms = deadline <= now ? 0 : (deadline - now).milliseconds() + 1;
  const auto look = [this](std::size_t from, std::int64_t for_ms) {
    const int ready = poll(descriptors_.data() + from, descriptors_.size() - from, static_cast<int>(for_ms));
    CHECK(ready >= 0 || errno == EINTR);
  };
  const bool patiently = patient_ > 0 && !hurried;
  look(patiently ? patient_ : 0, std::min(wait_ms, longest_ms));
  if (patiently) look(0, 0);
  for (std::size_t place = 0; place < channels_.size(); ++place)
    if (descriptors_[place].revents != 0) channels_[place]->woken();
}

bool Waiter::is_ready(int descriptor) const {
  const auto found = std::ranges::find(descriptors_, descriptor, &pollfd::fd);
  return found != descriptors_.end() && found->revents != 0;
}

}  // namespace tally
