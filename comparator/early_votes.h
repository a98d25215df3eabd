// SPDX-License-Identifier: Apache-2.0
// Votes of one replica that came before the view that they belong to.
//
// A replica may hear of a new term or of its own recovery before the comparator does. Only the
// distributor is believed about either, so such votes wait here until its view has come. The newest
// ones are kept, within two bounds: limits::vote_lead votes, and BallotWindow::held_result_bytes of
// results.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "comparator/ballot_window.h"
#include "protocol/limits.h"
#include "protocol/messages.h"

namespace tally {

class EarlyVotes {
 public:
  // Returns how many older votes had to go.
  std::uint64_t keep(Vote&& vote) {
    bytes_ += vote.results.size();
    votes_.push_back(std::move(vote));
    std::uint64_t dropped = 0;
    for (; votes_.size() > limits::vote_lead || bytes_ > BallotWindow::held_result_bytes; ++dropped) {
      bytes_ -= votes_.front().results.size();
      votes_.pop_front();
    }
    return dropped;
  }

  // All of them, oldest first; none are left.
  std::deque<Vote> take() {
    bytes_ = 0;
    return std::exchange(votes_, {});
  }

 private:
  std::deque<Vote> votes_;
  std::size_t bytes_ = 0;  // of their results
};

}  // namespace tally
