// SPDX-License-Identifier: Apache-2.0
// The acknowledgement pattern for one replica (law 12; Saridakis, "Design patterns for fault
// containment"): a replica that leaves `ack_misses` votes in a row missing is silent.
//
// - Votes are waited for on decided ballots only. A ballot that cannot be decided says nothing
//   about one replica.
// - Each ballot is waited for from the moment of its decision, and is at most one miss.
// - At most one miss is counted in any ack_timeout. So a thousand ballots whose time is over
//   together are one miss, and a replica that merely paused for a moment is not silent.
// - A vote in time ends the row of misses. A vote that comes later than ack_timeout after the
//   decision does not.
// - A vote for a later order says that votes for earlier ones will not come. Together these are one
//   miss. The first vote of a restarted replica says the same, but is no miss (forgive_before).
//
// Invariant: the ballots that are waited for are in order of sequence, and at most
// limits::compared_ballots.
//
// Part of the comparator's core: one thread; it is told the time.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

class Suspicion {
 public:
  struct Config {
    Duration ack_timeout;
    unsigned ack_misses = 0;  // at least 1
  };

  explicit Suspicion(Config config) : config_(config) {}

  // A ballot was decided without this replica's vote, which may still come.
  void expect(Sequence sequence, Instant decided);
  // A ballot was decided, and this replica's vote was there already, thus in time.
  void answered() {
    missed_.clear();
    ++in_time_;
  }

  // The next three return true if a miss was counted.

  // A ballot was decided without this replica's vote, which will not come any more.
  [[nodiscard]] bool passed_over(Sequence sequence, Instant now) { return miss(sequence, now); }
  [[nodiscard]] bool voted(Sequence sequence, Instant now);
  [[nodiscard]] bool tick(Instant now);

  // Nothing before `first` is waited for any longer, and the replica is not blamed: it restarted,
  // or the distributor closed those ballots.
  void forgive_before(Sequence first);
  // The comparator itself has slept, so what is waited for is given the full time again.
  void restart_timers(Instant now) { timers_from_ = now; }
  // Another life begins: nothing is waited for, and nothing was missed.
  void reset();

  // It has answered in time `ack_misses` times in a row.
  bool is_back() const { return in_time_ >= config_.ack_misses; }
  bool is_silent() const { return missed_.size() >= config_.ack_misses; }
  // The newest consecutive misses, oldest first; at most ack_misses.
  const std::vector<Sequence>& missed() const { return missed_; }
  Instant next_deadline() const;

 private:
  struct Awaited {
    Sequence sequence;
    Instant decided;
  };

  Instant expiry_of(const Awaited& awaited) const;
  bool miss(Sequence sequence, Instant now);

  Config config_;
  std::deque<Awaited> awaited_;
  std::vector<Sequence> missed_;
  unsigned in_time_ = 0;                // ballots that were answered in time since the last miss
  std::optional<Instant> timers_from_;  // the comparator slept until then
  std::optional<Instant> next_miss_;    // no miss is counted before
};

}  // namespace tally
