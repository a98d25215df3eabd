// SPDX-License-Identifier: Apache-2.0
#include "distributor/replica_stream.h"

#include <algorithm>
#include <utility>

namespace tally {
namespace {

constexpr Duration delivery_retry = milliseconds(5);

}  // namespace

ReplicaStream::Beginning ReplicaStream::receive(const ReplicaReport& report, Sequence last, Sequence next_ballot,
                                                Instant now) {
  const bool of_process = !known_ || report_.incarnation != report.incarnation;
  const bool rolled_back = report.applied.sequence < report_.applied.sequence;
  const bool of_stream = of_process || rolled_back || report_.recovery != report.recovery;
  known_ = true;
  heard_ = now;
  last_then_ = last;
  report_ = report;
  const bool goes_back = of_stream || report.resend;
  sent_ = goes_back ? report.applied.sequence : std::max(sent_, report.applied.sequence);
  if (of_stream) {
    vote_from_ = next_ballot;
    lacks_state_ = false;
  }
  return {of_process, of_stream};
}

bool ReplicaStream::begins_to_lack_state(Sequence journal_first) {
  const bool journal_leads_on = report_.applied.sequence.next() >= journal_first;
  const bool lacks_state = report_.imported || (report_.state_wanted.value != 0 && !journal_leads_on);
  return !std::exchange(lacks_state_, lacks_state) && lacks_state;
}

Sequence ReplicaStream::room(Sequence last) const {
  const std::uint64_t window_end = report_.applied.sequence.value + limits::replica_window_orders;
  const std::uint64_t turn_end = sent_.value + limits::catch_up_orders_per_turn;
  return Sequence(std::min({last.value, window_end, turn_end}));
}

void ReplicaStream::delivered(Sequence through) {
  orders_sent_ += through.value - sent_.value;
  sent_ = through;
}

void ReplicaStream::delivery_failed(Sequence sequence, Instant now) {
  const std::uint64_t reached = std::min(sent_.value, sequence.value - 1);
  orders_sent_ -= sent_.value - reached;
  sent_ = Sequence(reached);
  retry_ = now + delivery_retry;
}

}  // namespace tally
