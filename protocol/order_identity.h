// SPDX-License-Identifier: Apache-2.0
// What names an order, and a state after it.
#pragma once

#include "protocol/digest.h"
#include "protocol/ids.h"

namespace tally {

// An order, its ballot, its votes and the reports on it belong together only if all three are
// equal.
struct OrderIdentity {
  Term term;
  Sequence sequence;
  Digest chain;  // running digest over all orders up to and including this one
  auto operator<=>(const OrderIdentity&) const = default;
};

// What a state is after an order.
struct OrderState {
  OrderIdentity order;
  Digest state;  // of the whole state
  auto operator<=>(const OrderState&) const = default;
};

}  // namespace tally
