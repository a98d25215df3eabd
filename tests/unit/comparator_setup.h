// SPDX-License-Identifier: Apache-2.0
// A comparator as its tests and micro-benchmarks have it.
#pragma once

#include "comparator/core.h"

namespace tally {

inline constexpr Duration ack_timeout = milliseconds(250);
inline constexpr unsigned ack_misses = 4;
inline constexpr Incarnation self(77);

inline ComparatorCore::Config filled(ComparatorCore::Config config, std::size_t replicas) {
  config.incarnation = self;
  config.pid = 123;
  config.replicas = replicas;
  config.ack_timeout = ack_timeout;
  config.ack_misses = ack_misses;
  return config;
}

// All of them vote.
inline View first_view(std::size_t replicas) {
  View view;
  view.term = Term(1);
  view.group = GroupId(5);
  view.number = ViewNumber(1);
  view.comparator = self;
  for (std::uint64_t id = 1; id <= replicas; ++id)
    view.members.push_back({ReplicaId(id), MemberRole::voter, Recovery(1)});
  return view;
}

}  // namespace tally
