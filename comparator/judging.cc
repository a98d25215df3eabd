// SPDX-License-Identifier: Apache-2.0
// The comparator's way of a vote: kept, counted, decided, compared, and what is found by that.
#include <algorithm>
#include <utility>

#include "comparator/core.h"
#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

// Of ballots that cannot be decided: those that follow one are like it, and may be many.
constexpr Duration mention_period = seconds(1);

}  // namespace

void ComparatorCore::receive(ReplicaId from, Vote vote, Instant now) {
  CHECK(from.value >= 1 && from.value <= config_.replicas);
  begin_turn(now);
  Watched& replica = watched(from);
  if (vote.order.term < term_) {
    ++replica.ignored;  // law 3
  } else if (vote.order.term > term_ || !is_judging()) {
    keep_early(replica, std::move(vote));
  } else {
    accept(replica, std::move(vote));
  }
}

// A replica may hear of a term or of its recovery before the comparator does, but only the distributor
// is believed about it.
void ComparatorCore::keep_early(Watched& replica, Vote&& vote) {
  replica.early_bytes += vote.results.size();
  replica.early.push_back(std::move(vote));
  while (replica.early.size() > limits::vote_lead || replica.early_bytes > BallotWindow::held_result_bytes) {
    replica.early_bytes -= replica.early.front().results.size();
    replica.early.pop_front();
    ++replica.ignored;
  }
}

void ComparatorCore::accept(Watched& replica, Vote&& vote) {
  const ReplicaId from = replica.member.replica;
  const Sequence sequence = vote.order.sequence;
  if (vote.recovery > replica.member.recovery) return keep_early(replica, std::move(vote));
  const bool of_another_life = vote.recovery != replica.member.recovery;
  if (of_another_life || window_.is_beyond(sequence) || !window_.has_room(from, vote.results.size())) {
    ++replica.ignored;
    return;
  }
  follow(replica, vote);
  CollectedBallot* ballot = window_.at(sequence);
  if (ballot != nullptr && ballot->stage() == CollectedBallot::Stage::decided) {
    judge_late(*ballot, replica, std::move(vote));
  } else if (ballot != nullptr && ballot->is_undecided()) {
    ballot->heard_of(now_);
    if (window_.cast(*ballot, from, std::move(vote)) == CollectedBallot::Cast::repeated) ++replica.repeated;
    if (ballot->stage() == CollectedBallot::Stage::open) consider(*ballot);
  }
  advance();
}

// A vote for a later order says that earlier ones will not come; that of a restarted replica says so without blame
// (law 12).
void ComparatorCore::follow(Watched& replica, const Vote& vote) {
  const Sequence sequence = vote.order.sequence;
  if (vote.incarnation != replica.incarnation) {
    replica.incarnation = vote.incarnation;
    replica.life_began = replica.passed = sequence;
    replica.suspicion.forgive_before(sequence);
  }
  if (replica.suspicion.voted(sequence, now_))
    consider_silence(replica);
  else
    withdraw_silence(replica);
  replica.passed = std::max(replica.passed, sequence);
  replica.tally.voted = std::max(replica.tally.voted, sequence);
}

void ComparatorCore::open(Ballot&& ballot) {
  const Sequence sequence = ballot.order.sequence;
  if (window_.is_beyond(sequence)) return;
  CollectedBallot* place = window_.at(sequence);
  if (place == nullptr || place->stage() != CollectedBallot::Stage::collecting) return;  // repeated
  place->open(std::move(ballot), now_);
  if (opened_ <= window_.decided()) waits_since_ = now_;
  opened_ = std::max(opened_, sequence);
  consider(*place);
}

void ComparatorCore::consider(CollectedBallot& ballot) {
  const CastAnswers answers = ballot.answers();
  const VoteCount count = count_votes(answers, voters_, needed_);
  if (count.decided != no_answer) return decide(ballot, count);
  const bool impossible = count.impossible && voters_.size() >= needed_;
  if (!impossible && !has_waited(ballot)) return;
  const VoteCount with_observed = count_votes(answers, judged_, needed_);
  if (with_observed.decided != no_answer) return propose(ballot, with_observed.decided);
  if (impossible && (with_observed.impossible || has_waited(ballot))) find_no_majority(ballot);
}

// As long as a silent replica is given: it may be slow. Whoever has left one ballot waiting for so
// long, with no decision since, need not be waited for on the next.
bool ComparatorCore::has_waited(const CollectedBallot& ballot) const {
  const Instant since = std::max(std::min(waits_since_, ballot.opened_at()), timers_from_);
  return since + config_.ack_timeout * config_.ack_misses <= now_;
}

