// SPDX-License-Identifier: Apache-2.0
// Somebody who looks on, and may lay hands on a message: the scenarios print what they see (tests/scenarios/).
#pragma once

#include "distributor/core.h"
#include "protocol/event.h"
#include "simulation/network.h"

namespace tally::simulation {

class Watcher {
 public:
  virtual ~Watcher() = default;

  // A message goes out on a connection. What comes back is sent in its place; none: it is lost.
  virtual Parcel sending(Link&, bool /*up*/, Parcel message) { return message; }
  virtual void happened(const Node&, const Event&) {}
  virtual void process(const Node&, bool /*started*/) {}
  virtual void journaled(const JournalRecord&) {}
  virtual void synced() {}
};

}  // namespace tally::simulation
