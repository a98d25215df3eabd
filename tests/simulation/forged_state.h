// SPDX-License-Identifier: Apache-2.0
// The state that a lying donor gave away, kept by the liar: so that it can vote as whoever believed it would.
#pragma once

#include <memory>

#include "protocol/messages.h"
#include "replica/state.h"

namespace tally::simulation {

class Referee;

class ForgedState {
 public:
  // A chunk as it leaves the liar; the first one of a checkpoint starts over. `fresh`: an empty state.
  void gave(const StateChunk& chunk, std::unique_ptr<State> fresh);
  // What the believer votes where the liar would rightly have voted `honest`; nothing: nobody believes it.
  std::optional<Vote> vote(const Vote& honest, const Referee& referee);

 private:
  std::unique_ptr<State> state_;
  Sequence applied_;
  bool complete_ = false;
};

}  // namespace tally::simulation
