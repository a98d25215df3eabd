// SPDX-License-Identifier: Apache-2.0
// How every role core is driven, by its daemon and by the simulator alike.
//
// A core is a value-in, value-out machine on one thread: receive(...) for each input, then
// tick(now), then take_output() for all that it wants done; another turn is due at next_deadline()
// at the latest. It owns no socket, file, thread or clock.
#pragma once

#include <utility>

#include "protocol/time.h"

namespace tally {

// One turn: everything that has come in (`receive_all` calls core.receive for each), then the
// clock, then the output.
template <class Core, class ReceiveAll>
auto turn(Core& core, Instant now, ReceiveAll&& receive_all) {
  std::forward<ReceiveAll>(receive_all)(core);
  core.tick(now);
  return core.take_output();
}

}  // namespace tally
