// SPDX-License-Identifier: Apache-2.0
// Whether a replica wants the state of another one, and of which order (roll-forward).
//
// It has to import when the journal begins after its next order. It would rather import when it
// would have to execute very many orders otherwise; that is tried once for each state that it loads
// from its own checkpoints. What it wants it reports. Then the distributor has the others seal a
// checkpoint, and tells of the seal, which is the goal of the import (replica/import.h). Only where
// the journal leaves no other way, and too few replicas are left for a seal, may those that the
// distributor names be asked without one.
//
// Pure, one thread, driven by the core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "protocol/messages.h"
#include "replica/import.h"
#include "replica/position.h"

namespace tally {

class WantedState {
 public:
  struct Config {
    ReplicaId self;
    std::uint32_t replicas = 1;
    std::uint64_t import_orders = 0;  // rather than execute more orders than that, import
  };
  explicit WantedState(const Config& config) : config_(config) {}

  // The state is loaded anew from its own checkpoints: an import that is not necessary may be tried
  // again.
  void begin() { was_tried_ = false; }
  // An import has begun.
  void tried() { was_tried_ = true; }
  // Nobody could give the checkpoint that was sealed: only a later one is worth asking for.
  void was_not_given(Sequence sealed) { spent_ = std::max(spent_, sealed); }

  // Of this order, or of a later one. Zero: the journal leads on from here, and not too far.
  Sequence of(const ReplicaStanding& standing, const Position& position) const;
  // What can be imported now. Nothing: no state is wanted, or nobody may give one yet.
  std::optional<Import::Goal> goal(const ReplicaStanding& standing, const Position& position) const;

 private:
  Config config_;
  bool was_tried_ = false;
  Sequence spent_;  // of a sealed checkpoint that nobody could give
};

}  // namespace tally