void ComparatorCore::consider_waiting() {
  if (!is_judging() || !awaits_votes()) return;
  for (auto ballot = window_.first_undecided(); ballot != window_.end(); ++ballot) {
    if (succession_.ballot.value != 0) return;
    if (ballot->stage() != CollectedBallot::Stage::open) continue;
    if (!has_waited(*ballot)) return;  // nor has any that opened after it
    consider(*ballot);
  }
}

// Law 13: f+1 equal votes of states of their own hold an honest one, whoever lies. They are counted
// once the distributor has made voters of those that are on probation.
void ComparatorCore::propose(const CollectedBallot& ballot, AnswerIndex answer) {
  const Sequence sequence = ballot.order().sequence;
  if (succession_.ballot.value != 0 && succession_.ballot <= sequence) return;
  succession_ = {sequence, {}};
  for (const Watched& replica : replicas_)
    if (has_role(replica) && ballot.first_of(replica.member.replica) == answer)
      succession_.replicas.push_back(replica.member.replica);
  report_due_ = true;
  std::string replicas;
  for (const ReplicaId replica : succession_.replicas)
    replicas += (replicas.empty() ? "" : ",") + std::to_string(replica.value);
  output_.events.push_back(
      Event("succession_proposed", Severity::warning).with("sequence", sequence).with("replicas", replicas));
}

// Law 14: the distributor begins a new term, and has every replica roll back.
void ComparatorCore::find_no_majority(CollectedBallot& ballot) {
  const Sequence sequence = ballot.order().sequence;
  if (undecidable_.value == 0 || sequence < undecidable_) {
    undecidable_ = sequence;
    report_due_ = true;
  }
  if ((now_ < next_mention_ && sequence > mentioned_) || !ballot.mention_undecidable()) return;
  next_mention_ = now_ + mention_period;
  mentioned_ = sequence;
  Event event("ballot_undecidable", Severity::error);
  event.with("sequence", sequence);
  for (const Watched& replica : replicas_)
    if (const AnswerIndex index = ballot.first_of(replica.member.replica); index != no_answer)
      event.with("replica_" + std::to_string(replica.member.replica.value), ballot.answer(index).state);
  output_.events.push_back(std::move(event));
  if (sequence == undecidable_) record(UndecidedRecord{ballot.order(), view_->number, votes_on(ballot, members())});
}

void ComparatorCore::decide(CollectedBallot& ballot, const VoteCount& count) {
  const OrderAnswer& answer = ballot.answer(count.decided);
  const auto operations =
      release(ballot.order(), ballot.take_requests(), answer.results, count.votes, output_.decisions);
  if (!operations) {
    output_.events.push_back(Event("results_malformed", Severity::error).with("sequence", ballot.order().sequence));
    window_.close(ballot);
    return;
  }
  histograms::observe(decision_, now_ - ballot.heard_at());
  order_operations_.observe(histograms::size_bounds, *operations);
  window_.decide(ballot, count.decided, judged_);
  if (ballot.order().sequence == succession_.ballot) succession_ = {};
  waits_since_ = now_;
  ++decided_since_report_;
  if (ballot.order().sequence > agreed_.order.sequence || ballot.order().term > agreed_.order.term)
    agreed_ = {ballot.order(), ballot.answer(count.decided).state};
  if (ballot.is_synced()) synced_ = std::max(synced_, ballot.order());
  for (Watched& replica : replicas_)
    if (has_role(replica)) judge(ballot, replica);
  window_.settle(ballot);
}

// At the decision.
void ComparatorCore::judge(CollectedBallot& ballot, Watched& replica) {
  const Sequence sequence = ballot.order().sequence;
  if (ballot.first_of(replica.member.replica) != no_answer) {
    replica.suspicion.answered();
    withdraw_silence(replica);
    compare(ballot, replica);
  } else if (sequence < replica.life_began) {
    // It restarted beyond this order.
  } else if (sequence > replica.passed) {
    replica.suspicion.expect(sequence, now_);
  } else if (replica.suspicion.passed_over(sequence, now_)) {
    consider_silence(replica);
  }
}

// After the decision.
void ComparatorCore::judge_late(CollectedBallot& ballot, Watched& replica, Vote&& vote) {
  if (!has_role(replica)) return;
  switch (window_.cast(ballot, replica.member.replica, std::move(vote))) {
    case CollectedBallot::Cast::first: compare(ballot, replica); break;
    case CollectedBallot::Cast::repeated: ++replica.repeated; break;
    case CollectedBallot::Cast::different:
      if (ballot.second_of(replica.member.replica) != ballot.decided()) find_dissent(ballot, replica);
      break;
    case CollectedBallot::Cast::excess: ++replica.ignored; break;
  }
  window_.settle(ballot);
}

