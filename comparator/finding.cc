// SPDX-License-Identifier: Apache-2.0
#include "comparator/finding.h"

namespace tally {
namespace {

Verdict verdict_on(const WatchedReplica& replica, VerdictReason reason, Sequence sequence) {
  return {replica.id(), replica.member().recovery, reason, sequence};
}

Event event_of(std::string_view name, const Verdict& verdict) {
  Event event(name, Severity::warning);
  event.with("replica", verdict.replica).with("sequence", verdict.sequence).with("recovery", verdict.recovery);
  return event;
}

}  // namespace

Finding dissent_of(const WatchedReplica& replica, const Ballot& ballot, const std::vector<Member>& members) {
  const AnswerIndex first = ballot.first_of(replica.id());
  const OrderAnswer& wrong = ballot.answer(first != ballot.decided() ? first : ballot.second_of(replica.id()));
  const Difference difference = difference_of(ballot.answer(ballot.decided()), wrong);
  const Verdict verdict = verdict_on(replica, VerdictReason::dissent, ballot.order().sequence);
  Event event = event_of("dissent_found", verdict);
  event.with("differs_in", to_string(difference));
  return {verdict, evidence_of(ballot, members), std::move(event)};
}

Finding silence_of(const WatchedReplica& replica) {
  const Verdict verdict = verdict_on(replica, VerdictReason::silence, replica.missed().back());
  Event event = event_of("silence_found", verdict);
  event.with("voted", replica.tally().voted);
  return {verdict, SilenceEvidence{replica.missed()}, std::move(event)};
}

}  // namespace tally
