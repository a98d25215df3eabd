// SPDX-License-Identifier: Apache-2.0
// What f replicas that lie cannot bring about alone: what f+1 of 2f+1 say.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace tally {

// f+1 of so many replicas.
constexpr std::size_t quorum_of(std::size_t replicas) { return (replicas - 1) / 2 + 1; }

// The largest value that so many claim at least; as it is made by default, if fewer claim anything.
// One of f+1 is right, so that what is claimed is known to somebody who is.
template <class Value>
Value claimed_by(std::size_t quorum, std::vector<Value> claims) {
  if (claims.size() < quorum) return {};
  std::ranges::sort(claims, std::greater<>());
  return claims[quorum - 1];
}

}  // namespace tally
