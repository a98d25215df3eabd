// SPDX-License-Identifier: Apache-2.0
// How long to wait before a daemon that died is started again: not at all the first time, then 100 ms, doubling up to
// 5 s. A daemon that served for a while starts from the beginning, so one that is killed again and again is always back
// at once, and one that cannot serve is not started in a tight loop. Pure.
#pragma once

#include <algorithm>

#include "protocol/time.h"

namespace tally::cli {

class RestartPause {
 public:
  static constexpr Duration first = milliseconds(100);
  static constexpr Duration longest = seconds(5);
  static constexpr Duration long_enough = milliseconds(500);

  // The pause after a life in which it served (READY=1) for so long.
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
