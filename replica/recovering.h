// SPDX-License-Identifier: Apache-2.0
// Which recovery a replica has carried out, and what a standing asks of it beyond that.
//
// The distributor numbers the recoveries of each replica. When it evicts one, it asks for the next
// recovery, and the votes that were made before that one do not count any more. A recovery means to
// load a checkpoint and to execute again what came after it. Two kinds of replica keep their memory
// instead, and have nothing more to do:
// - one whose state is fresh from a checkpoint and has said nothing yet, since loading it was the
//   recovery;
// - one that was evicted for its silence, because silence says nothing against a state, which is
//   proven on probation like any other. But when votes are wanted of orders that it has executed,
//   it executes them again: the votes of its life before do not count, and the group may be waiting
//   for them.
//
// Pure, one thread, driven by the core.
#pragma once

#include <cstdint>

#include "protocol/messages.h"

namespace tally {

class Recovering {
 public:
  enum class Step : std::uint8_t {
    none,
    carried_out,  // to be reported; nothing else is to be done
    keep_state,   // likewise, and votes and captures until now prove nothing any more
    roll_back,    // to a checkpoint; carried_out() stays what it was until that is loaded
  };

  // The state is fresh: whatever recovery is asked for next has been carried out by that.
  void state_is_fresh() { is_fresh_ = true; }

  // What is to be done about the recovery that a standing asks for. `is_new_term`: it is the first
  // one of its term. `is_untouched`: nothing was executed or said since the state was loaded.
  // `applied`: the last order in the state.
  Step follow(const ReplicaStanding& standing, bool is_new_term, bool is_untouched, Sequence applied);

  Recovery carried_out() const { return carried_out_; }
  bool is_asked_for_by(const ReplicaStanding& standing) const { return standing.recovery > carried_out_; }

 private:
  bool may_keep_state(const ReplicaStanding& standing, bool is_untouched, Sequence applied) const;

  Recovery carried_out_;
  bool is_fresh_ = true;
};

}  // namespace tally