// With the decision: this replica's vote, and the second one if it contradicted itself.
void ComparatorCore::compare(const CollectedBallot& ballot, Watched& replica) {
  const ReplicaId id = replica.member.replica;
  ++replica.tally.votes;
  const AnswerIndex second = ballot.second_of(id);
  if (ballot.first_of(id) != ballot.decided() || (second != no_answer && second != ballot.decided())) {
    find_dissent(ballot, replica);
    return;
  }
  ++replica.tally.matches;
  replica.agreed = std::max(replica.agreed, ballot.order().sequence);
}

void ComparatorCore::advance() {
  window_.advance([this](const CollectedBallot& ballot) {
    if (ballot.stage() == CollectedBallot::Stage::closed) return true;
    for (const Watched& replica : replicas_)
      if (ballot.awaited().contains(replica.member.replica) && replica.passed <= ballot.order().sequence) return false;
    return true;
  });
}

void ComparatorCore::find_dissent(const CollectedBallot& ballot, Watched& replica) {
  const ReplicaId id = replica.member.replica;
  ++replica.tally.dissents;
  replica.tally.matches = 0;
  if (!verdicts_.has_room_for(id, VerdictReason::dissent)) return;
  const AnswerIndex first = ballot.first_of(id);
  const OrderAnswer& wrong = ballot.answer(first != ballot.decided() ? first : ballot.second_of(id));
  const Difference difference = difference_of(ballot.answer(ballot.decided()), wrong);
  output_.events.push_back(Event("dissent_found", Severity::warning)
                               .with("replica", id)
                               .with("sequence", ballot.order().sequence)
                               .with("recovery", replica.member.recovery)
                               .with("differs_in", to_string(difference)));
  ++replica.tally.dissent_verdicts;
  record_verdict(replica, VerdictReason::dissent, ballot.order().sequence, evidence_of(ballot, members()));
}

void ComparatorCore::consider_silence(Watched& replica) {
  const ReplicaId id = replica.member.replica;
  if (!has_role(replica) || !replica.suspicion.is_silent()) return;
  if (!verdicts_.has_room_for(id, VerdictReason::silence) || !can_spare(replica)) return;
  ++replica.tally.silences;
  const std::vector<Sequence>& missed = replica.suspicion.missed();
  output_.events.push_back(Event("silence_found", Severity::warning)
                               .with("replica", id)
                               .with("sequence", missed.back())
                               .with("recovery", replica.member.recovery)
                               .with("voted", replica.tally.voted));
  record_verdict(replica, VerdictReason::silence, missed.back(), SilenceEvidence{missed});
}

// A silence that nobody could act upon (law 13) is over when the replica answers as often in time as it had missed.
void ComparatorCore::withdraw_silence(const Watched& replica) {
  if (replica.suspicion.in_time() >= config_.ack_misses) verdicts_.withdraw_silence(replica.member.replica);
}

// Never fewer than f+1 voters, not counting those that a verdict stands against already (law 13). At that floor nothing
// is decided without the silent one, so nothing is missed either: consider_waiting() sees it by what does not move.
bool ComparatorCore::can_spare(const Watched& replica) const {
  if (replica.member.role != MemberRole::voter) return true;
  const auto stays = [&](const Watched& other) {
    return &other != &replica && other.member.role == MemberRole::voter &&
           verdicts_.has_room_for(other.member.replica, VerdictReason::silence);
  };
  return static_cast<std::size_t>(std::count_if(replicas_.begin(), replicas_.end(), stays)) >= needed_;
}

void ComparatorCore::record_verdict(Watched& replica, VerdictReason reason, Sequence sequence,
                                    std::variant<DissentEvidence, SilenceEvidence> evidence) {
  const Verdict verdict{replica.member.replica, replica.member.recovery, reason, sequence};
  record(VerdictRecord{verdict, view_->number, replica.member.role, replica.agreed, replica.tally.voted,
                       std::move(evidence)});
  verdicts_.add(verdict, replica.member.role, last_record_);
}

void ComparatorCore::record(AuditContent content) {
  output_.audit.push_back({group_, term_, std::move(content)});
  ++last_record_;
}

std::vector<Member> ComparatorCore::members() const {
  std::vector<Member> members;
  for (const Watched& replica : replicas_) members.push_back(replica.member);
  return members;
}

}  // namespace tally
