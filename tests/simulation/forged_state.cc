// SPDX-License-Identifier: Apache-2.0
#include "simulation/forged_state.h"

#include <utility>

#include "replica/state_entries.h"
#include "simulation/referee.h"

namespace tally::simulation {

void ForgedState::gave(const StateChunk& chunk, std::unique_ptr<State> fresh) {
  if (chunk.answer != StateAnswer::entries) return;
  if (chunk.after.empty()) {
    state_ = std::move(fresh);
    complete_ = false;
  }
  if (!state_ || complete_) return;
  const bool sensible = visit_entries(chunk.entries, chunk.after, chunk.through,
                                      [&](auto key, auto value) { return state_->restore(key, value); });
  applied_ = chunk.header.applied.sequence;
  if (!sensible) state_.reset();
  if (state_ && chunk.last) complete_ = state_->finish_restore(chunk.header);
}

std::optional<Vote> ForgedState::vote(const Vote& honest, const Referee& referee) {
  if (!complete_ || honest.order.sequence <= applied_) return std::nullopt;
  Vote vote = honest;
  while (applied_ < honest.order.sequence) {
    const Order* order = referee.order(applied_.next());
    if (!order) return std::nullopt;
    vote.results.clear();
    state_->apply(*order, vote.results);
    applied_ = applied_.next();
  }
  vote.state = state_->digest();
  return vote;
}

}  // namespace tally::simulation
