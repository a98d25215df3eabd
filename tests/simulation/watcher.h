// SPDX-License-Identifier: Apache-2.0
// Looks on, and may change what is sent. The scenarios print what they see in this way
// (tests/scenarios/).
#pragma once

#include "distributor/core.h"
#include "protocol/event.h"
#include "simulation/network.h"

namespace tally::simulation {

class Watcher {
 public:
  virtual ~Watcher() = default;

  // A message is about to be sent on a connection. What this returns is sent in its place; if it is
  // null, the message is lost.
  virtual Parcel sending(Link&, bool /*up*/, Parcel message) { return message; }
  virtual void happened(const Node&, const Event&) {}
  virtual void process(const Node&, bool /*started*/) {}
  virtual void journaled(const JournalRecord&) {}
  virtual void synced() {}
};

}  // namespace tally::simulation
