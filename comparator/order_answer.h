// SPDX-License-Identifier: Apache-2.0
// One answer to an order, which is kept once however many replicas gave it, and how it is compared
// with others.
//
// The results are kept whole while there is room for them. Then only their size and digest are
// left, which still tell whether another vote is equal.
//
// Pure values, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/messages.h"

namespace tally {

struct OrderAnswer {
  Digest chain;
  Digest state;
  std::string results;
  bool whole = true;
  std::size_t results_size = 0;
  std::optional<Digest> results_digest;  // is there once it was wanted

  explicit OrderAnswer(Vote&& vote)
      : chain(vote.order.chain), state(vote.state), results(std::move(vote.results)), results_size(results.size()) {}

  Digest digest_of_results() const { return results_digest ? *results_digest : digest_of(results); }
  // From now on the digest is at hand.
  void digest_results() { results_digest = digest_of_results(); }
  // Forgets the bytes of the results and keeps their digest.
  void reduce();
};

// Votes are equal if order, digest of the state and bytes of the results are equal (law 11). `vote`
// must be on an order of the same term and sequence.
bool is_equal(const OrderAnswer& answer, const Vote& vote);

enum class Difference : std::uint8_t { none, state, results, both, order };

// In what `other` differs from the decided answer, field by field. It serves as evidence; votes are
// counted without it.
Difference difference_of(const OrderAnswer& decided, const OrderAnswer& other);
std::string_view to_string(Difference difference);

}  // namespace tally
