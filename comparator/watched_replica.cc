// SPDX-License-Identifier: Apache-2.0
#include "comparator/watched_replica.h"

#include <algorithm>
#include <utility>

namespace tally {

WatchedReplica::Change WatchedReplica::adopt(const Member& member) {
  const Member before = std::exchange(member_, member);
  const Change change{before.recovery != member.recovery,
                      before.role == MemberRole::voter && member.role != MemberRole::voter,
                      before.role != MemberRole::none && member.role == MemberRole::none};
  // A voter that lost its vote has imported a state, and what it voted before proves nothing of
  // that one.
  if (change.new_life || change.lost_vote || change.lost_role) tally_.matches = 0;
  if (change.new_life || change.lost_role) suspicion_.reset();
  if (change.new_life) {
    tally_.voted = passed_ = first_vote_ = {};
    incarnation_ = {};
  }
  return change;
}

void WatchedReplica::begin_term() {
  suspicion_.reset();
  tally_.voted = passed_ = first_vote_ = {};
}

bool WatchedReplica::hear(const Vote& vote, Instant now) {
  const Sequence sequence = vote.order.sequence;
  if (vote.incarnation != incarnation_) {
    incarnation_ = vote.incarnation;
    first_vote_ = passed_ = sequence;
    suspicion_.forgive_before(sequence);
  }
  return suspicion_.voted(sequence, now);
}

void WatchedReplica::pass(Sequence sequence) {
  passed_ = std::max(passed_, sequence);
  tally_.voted = std::max(tally_.voted, sequence);
}

bool WatchedReplica::expect(Sequence sequence, Instant now) {
  if (sequence < first_vote_) return false;  // it restarted beyond this order
  if (sequence <= passed_) return suspicion_.passed_over(sequence, now);
  suspicion_.expect(sequence, now);
  return false;
}

void WatchedReplica::count_match(Sequence sequence) {
  ++tally_.matches;
  agreed_ = std::max(agreed_, sequence);
}

void WatchedReplica::count_dissent() {
  ++tally_.dissents;
  tally_.matches = 0;
}

void WatchedReplica::tell_dropped(std::vector<Event>& events) {
  if (const std::uint64_t count = std::exchange(repeated_, 0))
    events.push_back(Event("vote_repeated", Severity::debug).with("replica", id()).with("count", count));
  if (const std::uint64_t count = std::exchange(ignored_, 0))
    events.push_back(Event("vote_ignored", Severity::debug).with("replica", id()).with("count", count));
}

}  // namespace tally
