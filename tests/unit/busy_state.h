// SPDX-License-Identifier: Apache-2.0
// A state that random orders change all the time, while its sessions and keys expire.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "replica/state.h"
#include "replica_fixture.h"

namespace tally::testing {

inline StateLimits short_lives() {
  StateLimits limits;
  limits.session_lifetime = seconds(60);
  limits.idempotency_key_lifetime = seconds(40);
  return limits;
}

struct BusyState {
  std::uint64_t names;  // how many counters there are at most
  std::uint64_t keys;   // how many idempotency keys are chosen from
  std::mt19937_64 random{20'261'123};
  OrderChain chain;
  State state{short_lives(), 1};
  std::vector<std::pair<SessionId, std::uint64_t>> sessions;  // each with its newest request's number

  BusyState(std::uint64_t most_names, std::uint64_t of_keys) : names(most_names), keys(of_keys) {}

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  // An order of a few requests.
  void run() {
    chain.served = chain.served + milliseconds(static_cast<std::int64_t>(below(200)));
    std::vector<Request> requests;
    if (sessions.empty() || below(10) == 0) {
      const SessionId opened = session_named(sessions.size());
      requests.push_back(open_session(opened));
      sessions.push_back({opened, 0});
    }
    for (std::uint64_t count = below(4); count > 0; --count) {
      auto& [session, number] = sessions[sessions.size() - 1 - below(std::min<std::uint64_t>(sessions.size(), 30))];
      const std::string name = "n" + std::to_string(below(names));
      const std::string key = below(2) ? "" : "k" + std::to_string(below(keys));
      ++number;
      requests.push_back(request(session, number, {addition(name, 1, key), below(4) ? reading(name) : removal(name)},
                                 number - below(std::min<std::uint64_t>(number, 5)) - 1));
    }
    std::string results;
    state.apply(chain.next(std::move(requests)), results);
  }
};

}  // namespace tally::testing
