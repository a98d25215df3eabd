// SPDX-License-Identifier: Apache-2.0
// When a replica reports to the distributor, and when it asks for orders again (laws 1 and 22).
//
// It reports at once after a start, a roll-back, a new connection, a quarter of the window, and a
// newly found gap; every 50 ms while something moves or is missing; and every 250 ms otherwise. It
// asks for orders again at most every 50 ms, and a second time only if nothing was applied since
// the last report. While it has no state, because one is being loaded, it says only that it is
// there, every 250 ms.
//
// Pure, one thread, driven by the core; instants never go back.
#pragma once

#include <cstdint>
#include <optional>

#include "protocol/ids.h"
#include "protocol/limits.h"
#include "protocol/time.h"

namespace tally {

class Reporting {
 public:
  static constexpr Duration busy_period = milliseconds(50);
  static constexpr Duration idle_period = milliseconds(250);
  static constexpr std::uint64_t orders_per_report = limits::replica_window_orders / 4;

  // The state is a new one: report at once, and have the stream go on from there.
  void restart(Instant now);
  // There is no state until restart(). So it is at first.
  void await_state();
  // Report at once.
  void request(Instant now);
  void applied(Sequence applied, Instant now);
  // Something was sent that `applied` does not lead up to. Once everything is here, it should be at
  // `through`.
  void missed(Sequence through, Sequence applied, Instant now);

  // `behind`: orders are known to exist after `applied`.
  void tick(Sequence applied, bool behind, Instant now);
  void tick_without_state(Instant now);
  // Never: it awaits a state, and was not told the time since.
  Instant next_deadline(Sequence applied) const;

  struct Due {
    bool resend = false;
  };
  // The report that is due, which counts as sent from now on.
  std::optional<Due> take(Sequence applied);

 private:
  bool has_gap(Sequence applied) const { return missing_through_ > applied; }
  Duration period(Sequence applied) const {
    return applied != reported_ || has_gap(applied) ? busy_period : idle_period;
  }

  bool due_ = false;
  bool resend_ = false;
  Instant now_;        // the newest that this was told
  Instant last_;       // of the last report
  Sequence reported_;  // applied, as last reported
  Sequence missing_through_;
  bool asked_ = false;  // for the present gap
  std::optional<Instant> last_resend_;
  bool awaits_state_ = true;
  bool is_sign_of_life_due_ = false;
  std::optional<Instant> next_sign_of_life_;
};

}  // namespace tally
