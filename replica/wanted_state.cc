// SPDX-License-Identifier: Apache-2.0
#include "replica/wanted_state.h"

#include "protocol/per_replica.h"

namespace tally {
namespace {

// The newest order that the journal no longer has.
Sequence before_journal(const ReplicaStanding& standing) { return Sequence(standing.journal_first.value - 1); }

}  // namespace

Sequence WantedState::of(const ReplicaStanding& standing, const Position& position) const {
  const bool is_out = standing.state == ReplicaState::evicted || standing.state == ReplicaState::quarantined;
  if (is_out || config_.replicas == 1) return Sequence();
  if (position.is_before_journal(standing)) return std::max(before_journal(standing), spent_.next());
  const Sequence worth_it(position.applied().sequence.value + config_.import_orders);
  if (was_tried_ || standing.last.sequence <= worth_it) return Sequence();
  return std::max(worth_it, spent_.next());
}

std::optional<Import::Goal> WantedState::goal(const ReplicaStanding& standing, const Position& position) const {
  const Sequence wanted = of(standing, position);
  if (wanted.value == 0) return std::nullopt;
  if (standing.seal.is_known() && standing.seal.checkpoint >= wanted)
    return Import::Goal{standing.group, wanted, standing.seal, 0};
  const std::uint64_t others = standing.donors & ~(std::uint64_t{1} << place_of(config_.self));
  if (!position.is_before_journal(standing) || others == 0) return std::nullopt;
  return Import::Goal{standing.group, before_journal(standing), {}, others};
}

}  // namespace tally
