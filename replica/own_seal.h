// SPDX-License-Identifier: Apache-2.0
// The seal that a replica makes of one of its own checkpoints, so that another replica may import
// that checkpoint from whoever gives it (replica/checkpoint_seal.h).
//
//   begin (captured) → is_wanted_of (stored: seal it) → made → is_over (nobody imports it)
//
// A seal is reported for as long as the standing tells of its checkpoint, and the checkpoint is
// kept for so long.
//
// Pure, one thread, driven by the core.
#pragma once

#include <optional>

#include "protocol/messages.h"

namespace tally {

class OwnSeal {
 public:
  // The state after this order was captured, and is to be sealed once it is stored.
  void begin(Sequence checkpoint) { wanted_ = checkpoint; }
  // What was captured is gone.
  void drop() { wanted_ = {}; }
  bool is_wanted_of(Sequence checkpoint) const { return wanted_ == checkpoint; }

  // Nothing: it could not be made. Others need not wait for it.
  void made(Sequence checkpoint, const std::optional<CheckpointSeal>& seal) {
    newest_ = seal.value_or(CheckpointSeal{checkpoint, {}, 0});
  }
  const CheckpointSeal& newest() const { return newest_; }  // checkpoint zero: there is none

  // A seal is being made of the state after this order, which was executed, and none comes from
  // here: this replica was not ready then, or was started since.
  bool is_missed(const CheckpointSeal& told, Sequence applied) const {
    const Sequence asked = told.checkpoint;
    const bool is_collected = asked.value != 0 && !told.is_known();
    return is_collected && asked <= applied && asked != wanted_ && asked != newest_.checkpoint;
  }

  // True, once: the standing tells of another seal than the newest one here, or of none.
  bool is_over(const CheckpointSeal& told) {
    if (newest_.checkpoint.value == 0 || told.checkpoint == newest_.checkpoint) return false;
    newest_ = {};
    return true;
  }

 private:
  Sequence wanted_;
  CheckpointSeal newest_;
};

}  // namespace tally
