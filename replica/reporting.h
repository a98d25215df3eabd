// SPDX-License-Identifier: Apache-2.0
// When a replica reports to the distributor, and when it asks for orders again (laws 1 and 22).
//
// At once: after a start, a roll-back, a new connection, a quarter of the window, a newly found gap. Every 50 ms while
// something moves or is missing, every 250 ms otherwise. A resend is asked for at most every 50 ms, and again only if
// nothing was applied since the last report.
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
  // Report at once.
  void request(Instant now);
  void applied(Sequence applied, Instant now);
  // Something was sent that `applied` does not lead up to; it should be at `through` once all is here.
  void missed(Sequence through, Sequence applied, Instant now);

  // `behind`: orders are known to exist after `applied`.
  void tick(Sequence applied, bool behind, Instant now);
  Instant next_deadline(Sequence applied) const;

  struct Due {
    bool resend = false;
  };
  // What is due is taken, and counts as sent.
  std::optional<Due> take(Sequence applied);

 private:
  bool gap(Sequence applied) const { return missing_through_ > applied; }
  Duration period(Sequence applied) const { return applied != reported_ || gap(applied) ? busy_period : idle_period; }

  bool due_ = false;
  bool resend_ = false;
  Instant now_;        // the newest that this was told
  Instant last_;       // of the last report
  Sequence reported_;  // applied, as last reported
  Sequence missing_through_;
  bool asked_ = false;  // for the present gap
  std::optional<Instant> last_resend_;
};

}  // namespace tally
