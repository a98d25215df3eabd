// SPDX-License-Identifier: Apache-2.0
// What a replica says of its state: a vote on each order that it is asked for, and the proof that a
// group asks for when it has no majority (law 14).
//
// An order is executed in any case. Its results make a vote only if the order is one to be voted
// on, and nobody sees them otherwise. The results are written into the memory that leaves with the
// vote, which is reserved in the size of the vote before, so that an order usually costs one
// allocation.
//
// Pure, one thread, driven by the core.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "protocol/messages.h"

namespace tally {

class Voting {
 public:
  explicit Voting(Incarnation incarnation) : incarnation_(incarnation) {}

  // Of a new state nothing has been said.
  void begin() {
    has_voted_ = false;
    proof_ = {};
  }

  // Where the results of the next order are to be written. `is_wanted`: a vote is to be made of
  // them.
  std::string& results(bool is_wanted) {
    results_.clear();
    if (is_wanted) results_.reserve(usual_bytes_);
    has_voted_ = is_wanted;
    return results_;
  }
  // Precondition: results(true) was called last, and what it returned is filled.
  Vote vote(const OrderIdentity& order, Recovery recovery, const Digest& state) {
    usual_bytes_ = results_.size();
    return {order, incarnation_, recovery, state, std::exchange(results_, {})};
  }
  // Whether there was a vote on the last order.
  bool has_voted() const { return has_voted_; }

  void prove(const OrderState& state) { proof_ = state; }
  const OrderState& proof() const { return proof_; }  // sequence zero: none was given
  bool has_proven() const { return proof_.order.sequence.value != 0; }

 private:
  Incarnation incarnation_;
  std::string results_;
  std::size_t usual_bytes_ = 0;  // of results
  bool has_voted_ = false;
  OrderState proof_;
};

}  // namespace tally
