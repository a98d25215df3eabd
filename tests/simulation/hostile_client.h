// SPDX-License-Identifier: Apache-2.0
// A client that means no good. Whatever it sends, honest clients must get right answers, and must
// get them exactly once (laws 24 and 25). It knows the names of all sessions, as if a lying replica
// had told it, and none of their secrets.
#pragma once

#include <vector>

#include "protocol/messages.h"
#include "protocol/operations.h"
#include "simulation/node.h"

namespace tally::simulation {

class HostileClient : public Node {
 public:
  explicit HostileClient(World& world);

  static constexpr std::size_t comparator_channel = 0;
  static constexpr std::size_t distributor_channel = 1;
  void set_distributor(Link& link) { distributor_ = &link; }
  void set_comparator(Link& link) { comparator_ = &link; }

 private:
  void begin() override;
  void end() override {}
  Instant turn() override;
  ClientRequest draw_request();
  SessionSecret draw_secret();
  std::uint64_t draw_number();
  std::string draw_operations();
  void draw_terms(Operation& operation);

  Link* distributor_ = nullptr;
  Link* comparator_ = nullptr;
  std::vector<SessionSecret> secrets_;  // of sessions that it may have opened
  std::vector<ClientRequest> sent_;     // some requests, to be sent again, as they were or changed
  Instant next_;
};

}  // namespace tally::simulation
