// SPDX-License-Identifier: Apache-2.0
// The newest orders, encoded, for replicas that are not far behind: they are sent from here, and
// only older ones are read from the journal. Bounded by limits::recent_orders and recent_order_bytes.
//
// The shell's; one thread.
#pragma once

#include <cstddef>
#include <deque>

#include "protocol/ids.h"
#include "protocol/limits.h"
#include "runtime/channel.h"

namespace tally {

class RecentOrders {
 public:
  // The next order: sequence numbers have no gaps.
  void add(Sequence sequence, wire::EncodedMessage encoded) {
    const std::size_t bytes = encoded.body.size();
    orders_.push_back({sequence, SharedMessage(std::move(encoded)), bytes});
    bytes_ += bytes;
    while (orders_.size() > limits::recent_orders || bytes_ > limits::recent_order_bytes) {
      bytes_ -= orders_.front().bytes;
      orders_.pop_front();
    }
  }

  // Null: it is too old. Precondition: there is such an order.
  SharedMessage* find(Sequence sequence) {
    if (orders_.empty() || sequence < orders_.front().sequence) return nullptr;
    return &orders_.at(sequence.value - orders_.front().sequence.value).message;
  }

 private:
  struct Recent {
    Sequence sequence;
    SharedMessage message;
    std::size_t bytes;
  };

  std::deque<Recent> orders_;
  std::size_t bytes_ = 0;
};

}  // namespace tally
