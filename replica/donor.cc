// SPDX-License-Identifier: Apache-2.0
#include "replica/donor.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"

namespace tally {
namespace {

constexpr Duration after_the_end = seconds(2);  // the last chunk may be lost, and asked for again

}  // namespace

// Whether a place is free, and nobody who waits was told earlier than this peer that there was
// none.
bool Donor::may_begin(const std::string& peer, Instant now) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.ends <= now; });
  const std::size_t free = limits::state_transfers - transfers_.size();
  const auto place = std::ranges::find(waiting_, peer, &Waiting::peer);
  if (static_cast<std::size_t>(place - waiting_.begin()) < free) {
    if (place != waiting_.end()) waiting_.erase(place);
    return true;
  }
  if (place != waiting_.end())
    place->ends = now + patience;
  else if (waiting_.size() < most_waiting)
    waiting_.push_back({peer, now + patience});
  return false;
}

Donor::Step Donor::receive(const std::string& peer, const std::string& after, Instant now) {
  const auto known = transfers_.find(peer);
  if (known == transfers_.end()) {
    if (!may_begin(peer, now)) return Step::busy;
    transfers_[peer] = {now + limits::state_transfer_idle, after, true, false};
    return Step::read;
  }
  Transfer& transfer = known->second;
  if (transfer.reading) return Step::ignore;
  transfer.reading = true;
  if (after <= transfer.furthest) return Step::read;
  transfer.furthest = after;
  transfer.ends = now + limits::state_transfer_idle;
  return Step::read;
}

void Donor::answered(const std::string& peer, bool over, Instant now) {
  const auto found = transfers_.find(peer);
  if (found == transfers_.end()) return;
  Transfer& transfer = found->second;
  transfer.reading = false;
  if (over && !std::exchange(transfer.over, true)) transfer.ends = std::min(transfer.ends, now + after_the_end);
}

std::vector<std::string> Donor::tick(Instant now) {
  std::vector<std::string> ended;
  std::erase_if(transfers_, [&](const auto& entry) {
    const auto& [peer, transfer] = entry;
    const bool ends = !transfer.reading && transfer.ends <= now;
    if (ends) ended.push_back(peer);
    return ends;
  });
  return ended;
}

Instant Donor::next_deadline() const {
  Instant next = Instant::never();
  for (const auto& [peer, transfer] : transfers_)
    if (!transfer.reading) next = std::min(next, transfer.ends);
  return next;
}

}  // namespace tally
