// SPDX-License-Identifier: Apache-2.0
// What all parts of one simulation share.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "simulation/agenda.h"
#include "simulation/ledger.h"
#include "simulation/network.h"
#include "simulation/plan.h"
#include "simulation/random.h"
#include "simulation/referee.h"
#include "simulation/trace.h"
#include "simulation/watcher.h"

namespace tally::simulation {

// An invariant of the product or of the simulator does not hold.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct World {
  World(const Plan& drawn, bool prints)
      : plan(drawn), trace(agenda, prints), random(plan.seed + 0x5EED), network(*this), referee(*this), ledger(*this) {}

  [[noreturn]] void fail(const std::string& why) {
    trace.line("referee", "VIOLATION: ", why);
    throw Violation(why);
  }

  // What the calendar says where nobody has set a clock.
  CalendarTime calendar() const {
    constexpr std::int64_t epoch_ms = 1'800'000'000'000;
    return {epoch_ms + agenda.now().nanoseconds / 1'000'000};
  }

  Plan plan;
  Agenda agenda;
  Trace trace;
  Random random;
  Network network;
  Referee referee;
  Ledger ledger;
  Watcher* watcher = nullptr;  // null: nobody looks on
};

}  // namespace tally::simulation
