// SPDX-License-Identifier: Apache-2.0
// What has been decided since the comparator started, as the report tells it: the newest decision,
// the newest one that the journal is known to hold, how long decisions took, and how large the
// orders were.
//
// Ballots may be decided in another order than their sequences, so "newest" goes by term and
// sequence.
//
// Part of the comparator's core: one thread; it is told the time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "comparator/ballot.h"
#include "protocol/histogram.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Decided {
 public:
  struct Answer {
    Digest state;
    Digest results = {};      // digest of the results
    std::uint32_t votes = 0;  // equal ones
  };
  // The ballot is, or is about to be, decided for this answer. `operations` are in its order.
  void decided(const Ballot& ballot, const Answer& answer, std::uint64_t operations, Instant now) {
    const OrderIdentity& order = ballot.order();
    histograms::observe(durations_, now - ballot.heard_at());
    order_operations_.observe(histograms::size_bounds, operations);
    if (order.sequence > agreed_.order.sequence || order.term > agreed_.order.term) {
      agreed_ = {order, answer.state};
      results_ = answer.results;
      votes_ = answer.votes;
    }
    if (ballot.is_synced()) synced_ = std::max(synced_, order);
  }

  const OrderState& agreed() const { return agreed_; }
  // Of the same decision.
  const Digest& results() const { return results_; }
  std::uint32_t votes() const { return votes_; }
  const OrderIdentity& synced() const { return synced_; }  // sequence zero: none
  // From the first that was heard of an order until it was decided.
  const Histogram& durations() const { return durations_; }
  const Histogram& order_operations() const { return order_operations_; }

 private:
  OrderState agreed_;
  Digest results_;
  std::uint32_t votes_ = 0;
  OrderIdentity synced_;
  Histogram durations_;
  Histogram order_operations_;
};

}  // namespace tally
