// SPDX-License-Identifier: Apache-2.0
#include "runtime/waiter.h"

#include <algorithm>
#include <cerrno>

#include "protocol/check.h"
#include "runtime/clock.h"

namespace tally {

void Waiter::watch(Channel& channel) {
  descriptors_.insert(descriptors_.begin() + std::ssize(channels_), {channel.descriptor(), POLLIN, POLLIN});
  channels_.push_back(&channel);
}

void Waiter::watch(int descriptor) { descriptors_.push_back({descriptor, POLLIN, POLLIN}); }

void Waiter::wait(Instant deadline) {
  constexpr std::int64_t longest_ms = 1'000;
  for (Channel* channel : channels_) channel->look_after_sends();
  const bool may_rest =
      std::ranges::none_of(channels_, [](const Channel* channel) { return channel->may_have_message(); });
  const Instant now = may_rest ? monotonic_now() : deadline;
  // Rounded up, so that a deadline has come when the wait for it is over.
  const std::int64_t wait_ms = deadline <= now ? 0 : (deadline - now).milliseconds() + 1;
  const int ready = poll(descriptors_.data(), descriptors_.size(), static_cast<int>(std::min(wait_ms, longest_ms)));
  CHECK(ready >= 0 || errno == EINTR);
  for (std::size_t place = 0; place < channels_.size(); ++place)
    if (descriptors_[place].revents != 0) channels_[place]->woken();
}

bool Waiter::is_ready(int descriptor) const {
  const auto found = std::ranges::find(descriptors_, descriptor, &pollfd::fd);
  return found != descriptors_.end() && found->revents != 0;
}

}  // namespace tally
