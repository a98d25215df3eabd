// SPDX-License-Identifier: Apache-2.0
// Who has asked in this turn for an observation.
//
// One observation is made for all of them. Of one client the newest query counts, and each
// principal has room for limits::observers_per_turn clients (law 25). Whoever finds no room asks
// again.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "protocol/ids.h"
#include "protocol/limits.h"
#include "protocol/observation.h"

namespace tally {

struct Observer {
  ClientId client;
  ObservationQuery query;
};

class Observers {
 public:
  void add(const ClientId& client, const ObservationQuery& query) {
    const auto known = std::ranges::find(observers_, client, &Observer::client);
    if (known != observers_.end()) {
      known->query = query;
      return;
    }
    const auto of_principal = std::ranges::count(observers_, client.principal,
                                                 [](const Observer& observer) { return observer.client.principal; });
    if (static_cast<std::size_t>(of_principal) < limits::observers_per_turn) observers_.push_back({client, query});
  }

  // All of them; none are left.
  std::vector<Observer> take() { return std::exchange(observers_, {}); }

 private:
  std::vector<Observer> observers_;
};

}  // namespace tally
