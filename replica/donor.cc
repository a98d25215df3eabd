// SPDX-License-Identifier: Apache-2.0
#include "replica/donor.h"

#include <algorithm>

#include "protocol/limits.h"

namespace tally {
namespace {

constexpr Duration after_the_end = seconds(2);  // the last chunk may have been lost, and is asked for again

}  // namespace

Donor::Step Donor::receive(const std::string& peer, Instant now) {
  const auto known = transfers_.find(peer);
  if (known == transfers_.end() && transfers_.size() >= limits::state_transfers) return Step::busy;
  Transfer& transfer = known == transfers_.end() ? transfers_[peer] : known->second;
  if (transfer.reading) return Step::ignore;
  transfer = {now + limits::state_transfer_idle, true};
  return Step::read;
}

void Donor::answered(const std::string& peer, bool over, Instant now) {
  const auto transfer = transfers_.find(peer);
  if (transfer == transfers_.end()) return;
  transfer->second = {now + (over ? after_the_end : limits::state_transfer_idle), false};
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
