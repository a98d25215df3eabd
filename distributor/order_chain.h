// SPDX-License-Identifier: Apache-2.0
// The newest end of the one total order, where the next order is made.
//
// Each order names its predecessor's chain and carries its own, a running digest over all orders,
// so that two histories that differ anywhere differ in every later order (law 1). Time reaches
// replicas only inside orders (law 5): served time goes on by at most limits::served_time_step from
// one order to the next, so that a distributor that was suspended lets nothing expire at once;
// calendar time never goes backwards, whatever is done to the wall clock.
//
// Pure; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/journal_facts.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class OrderChain {
 public:
  // Goes on from the journal's last order. `key_secret`: random, for the first order of a new
  // group.
  OrderChain(const RecoveredJournal& journal, const Digest& key_secret, Instant now)
      : term_(journal.term),
        began_(journal.last.sequence),
        last_(journal.last),
        served_(journal.served),
        calendar_(journal.calendar),
        made_at_(now),
        key_secret_(key_secret) {}

  // The next order, with these requests.
  Order extend(std::vector<Request> requests, const Moment& at);

  Term term() const { return term_; }
  const OrderIdentity& last() const { return last_; }
  // The last order before this term.
  Sequence began() const { return began_; }
  // In this term.
  std::uint64_t orders() const { return last_.sequence.value - began_.value; }
  std::uint64_t requests() const { return requests_; }

 private:
  Term term_;
  Sequence began_;
  OrderIdentity last_;
  ServedTime served_;
  CalendarTime calendar_;
  Instant made_at_;
  Digest key_secret_;
  std::uint64_t requests_ = 0;
};

}  // namespace tally
