// SPDX-License-Identifier: Apache-2.0
// f+1 of 2f+1 replicas, and what at least one honest replica vouches for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace tally {

// f+1 of so many replicas.
constexpr std::size_t quorum_of(std::size_t replicas) { return (replicas - 1) / 2 + 1; }

// The largest value that at least `quorum` replicas claim; a default Value if there are fewer claims.
// One of f+1 replicas is honest, so one that is honest knows of it.
template <class Value>
Value claimed_by(std::size_t quorum, std::vector<Value> claims) {
  if (claims.size() < quorum) return {};
  std::ranges::sort(claims, std::greater<>());
  return claims[quorum - 1];
}

}  // namespace tally
