// SPDX-License-Identifier: Apache-2.0
// Judges whether a peer that owes a word has been silent for too long (law 23). Pure.
//
// Law 12 holds here too: whoever looks late begins anew before it judges anybody.
#pragma once

#include <optional>

#include "protocol/time.h"

namespace tally {

class Silence {
 public:
  static constexpr Duration patience = seconds(3);

  // A word is due from now on, unless one was due already.
  void expect(Instant now) {
    if (!since_) since_ = now;
  }
  bool expects() const { return since_.has_value(); }

  void heard() { since_.reset(); }

  // Whether the peer has been silent for too long. It says so once, and then behaves as if the peer
  // had been heard. To be called at least once a second.
  bool is_over(Instant now) {
    const bool late = now - looked_ > patience / 2;
    looked_ = now;
    if (!expects()) return false;
    if (late) since_ = now;
    if (now - *since_ < patience) return false;
    heard();
    return true;
  }

 private:
  std::optional<Instant> since_;  // a word is due
  Instant looked_;
};

}  // namespace tally
