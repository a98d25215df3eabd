// SPDX-License-Identifier: Apache-2.0
// Whom a client talks to: which life of the distributor (its term), and which one of the comparator
// (its incarnation).
//
// Both are greeted until they have answered with a welcome. Whoever welcomes us in another life
// than before has forgotten what was on its way, so what is in flight has to be sent again.
//
// Part of the session core: pure, one thread, instants never go back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Peers {
 public:
  enum class Life : std::uint8_t {
    same,
    next,
    past,  // of a distributor that was replaced; its words come late
  };

  // `own`: this client's incarnation.
  Peers(Incarnation own, Instant now) : own_(own), next_hello_(now) {}

  // The first distributor that is heard of is no next one: nothing can be lost by having been sent
  // before.
  Life receive(const DistributorWelcome& welcome);
  Life receive(const ComparatorWelcome& welcome);

  // Before that, no request may be sent, since its answer could not be delivered.
  bool comparator_is_known() const { return comparator_.has_value(); }

  // Greets those that have not answered yet, if it is time to.
  void say_hello(Instant now, std::vector<Message>& to_distributor, std::vector<Message>& to_comparator);
  // never() once both have answered.
  Instant next_hello() const { return both_are_known() ? Instant::never() : next_hello_; }

 private:
  static constexpr Duration hello_period = milliseconds(250);

  bool both_are_known() const { return distributor_ && comparator_; }

  Incarnation own_;
  std::optional<Term> distributor_;
  std::optional<Incarnation> comparator_;
  Instant next_hello_;
};

}  // namespace tally
