// SPDX-License-Identifier: Apache-2.0
// Clients that have greeted a comparator which cannot welcome them yet. A welcome says that what
// was not answered is to be sent again, so it must not come before the ballots of an earlier
// comparator are closed (law 15).
//
// Each principal has room for limits::known_clients of them (law 25). Whoever finds no room greets
// again.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <map>
#include <vector>

#include "protocol/ids.h"
#include "protocol/limits.h"

namespace tally {

class WaitingClients {
 public:
  void add(const ClientId& client) {
    std::vector<ClientId>& waiting = by_principal_[client.principal];
    if (waiting.size() < limits::known_clients) waiting.push_back(client);
  }

  // Appends all of them; none are left.
  void move_to(std::vector<ClientId>& welcomes) {
    for (const auto& [principal, clients] : by_principal_)
      welcomes.insert(welcomes.end(), clients.begin(), clients.end());
    by_principal_.clear();
  }

 private:
  std::map<Principal, std::vector<ClientId>> by_principal_;
};

}  // namespace tally
