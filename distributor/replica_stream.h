// SPDX-License-Identifier: Apache-2.0
// One replica as the distributor sees it: what it has reported, whether it is there, and which
// orders were sent to it.
//
// A replica gets all orders after the one that it has executed, in turn, but no more than fit into
// its window, so that one that is slow falls behind its own stream and slows nobody (law 21). When
// its process or its recovery is new, or when it has rolled back, its stream begins anew from what
// it has executed; it goes back there, too, when the replica asks for orders again.
//
// Pure; one thread; instants never go back.
#pragma once

#include <cstdint>

#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class ReplicaStream {
 public:
  // What a report is the first of.
  struct Beginning {
    bool of_process = false;
    bool of_stream = false;  // of a process, of a recovery, or after a roll-back
  };

  // `last`: the newest order; `next_ballot`: the first that is not decided.
  Beginning receive(const ReplicaReport& report, Sequence last, Sequence next_ballot, Instant now);
  // True: only now, in this life, is it known that it cannot vote before another replica's state is
  // its own. `journal_first`: the first order that the journal still has.
  bool begins_to_lack_state(Sequence journal_first);

  bool is_known() const { return known_; }  // it has reported in this term
  bool is_present(Instant now) const { return known_ && now - heard_ <= limits::presence; }
  const ReplicaReport& report() const { return report_; }
  Instant heard() const { return heard_; }
  // The newest order that its last report could have been of.
  Sequence reportable(Sequence last, Instant now) const { return now - heard_ <= fresh ? last_then_ : last; }
  // It has carried out the recovery that it was told of, and claims nothing that there is not.
  bool has_carried_out(Recovery recovery, Sequence last) const {
    return known_ && report_.recovery == recovery && report_.applied.sequence <= last;
  }
  // The first order that it votes on in this recovery; one that it has not carried out yet begins
  // with `next_ballot`.
  Sequence vote_from(Recovery recovery, Sequence next_ballot) const {
    return report_.recovery == recovery ? vote_from_ : next_ballot;
  }
  // Nobody is taken for down by what the caller slept through.
  void forgive(Instant now) { heard_ = now; }

  Sequence sent() const { return sent_; }
  // The newest order that fits into its window, and into one turn.
  Sequence room(Sequence last) const;
  Instant may_send_from() const { return retry_; }
  void delivered(Sequence through);
  // This order could not be sent, nor could what followed.
  void delivery_failed(Sequence sequence, Instant now);
  // In this term, each time that one was.
  std::uint64_t orders_sent() const { return orders_sent_; }

 private:
  static constexpr Duration fresh = milliseconds(500);  // reports come several times a second

  bool known_ = false;
  Instant heard_;
  ReplicaReport report_;
  Sequence last_then_;
  Sequence sent_;
  std::uint64_t orders_sent_ = 0;
  Sequence vote_from_;
  bool lacks_state_ = false;
  Instant retry_;  // after a failed delivery
};

}  // namespace tally
