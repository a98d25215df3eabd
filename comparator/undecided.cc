// SPDX-License-Identifier: Apache-2.0
#include "comparator/undecided.h"

#include <string>
#include <utility>

namespace tally {
namespace {

constexpr Duration mention_period = seconds(1);

}  // namespace

void Undecided::begin_view() {
  forget();
  mentioned_ = {};
  mentioned_at_.reset();
}

bool Undecided::close_through(Sequence closed) {
  if (succession_.ballot <= closed) succession_ = {};
  if (undecidable_.value == 0 || undecidable_ > closed) return false;
  undecidable_ = {};
  return true;
}

void Undecided::decided(Sequence ballot) {
  if (ballot == succession_.ballot) succession_ = {};
}

bool Undecided::propose(const Ballot& ballot, AnswerIndex answer, ReplicaSet participants, std::vector<Event>& events) {
  const Sequence sequence = ballot.order().sequence;
  if (has_succession() && succession_.ballot <= sequence) return false;
  succession_ = {sequence, {}};
  std::string replicas;
  for (const ReplicaId replica : participants) {
    if (ballot.first_of(replica) != answer) continue;
    succession_.replicas.push_back(replica);
    replicas += (replicas.empty() ? "" : ",") + std::to_string(replica.value);
  }
  events.push_back(
      Event("succession_proposed", Severity::warning).with("sequence", sequence).with("replicas", replicas));
  return true;
}

Undecided::NoMajority Undecided::find_no_majority(Ballot& ballot, Instant now, std::vector<Event>& events) {
  const Sequence sequence = ballot.order().sequence;
  const bool is_earliest = undecidable_.value == 0 || sequence < undecidable_;
  if (is_earliest) undecidable_ = sequence;
  if (is_told(ballot, now)) return {is_earliest, false};
  Event event("ballot_undecidable", Severity::error);
  event.with("sequence", sequence);
  for (const ReplicaId replica : ReplicaIds(limits::most_replicas))
    if (const AnswerIndex index = ballot.first_of(replica); index != no_answer)
      event.with("replica_" + std::to_string(replica.value), ballot.answer(index).state);
  events.push_back(std::move(event));
  return {is_earliest, sequence == undecidable_};
}

void Undecided::forget() {
  succession_ = {};
  undecidable_ = {};
}

// Each ballot is told of once, and one that follows another within the period not at all for now.
bool Undecided::is_told(Ballot& ballot, Instant now) {
  const Sequence sequence = ballot.order().sequence;
  const bool is_too_soon = mentioned_at_ && now < *mentioned_at_ + mention_period;
  if ((is_too_soon && sequence > mentioned_) || !ballot.mention_undecidable()) return true;
  mentioned_at_ = now;
  mentioned_ = sequence;
  return false;
}

}  // namespace tally
