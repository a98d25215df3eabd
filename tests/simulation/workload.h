// SPDX-License-Identifier: Apache-2.0
// What clients ask for. Every change carries a tag of its own in its value. A change with an
// idempotency key may be asked for again when its outcome is unknown, also by another client.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "client/answer.h"
#include "simulation/plan.h"
#include "simulation/random.h"

namespace tally::simulation {

class Workload {
 public:
  explicit Workload(const WorkloadPlan& plan) : plan_(plan) {}

  std::vector<OwnedOperation> draw(Random& random);
  void completed(const std::vector<OwnedOperation>& operations, const std::vector<Answer>& answers, Random& random);

 private:
  OwnedOperation draw_one(Random& random);
  OwnedOperation draw_read(Random& random);
  OwnedOperation draw_change(Random& random);
  std::string draw_name(Random& random);

  WorkloadPlan plan_;
  std::uint64_t tags_ = 0;
  std::uint64_t keys_ = 0;
  std::deque<OwnedOperation> again_;  // changes with a key that may be asked for once more
};

}  // namespace tally::simulation
