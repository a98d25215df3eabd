// SPDX-License-Identifier: Apache-2.0
#include "comparator/core.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/quorum.h"

namespace tally {

ComparatorCore::ComparatorCore(Config config)
    : config_(std::move(config)),
      needed_(quorum_of(config_.replicas)),
      view_(config_.incarnation, config_.replicas, config_.group),
      replicas_(config_.replicas,
                [&](ReplicaId id) {
                  return WatchedReplica(id, {config_.ack_timeout, config_.ack_misses});
                }),
      patience_(config_.ack_timeout * config_.ack_misses),
      records_(config_.audit_head, config_.given_up) {
  CHECK(config_.incarnation != Incarnation());
  CHECK(config_.replicas % 2 == 1 && config_.replicas <= limits::most_replicas);
  CHECK(config_.ack_misses >= 1 && config_.ack_timeout > Duration());
}

// ---- what comes in, and what goes out

void ComparatorCore::receive(ReplicaId from, Vote vote, Instant now) {
  begin_turn(now);
  WatchedReplica& replica = replicas_[from];
  if (vote.order.term < view_.term()) {
    replica.count_ignored();  // law 3
  } else if (vote.order.term > view_.term() || !view_.is_current()) {
    replica.keep_early(std::move(vote));
  } else {
    accept(replica, std::move(vote));
  }
}

void ComparatorCore::receive(BallotCalls ballots, Instant now) {
  begin_turn(now);
  if (ballots.term < view_.term()) return;
  adopt_term(ballots.term);
  // Without the term's view nobody knows which ballots are closed. The distributor repeats what is
  // not decided.
  if (!view_.is_current()) return;
  for (BallotCall& ballot : ballots.ballots)
    if (ballot.order.term == view_.term()) open(std::move(ballot));
  advance();
}

void ComparatorCore::receive(const View& view, Instant now) {
  begin_turn(now);
  if (!view_.believes(view, output_.events)) return;
  const bool is_news = view_.is_news(view);
  const bool is_first_of_term = view_.is_first_of_term(view);
  adopt_term(view.term);
  if (is_first_of_term)
    restart_window(view.closed);
  else
    close_through(view.closed);
  if (is_news) adopt_view(view);
  advance();
  if (is_news) admit_early();
}

void ComparatorCore::receive(const ClientId& client, const ClientHello&, Instant now) {
  begin_turn(now);
  if (view_.is_current())
    output_.welcomes.push_back(client);
  else
    waiting_clients_.add(client);
}

void ComparatorCore::receive(const ClientId& client, const ObservationQuery& query, Instant now) {
  begin_turn(now);
  observers_.add(client, query);
}

void ComparatorCore::audit_written(std::uint64_t number, std::string_view hash) {
  if (records_.written_through(number, hash) && verdicts_.written_through(number)) reports_.hasten();
}

void ComparatorCore::tick(Instant now) {
  begin_turn(now);
  for (WatchedReplica& replica : replicas_.values())
    if (replica.tick(now)) consider_silence(replica);
  consider_waiting();
  reports_.tick(window_.decided(), now);
}

Instant ComparatorCore::next_deadline() const {
  if (reports_.is_hastened()) return now_;
  // A turn is due often enough to tell a quiet group from a comparator that slept (law 12).
  Instant deadline = std::min(reports_.next(window_.decided()), now_ + config_.ack_timeout / 4);
  for (const WatchedReplica& replica : replicas_.values()) deadline = std::min(deadline, replica.next_deadline());
  return deadline;
}

ComparatorOutput ComparatorCore::take_output() {
  output_.audit = records_.take();
  if (reports_.is_due()) {
    output_.report = report();
    for (WatchedReplica& replica : replicas_.values()) replica.tell_dropped(output_.events);
    reports_.reported(window_.decided(), now_);
  }
  output_.observers = observers_.take();
  if (!output_.observers.empty()) output_.observation = observe();
  return std::exchange(output_, {});
}

// A comparator that wakes up late gives everybody the full time again before it blames anybody (law
// 12).
void ComparatorCore::begin_turn(Instant now) {
  const Duration gap = now - now_;
  now_ = now;
  if (!std::exchange(started_, true) || gap <= config_.ack_timeout / 2) return;
  patience_.begin_anew(now);
  for (WatchedReplica& replica : replicas_.values()) replica.restart_timers(now);
  output_.events.push_back(Event("comparator_woke_late", Severity::warning).with("gap_ms", gap.milliseconds()));
}

// ---- terms and views

// A higher term closes everything of lower ones (law 3).
void ComparatorCore::adopt_term(Term term) {
  if (!view_.raise_term(term)) return;
  undecided_.begin_term();
  restart_window(Sequence());
  for (WatchedReplica& replica : replicas_.values()) replica.begin_term();
  output_.events.push_back(Event("term_adopted").with("term", term));
}

void ComparatorCore::adopt_view(const View& view) {
  const bool is_first = !view_.is_known();
  view_.adopt(view);
  if (is_first) {
    // The journal remembers how far the log went, so that a cut tail shows (law 16).
    if (records_.lacks(view.audit_head)) {
      output_.events.push_back(Event("audit_log_cut", Severity::error)
                                   .with("journaled", view.audit_head)
                                   .with("found", to_text(records_.head())));
      record(CutRecord{view.audit_head});
    }
    record(StartRecord{config_.incarnation, config_.pid, config_.replicas});
  }
  for (const Member& member : view.members) change_member(member);
  undecided_.begin_view();
  record(ViewRecord{view.number, view.members, view.closed, view.audit_head});
  output_.events.push_back(
      Event("view_adopted").with("term", view.term).with("view", view.number).with("voters", view_.voters().size()));
  recount();
  waiting_clients_.move_to(output_.welcomes);
}

// Votes of an earlier life, and of one that lost its vote, are struck from undecided ballots (laws
// 8, 13).
void ComparatorCore::change_member(const Member& member) {
  const WatchedReplica::Change change = replicas_[member.replica].adopt(member);
  verdicts_.show(member);
  if (change.new_life || change.lost_vote) close_newest_vote(replicas_[member.replica]);
  for (Ballot& ballot : window_) {
    if ((change.new_life || change.lost_vote) && ballot.is_undecided()) window_.strike(ballot, member.replica);
    if (change.new_life || change.lost_role) ballot.stop_waiting_for(member.replica);
  }
}

void ComparatorCore::restart_window(Sequence closed) {
  for (WatchedReplica& replica : replicas_.values()) close_newest_vote(replica);
  window_.restart(closed);
}

void ComparatorCore::close_through(Sequence closed) {
  for (WatchedReplica& replica : replicas_.values())
    if (replica.newest_vote().sequence() <= closed) close_newest_vote(replica);
  window_.close_through(closed);
  for (WatchedReplica& replica : replicas_.values()) replica.forgive_before(closed.next());
  if (undecided_.close_through(closed)) recount();
}

// Who votes has changed, or the ballot that was found undecidable is gone: others may be decided
// now, or be found so.
void ComparatorCore::recount() {
  for (Ballot& ballot : window_)
    if (ballot.stage() == Ballot::Stage::open) consider(ballot);
}

void ComparatorCore::admit_early() {
  for (WatchedReplica& replica : replicas_.values()) {
    for (Vote& vote : replica.take_early()) {
      if (vote.order.term > view_.term())
        replica.keep_early(std::move(vote));
      else if (vote.order.term == view_.term())
        accept(replica, std::move(vote));
    }
  }
}

// ---- the way of a vote: accepted, counted, decided, compared

// Precondition: the vote is of the present term, and its view has come.
void ComparatorCore::accept(WatchedReplica& replica, Vote&& vote) {
  const Sequence sequence = vote.order.sequence;
  const Recovery life = replica.member().recovery;
  if (vote.recovery > life) return replica.keep_early(std::move(vote));
  if (vote.recovery != life || window_.is_beyond(sequence) || !window_.has_room(replica.id(), vote.results.size()))
    return replica.count_ignored();
  if (replica.hear(vote, now_))
    consider_silence(replica);
  else if (replica.is_back())
    verdicts_.withdraw_silence(replica.id());
  replica.pass(sequence);
  Ballot* ballot = window_.at(sequence);
  if (ballot != nullptr && ballot->stage() == Ballot::Stage::decided) {
    compare_late(*ballot, replica, std::move(vote));
  } else if (ballot != nullptr && ballot->is_undecided()) {
    ballot->heard_of(now_);
    switch (window_.cast(*ballot, replica.id(), std::move(vote))) {
      case Ballot::Cast::first:
      case Ballot::Cast::different: replica.newest_vote().cast(sequence); break;
      case Ballot::Cast::repeated: replica.count_repeated(); break;
      case Ballot::Cast::excess: break;
    }
    if (ballot->stage() == Ballot::Stage::open) consider(*ballot);
  }
  advance();
}

void ComparatorCore::open(BallotCall&& ballot) {
  const bool others_are_open = window_.awaits_votes();
  Ballot* opened = window_.open(std::move(ballot), now_);
  if (opened == nullptr) return;
  if (!others_are_open) patience_.begin(now_);
  consider(*opened);
}

// Precondition: the ballot is open. It is decided if the voters decide it, or else something may be
// found about it.
void ComparatorCore::consider(Ballot& ballot) {
  const CastAnswers answers = ballot.answers();
  const VoteCount count = count_votes(answers, view_.voters(), needed_);
  if (count.decided != no_answer) return decide(ballot, count);
  const bool impossible = count.impossible && view_.voters().size() >= needed_;
  const bool has_waited = patience_.is_exhausted(ballot.opened_at(), now_);
  if (!impossible && !has_waited) return;
  const VoteCount with_observed = count_votes(answers, view_.participants(), needed_);
  if (with_observed.decided != no_answer) {
    if (undecided_.propose(ballot, with_observed.decided, view_.participants(), output_.events)) reports_.hasten();
  } else if (impossible && (with_observed.impossible || has_waited)) {
    const Undecided::NoMajority found = undecided_.find_no_majority(ballot, now_, output_.events);
    if (found.is_news) reports_.hasten();
    if (found.is_to_be_recorded)
      record(UndecidedRecord{ballot.order(), view_.number(), votes_on(ballot, view_.members())});
  }
}

void ComparatorCore::consider_waiting() {
  if (!view_.is_current() || !awaits_votes()) return;
  for (auto ballot = window_.first_undecided(); ballot != window_.end(); ++ballot) {
    if (undecided_.has_succession()) return;
    if (ballot->stage() != Ballot::Stage::open) continue;
    if (!patience_.is_exhausted(ballot->opened_at(), now_)) return;  // nor for any later one
    consider(*ballot);
  }
}

void ComparatorCore::decide(Ballot& ballot, const VoteCount& count) {
  const OrderAnswer& answer = ballot.answer(count.decided);
  const auto operations =
      release(ballot.order(), ballot.take_requests(), answer.results, count.votes, output_.decisions);
  const Sequence sequence = ballot.order().sequence;
  if (!operations) {
    output_.events.push_back(Event("results_malformed", Severity::error).with("sequence", sequence));
    close_newest_votes_on(ballot);
    window_.close(ballot);
    return;
  }
  window_.decide(ballot, count.decided, view_.participants());
  progress_.decided(ballot, {answer.state, answer.digest_of_results(), count.votes}, *operations, now_);
  close_newest_votes_on(ballot);
  undecided_.decided(sequence);
  patience_.begin(now_);
  reports_.count_decision();
  compare_all(ballot);
  window_.settle(ballot);
}

// At the decision: votes that are there are compared with it, and all others are expected from now
// on.
void ComparatorCore::compare_all(Ballot& ballot) {
  for (const ReplicaId id : view_.participants()) {
    WatchedReplica& replica = replicas_[id];
    if (ballot.first_of(id) != no_answer) {
      replica.answer_in_time();
      if (replica.is_back()) verdicts_.withdraw_silence(id);
      compare(ballot, replica);
    } else if (replica.expect(ballot.order().sequence, now_)) {
      consider_silence(replica);
    }
  }
}

// After the decision.
void ComparatorCore::compare_late(Ballot& ballot, WatchedReplica& replica, Vote&& vote) {
  if (!replica.has_role()) return;
  const Ballot::Cast cast = window_.cast(ballot, replica.id(), std::move(vote));
  if (cast == Ballot::Cast::first || cast == Ballot::Cast::different) {
    replica.newest_vote().cast(ballot.order().sequence);
    replica.newest_vote().close(ballot, replica.id());
  }
  switch (cast) {
    case Ballot::Cast::first: compare(ballot, replica); break;
    case Ballot::Cast::repeated: replica.count_repeated(); break;
    case Ballot::Cast::different:
      if (ballot.second_of(replica.id()) != ballot.decided()) find_dissent(ballot, replica);
      break;
    case Ballot::Cast::excess: replica.count_ignored(); break;
  }
  window_.settle(ballot);
}

// The replica's vote is compared with the decision, and so is the second one if it contradicted
// itself.
void ComparatorCore::compare(const Ballot& ballot, WatchedReplica& replica) {
  replica.count_vote();
  const AnswerIndex second = ballot.second_of(replica.id());
  if (ballot.first_of(replica.id()) == ballot.decided() && (second == no_answer || second == ballot.decided()))
    replica.count_match(ballot.order().sequence);
  else
    find_dissent(ballot, replica);
}

// A decided ballot is kept until every vote on it that may still come has been compared.
void ComparatorCore::advance() {
  window_.advance([this](const Ballot& ballot) {
    if (ballot.stage() == Ballot::Stage::closed) return true;
    for (const ReplicaId replica : ballot.awaited())
      if (!replicas_[replica].has_passed(ballot.order().sequence)) return false;
    return true;
  });
}

// ---- what is found against a replica

void ComparatorCore::find_dissent(const Ballot& ballot, WatchedReplica& replica) {
  replica.count_dissent();
  if (verdicts_.has_room_for(replica.id(), VerdictReason::dissent))
    accuse(replica, dissent_of(replica, ballot, view_.members()));
}

// A voter is accused only if f+1 others stay that no verdict stands against (law 13). At that floor
// nothing is decided without the silent one, so nothing is missed either: consider_waiting()
// notices it by what is not decided.
void ComparatorCore::consider_silence(WatchedReplica& replica) {
  if (!replica.has_role() || !replica.is_silent()) return;
  if (!verdicts_.has_room_for(replica.id(), VerdictReason::silence)) return;
  ReplicaSet others = view_.voters();
  others.erase(replica.id());
  const bool can_be_spared = !view_.voters().contains(replica.id()) || verdicts_.unaccused_of(others).size() >= needed_;
  if (can_be_spared) accuse(replica, silence_of(replica));
}

void ComparatorCore::accuse(WatchedReplica& replica, Finding&& finding) {
  const MemberRole role = replica.member().role;
  replica.count_verdict(finding.verdict.reason);
  output_.events.push_back(std::move(finding.event));
  const std::uint64_t number = record(VerdictRecord{finding.verdict, view_.number(), role, replica.agreed(),
                                                    replica.tally().voted, std::move(finding.evidence)});
  verdicts_.add(finding.verdict, role, number);
}

std::uint64_t ComparatorCore::record(AuditContent content) {
  return records_.add({view_.group(), view_.term(), std::move(content)});
}

ComparatorReport ComparatorCore::report() const {
  ComparatorReport report;
  report.group = view_.group();
  report.incarnation = config_.incarnation;
  report.term = view_.term();
  report.view = view_.number();
  report.decided = window_.decided();
  for (const WatchedReplica& replica : replicas_.values()) report.voters.push_back(replica.tally());
  report.verdicts = verdicts_.effective();
  report.audit_head = to_text(records_.head());
  report.pid = config_.pid;
  report.agreed = progress_.agreed();
  report.undecidable = undecided_.undecidable();
  report.succession = undecided_.succession();
  report.synced = progress_.synced();
  report.decision = progress_.durations();
  report.order_operations = progress_.order_operations();
  return report;
}

// ---- what those who watch are told

void ComparatorCore::close_newest_votes_on(const Ballot& ballot) {
  for (WatchedReplica& replica : replicas_.values()) {
    NewestVote& newest = replica.newest_vote();
    if (newest.is_open() && newest.sequence() == ballot.order().sequence) newest.close(ballot, replica.id());
  }
}

// Is called before the vote's ballot goes, or loses the vote.
void ComparatorCore::close_newest_vote(WatchedReplica& replica) {
  NewestVote& newest = replica.newest_vote();
  if (newest.is_open()) newest.close(*window_.at(newest.sequence()), replica.id());
}

Observation ComparatorCore::observe() {
  Observation observation;
  observation.incarnation = config_.incarnation;
  observation.decided = progress_.agreed();
  observation.results = progress_.results();
  observation.votes = progress_.votes();
  for (WatchedReplica& replica : replicas_.values()) {
    NewestVote& newest = replica.newest_vote();
    if (newest.is_open()) newest.read(*window_.at(newest.sequence()), replica.id());
    ObservedVote& vote = observation.voters.emplace_back(newest.shown());
    vote.replica = replica.id();
    vote.matches = replica.tally().matches;
  }
  return observation;
}

}  // namespace tally
