// SPDX-License-Identifier: Apache-2.0
// Law 14: when no majority was found, everybody has rolled back and executed again. Do f+1 replicas
// reproduce the last decided state?
//
// Each replica speaks for itself; one that lies here dissents later. A wrong proof may come from a
// checkpoint that a donor lied about: where another replica is right, there is something to be
// reproduced, so those that are wrong try again with what else they have. A pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "protocol/messages.h"

namespace tally {

// A replica that may take part: no operator holds it, and it votes or is there.
struct Reproducer {
  ReplicaId replica;
  // nothing: it has said nothing yet of the agreed order or a later one.
  std::optional<OrderState> proof;
  bool is_awaited = false;  // without a proof: it is there, and may still give one
};

struct Reproduction {
  enum class Finding {
    waiting,
    reproduced,  // `replicas` have; or nothing was ever agreed, and nobody has to
    wrong,       // `replicas` have reproduced something else than others, who are right
    hopeless,    // too few are left that may reproduce it
  };
  Finding finding = Finding::waiting;
  std::vector<ReplicaId> replicas;
};

// `majority`: f+1. When the wrong ones have nothing else to try, ask again with `may_retry` false.
Reproduction find_reproduction(const std::vector<Reproducer>& reproducers, const OrderState& agreed,
                               std::size_t majority, bool may_retry);

}  // namespace tally
