// SPDX-License-Identifier: Apache-2.0
// What clients ask for. Every change carries a tag of its own in its value. A change with an
// idempotency key may be asked for again when its outcome is unknown, also by another client. Where
// a call depends on what is there, it is on what clients were told last, which may be over.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "client/answer.h"
#include "protocol/time.h"
#include "simulation/plan.h"
#include "simulation/random.h"

namespace tally::simulation {

class Workload {
 public:
  explicit Workload(const WorkloadPlan& plan) : plan_(plan) {}

  // `now`: what the calendar says outside the group.
  std::vector<OwnedOperation> draw(Random& random, CalendarTime now);
  void completed(const std::vector<OwnedOperation>& operations, const std::vector<Answer>& answers, Random& random);

 private:
  OwnedOperation draw_one(Random& random);
  OwnedOperation draw_read(Random& random);
  OwnedOperation draw_change(Random& random);
  OwnedOperation draw_check(Random& random, std::uint32_t depending);
  std::vector<OwnedOperation> draw_conditional(Random& random);
  void give_terms(OwnedOperation& change, Random& random) const;
  Expiry draw_expiry(Random& random) const;
  std::string draw_name(Random& random);

  WorkloadPlan plan_;
  std::uint64_t tags_ = 0;
  std::uint64_t keys_ = 0;
  CalendarTime now_;
  std::deque<OwnedOperation> again_;  // changes with a key that may be asked for once more
  struct Known {
    std::int64_t value = 0;
    std::uint64_t last_change = 0;
  };
  std::map<std::string, Known> known_;  // of counters, as clients were told last
  std::int64_t cursor_ = 0;             // where the last scan ended
};

}  // namespace tally::simulation
