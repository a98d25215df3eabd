// SPDX-License-Identifier: Apache-2.0
// One kind of clients that the bridge serves, as bridge/service.h drives it: HTTP is one, Redis
// clients are another. It is an interface, so that what all doors share knows none of them.
//
// Thread: the io_context's.
#pragma once

#include <cstddef>

#include "bridge/counts.h"
#include "protocol/time.h"

namespace tally::bridge {

class Door {
 public:
  virtual void start() = 0;
  // Called after Site::now has moved on: closes connections whose deadline has passed.
  virtual void tick() = 0;
  // The whole process stood still for so long: nobody who waited meanwhile is judged by that.
  virtual void forgive(Duration pause) = 0;
  // Accepts no more connections, serves what is under way, and closes soon. Site::draining is set.
  virtual void drain() = 0;
  virtual std::size_t connections() const = 0;  // that are open
  virtual DoorFigures figures() const = 0;

 protected:
  ~Door() = default;
};

}  // namespace tally::bridge
