// SPDX-License-Identifier: Apache-2.0
// A client with one session (client/session.h), that calls when it is told to.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "client/session.h"
#include "scenarios/narrator.h"
#include "simulation/node.h"

namespace tally::scenarios {

class ScriptedClient : public simulation::Node {
 public:
  // `number`: which of the clients it is; takes the place of chance.
  ScriptedClient(simulation::World& world, Narrator& narrator, const std::string& name, std::uint64_t number);

  static constexpr std::size_t comparator_channel = 0;
  static constexpr std::size_t distributor_channel = 1;
  void set_distributor(simulation::Link& link) { distributor_ = &link; }
  void set_comparator(simulation::Link& link) { comparator_ = &link; }

  void call(OwnedOperation operation, Duration patience);
  bool idle() const { return calls_.empty(); }

 private:
  void begin() override;
  void end() override;
  Instant turn() override;
  void carry_out(SessionOutput output);

  Narrator& narrator_;
  std::uint64_t number_;
  simulation::Link* distributor_ = nullptr;
  simulation::Link* comparator_ = nullptr;
  std::unique_ptr<SessionCore> core_;
  std::map<CallId, OwnedOperation> calls_;
  std::uint64_t last_call_ = 0;
};

}  // namespace tally::scenarios
