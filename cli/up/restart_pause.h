// SPDX-License-Identifier: Apache-2.0
// How long to wait before a daemon that died is started again: not at all the first time, then 100
// ms, and twice as long each time, up to 5 s. The pauses begin anew for a daemon that has served
// for a while. So a daemon that is killed again and again is always back at once, and one that
// cannot serve is not started in a tight loop. Pure.
#pragma once

#include <algorithm>

#include "protocol/time.h"

namespace tally::cli {

class RestartPause {
 public:
  static constexpr Duration first = milliseconds(100);
  static constexpr Duration longest = seconds(5);
  static constexpr Duration long_enough = milliseconds(500);

  // The pause after a life in which the daemon has served for so long, from READY=1 on.
  Duration after(Duration served) {
    if (served >= long_enough) next_ = {};
    const Duration pause = next_;
    next_ = next_ == Duration{} ? first : std::min(next_ * 2, longest);
    return pause;
  }

 private:
  Duration next_;
};

}  // namespace tally::cli
