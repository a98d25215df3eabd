// SPDX-License-Identifier: Apache-2.0
// How a faulty replica answers. Its core is right, but what leaves it is not. There is one fault at
// a time, which may be every lie at once.
#pragma once

#include <deque>
#include <vector>

#include "protocol/messages.h"
#include "simulation/plan.h"
#include "simulation/random.h"

namespace tally::simulation {

class Liar {
 public:
  // `alone`: no two liars may say the same wrong thing, because there may be more than f of them.
  Liar(Random random, bool alone) : random_(random), alone_(alone) {}

  void begin(FaultName fault, double share, Instant until);
  void end() { until_ = {}; }
  bool active(Instant now) const { return now < until_; }
  // Whether the fault strikes on this occasion.
  bool strikes(FaultName fault, Instant now);

  // What is sent in place of the honest message.
  std::vector<Vote> votes(const Vote& honest, Instant now);
  ReplicaReport report(ReplicaReport honest, Instant now);
  StateChunk chunk(StateChunk honest, Instant now);
  // What it asks another replica for, beside what its core asks for.
  std::vector<StateRequest> requests(const ReplicaReport& honest, Instant now);
  // Changes one byte of one counter, by default the lowest one of its value, and the digest so that it
  // fits.
  static void forge_counter(StateChunk& chunk, std::size_t place = 8);

 private:
  FaultName draw_vote_fault();
  void lie_about(CheckpointSeal& seal);
  Vote wrong_value(Vote vote);
  Vote wrong_digest(Vote vote);
  Vote stale(Vote vote);
  Vote odd(Vote vote);
  std::vector<Vote> lie(FaultName fault, Vote vote);

  Random random_;
  bool alone_;
  FaultName fault_{};
  double share_ = 0;
  Instant until_;
  std::deque<Vote> earlier_;
  bool forged_ = false;
};

}  // namespace tally::simulation
