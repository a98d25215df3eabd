// SPDX-License-Identifier: Apache-2.0
// The circuit breaker of one replica: when an evicted replica may try again, and how often it may
// go wrong.
//
// Closed means that the replica votes, open that it is evicted and waits for the end of its
// cool-down, and half-open that it recovers and is then on probation (Nygard, "Release It!", 2007,
// chapter 5). Each eviction doubles the next cool-down up to a cap, so that a replica that keeps
// failing disturbs the group less and less often; whoever has voted well for as long as the longest
// cool-down starts small again. Several dissents within a window are one too many, and then only an
// operator brings the replica back. Silence never counts towards that (law 12).
//
// The state itself (voting, evicted, ...) is journaled and belongs to Membership; what is kept here
// may be forgotten with the process. Pure; one thread; instants never go back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "protocol/time.h"

namespace tally {

class ReplicaBreaker {
 public:
  struct Config {
    Duration cooldown = seconds(1);        // of the first eviction
    Duration cooldown_most = seconds(60);  // of any
    std::uint32_t quarantine_dissents = 10;
    Duration quarantine_window = seconds(600);
  };
  // A cool-down is ended early, and a replica recovers without blame, at most once in this time.
  static constexpr Duration leniency_period = seconds(5);

  explicit ReplicaBreaker(const Config& config) : config_(config), cooldown_(config.cooldown) {}

  // Counts a dissent. True: it is one too many within the window.
  bool dissent(Instant now);
  // Evicted: the cool-down begins, and the next one will be longer. Returns this one.
  Duration open(Instant now);
  // Evicted too, but only an operator brings the replica back. Returns the cool-down that it would
  // have had.
  Duration open_for_good();
  // The replica was evicted when this process began: it cools down from now on.
  void resume(Instant now) { recovers_at_ = now + config_.cooldown; }
  // Recovery begins, for whatever reason.
  void half_open() { recovers_at_ = Instant::never(); }
  // The replica votes again.
  void close(Instant now) { forgiven_at_ = now + config_.cooldown_most; }
  // An operator vouches for the replica: what was before is forgotten.
  void reset();

  // While the group stands still, an evicted replica need not wait: true at most once in
  // `leniency_period`.
  bool cut_cooldown(Instant now) { return is_lenient(next_cut_, now); }
  // A voter that says that it lacks a state is believed at most once in `leniency_period`, since a
  // liar could say it, take it back and say it again, and each time the view changes.
  bool excuse(Instant now) { return is_lenient(next_excuse_, now); }

  // True: the cool-down is over. Forgives what is long ago.
  bool tick(Instant now);
  Instant next_deadline() const { return std::min(recovers_at_, forgiven_at_); }
  // When the evicted replica begins to recover; never(): not by itself.
  Instant recovers_at() const { return recovers_at_; }

 private:
  bool is_lenient(std::optional<Instant>& next, Instant now);

  Config config_;
  Duration cooldown_;                       // of the next eviction
  Instant recovers_at_ = Instant::never();  // evicted: when the cool-down ends
  Instant forgiven_at_ = Instant::never();  // voting: when the cool-down starts small again
  std::deque<Instant> dissents_;            // those within the window
  std::optional<Instant> next_cut_;
  std::optional<Instant> next_excuse_;
};

}  // namespace tally
