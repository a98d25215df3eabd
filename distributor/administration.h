// SPDX-License-Identifier: Apache-2.0
// What operators ask for: to evict a replica and to readmit it, to inject a fault, to resume a
// group that does not decide, and to void an order that no replica survives.
//
// A command is carried out only with the group's admin token. An order can be voided only while it
// is certain that it was not answered, because what was answered must not be undone (laws 8 and
// 17). Pure; one thread.
#pragma once

#include <optional>
#include <string>

#include "distributor/membership.h"
#include "protocol/administration.h"

namespace tally {

// What is known of the orders that an operator may ask to void.
struct VoidableOrders {
  Sequence first;  // of those that the journal has
  Sequence last;
  // The last order before this term: ballots of earlier terms are closed,.
  Sequence began;
  bool comparator_has_joined = false;  // once the comparator is in this term
  Sequence agreed;                     // the newest that is known to be decided
  Sequence executed;                   // the newest that a replica is known to have executed
  // Something was decided in this term, and the group is not stalled.
  bool decides = false;
};

class Administration {
 public:
  struct Config {
    std::string token;  // empty: no command is accepted
    bool fault_injection = false;
  };
  struct Outcome {
    AdminReply reply;
    ViewChange change = {};
    bool ends_term = false;              // all roll back
    std::optional<Fault> injected = {};  // for the command's target
  };

  explicit Administration(Config config) : config_(std::move(config)) {}

  // `hears`: whether the command's target would get a message that is sent now.
  Outcome carry_out(const AdminCommand& command, const VoidableOrders& orders, bool hears, Membership& membership,
                    const Moment& at) const;

 private:
  Outcome resume(const AdminCommand& command, const VoidableOrders& orders, Membership& membership,
                 const Moment& at) const;
  std::optional<Outcome> refusal_of_fault(const AdminCommand& command, bool hears) const;
  Outcome inject(const AdminCommand& command, bool hears, Membership& membership, const Moment& at) const;
  Outcome inject_into_role(const AdminCommand& command, bool hears) const;

  Config config_;
};

// Why this order must not be voided; null: it may be.
const char* refusal_to_void(Sequence sequence, const VoidableOrders& orders, const JournaledView& view);

}  // namespace tally
