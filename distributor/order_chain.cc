// SPDX-License-Identifier: Apache-2.0
#include "distributor/order_chain.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"

namespace tally {

Order OrderChain::extend(std::vector<Request> requests, const Moment& at) {
  served_ = served_ + std::min(at.now - made_at_, limits::served_time_step);
  calendar_ = std::max(calendar_, at.wall);
  made_at_ = at.now;
  Order order;
  order.previous = last_.chain;
  order.served = served_;
  order.calendar = calendar_;
  order.semantics = limits::semantics_version;
  if (last_.sequence.value == 0) order.key_secret = key_secret_;
  order.requests = std::move(requests);
  order.id = {term_, last_.sequence.next(), {}};
  order.id.chain = chain_of(order);
  last_ = order.id;
  requests_ += order.requests.size();
  return order;
}

}  // namespace tally
