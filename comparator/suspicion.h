// SPDX-License-Identifier: Apache-2.0
// The acknowledgement pattern for one replica (law 12; Saridakis, "Design patterns for fault containment"): a replica
// that leaves `ack_misses` votes in a row missing is silent.
//
// - Only decided ballots are waited for, each from the moment of its decision, and each is at most one miss.
// - At most one miss is counted in any ack_timeout: a thousand ballots that expire together are one miss.
// - A vote in time ends the row; one that comes later than ack_timeout after the decision does not.
// - A vote for a later order says that earlier ones will not come: together they are one miss. The first vote of a
//   restarted replica says the same without a miss.
//
// Invariant: waited-for ballots are in order of sequence, at most limits::judged_ballots.
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <deque>
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
  // A ballot was decided, and this replica's vote was in: in time.
  void answered() {
    missed_.clear();
    ++in_time_;
  }

  // Those that return bool: true if a miss was counted.
  // A ballot was decided without this replica's vote, which will not come any more.
  [[nodiscard]] bool passed_over(Sequence sequence, Instant now) { return miss(sequence, now); }
  [[nodiscard]] bool voted(Sequence sequence, Instant now);
  [[nodiscard]] bool tick(Instant now);

  // Nothing before `first` is waited for any longer, and nobody is to blame: the replica restarted, or the distributor
  // closed those ballots.
  void forgive_before(Sequence first);
  // The comparator itself slept: everybody gets the full time again.
  void restart_timers(Instant now) { timers_from_ = now; }
  // Another life: nothing is waited for, nothing was missed.
  void reset();

  // Ballots answered in time since the last miss.
  unsigned in_time() const { return in_time_; }
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
  unsigned in_time_ = 0;
  Instant timers_from_{INT64_MIN / 2};
  Instant next_miss_{INT64_MIN / 2};  // no miss is counted before
};

}  // namespace tally
