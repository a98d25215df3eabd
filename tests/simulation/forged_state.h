// SPDX-License-Identifier: Apache-2.0
// The state that a lying donor gave away. The liar keeps it, so that it can vote as a replica would
// that believed the lie.
#pragma once

#include <memory>

#include "protocol/messages.h"
#include "replica/state.h"

namespace tally::simulation {

class Referee;

class ForgedState {
 public:
  // Takes a chunk as it left the liar. The first chunk of a checkpoint starts over. `fresh` is an
  // empty state.
  void gave(const StateChunk& chunk, std::unique_ptr<State> fresh);
  // The vote of whoever believed the lie, where the liar's right vote would be `honest`. Returns
  // nothing if nobody can have believed it.
  std::optional<Vote> vote(const Vote& honest, const Referee& referee);

 private:
  std::unique_ptr<State> state_;
  Sequence applied_;
  bool complete_ = false;
};

}  // namespace tally::simulation
