// SPDX-License-Identifier: Apache-2.0
// What comes in from the distributor, the clients and the clock, and the report. Votes: judging.cc.
#include "comparator/core.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/quorum.h"

namespace tally {
namespace {

constexpr Duration report_interval_busy = milliseconds(10);
constexpr Duration report_interval_idle = milliseconds(50);
constexpr unsigned report_after_decisions = 64;

}  // namespace

ComparatorCore::ComparatorCore(Config config)
    : config_(std::move(config)),
      needed_(quorum_of(config_.replicas)),
      group_(config_.group),
      audit_head_(config_.audit_head),
      last_record_(config_.audit_head.number) {
  CHECK(config_.incarnation != Incarnation());
  CHECK(config_.replicas % 2 == 1 && config_.replicas <= most_replicas);
  CHECK(config_.ack_misses >= 1 && config_.ack_timeout > Duration());
  for (std::size_t place = 0; place < config_.replicas; ++place)
    replicas_.emplace_back(ReplicaId(place + 1), Suspicion::Config{config_.ack_timeout, config_.ack_misses});
}

void ComparatorCore::receive(Ballots ballots, Instant now) {
  begin_turn(now);
  if (ballots.term < term_) return;
  adopt_term(ballots.term);
  // Without the term's view nobody knows which ballots are closed. The distributor repeats what is not decided.
  if (!is_judging()) return;
  for (Ballot& ballot : ballots.ballots)
    if (ballot.order.term == term_) open(std::move(ballot));
  advance();
}

void ComparatorCore::receive(const View& view, Instant now) {
  begin_turn(now);
  if (!is_credible(view)) return;
  const bool is_new = !view_ || view_->term != view.term || view_->number != view.number;
  const bool is_first_of_term = !view_ || view_->term != view.term;
  adopt_term(view.term);
  group_ = view.group;
  if (is_first_of_term)
    window_.restart(view.closed);
  else
    close_through(view.closed);
  if (is_new) adopt_view(view);
  advance();
  if (is_new) admit_early();
}

void ComparatorCore::receive(const ClientId& client, const ClientHello&, Instant now) {
  begin_turn(now);
  if (is_judging()) return output_.welcomes.push_back(client);
  std::vector<ClientId>& waiting = waiting_clients_[client.principal];
  if (waiting.size() < limits::known_clients) waiting.push_back(client);
}

void ComparatorCore::audit_written(std::uint64_t number, std::string_view hash) {
  CHECK(number <= last_record_);
  if (number <= audit_head_.number) return;
  audit_head_ = {number, std::string(hash)};
  if (verdicts_.written_through(number)) report_due_ = true;
}

void ComparatorCore::tick(Instant now) {
  begin_turn(now);
  for (Watched& replica : replicas_)
    if (replica.suspicion.tick(now)) consider_silence(replica);
  consider_waiting();
  if (report_deadline() <= now) report_due_ = true;
}

Instant ComparatorCore::next_deadline() const {
  if (report_due_) return now_;
  // Often enough to tell a quiet group from a comparator that slept (law 12).
  Instant deadline = std::min(report_deadline(), now_ + config_.ack_timeout / 4);
  for (const Watched& replica : replicas_) deadline = std::min(deadline, replica.suspicion.next_deadline());
  return deadline;
}

ComparatorOutput ComparatorCore::take_output() {
  if (report_due_ || decided_since_report_ >= report_after_decisions) {
    output_.report = report();
    say_what_was_dropped();
    report_due_ = false;
    reported_at_ = now_;
    reported_decided_ = window_.decided();
    decided_since_report_ = 0;
  }
  return std::exchange(output_, {});
}

// A comparator that wakes late gives everybody the full time again before it judges anybody (law 12).
void ComparatorCore::begin_turn(Instant now) {
  const Duration gap = now - now_;
  now_ = now;
  if (!std::exchange(started_, true) || gap <= config_.ack_timeout / 2) return;
  timers_from_ = now;
  for (Watched& replica : replicas_) replica.suspicion.restart_timers(now);
  output_.events.push_back(Event("comparator_woke_late", Severity::warning).with("gap_ms", gap.milliseconds()));
}

// A higher term closes everything of lower ones (law 3).
void ComparatorCore::adopt_term(Term term) {
  if (term <= term_) return;
  term_ = term;
  opened_ = undecidable_ = {};
  succession_ = {};
  window_.restart(Sequence());
  for (Watched& replica : replicas_) {
    replica.suspicion.reset();
    replica.tally.voted = replica.passed = replica.life_began = {};
  }
  output_.events.push_back(Event("term_adopted").with("term", term));
}

bool ComparatorCore::is_credible(const View& view) {
  if (view.comparator != config_.incarnation) return false;  // said to an earlier comparator
  if (view.term < term_ || view.term == Term()) return false;
  if (is_judging() && view.term == term_ && view.number < view_->number) return false;
  bool complete = view.members.size() == config_.replicas;
  for (std::size_t place = 0; complete && place < config_.replicas; ++place)
    complete = view.members[place].replica == ReplicaId(place + 1);
  const bool same_group = group_ == GroupId() || view.group == group_;
  if (complete && same_group) {
    complained_of_view_ = false;
    return true;
  }
  if (std::exchange(complained_of_view_, true)) return false;
  output_.events.push_back(Event(complete ? "group_mismatched" : "view_malformed", Severity::error)
                               .with("group", group_)
                               .with("view_group", view.group)
                               .with("view", view.number));
  return false;
}

void ComparatorCore::adopt_view(const View& view) {
  if (!view_) {
    check_audit_head(view);
    record(StartRecord{config_.incarnation, config_.pid, config_.replicas});
  }
  view_ = view;
  voters_ = {};
  judged_ = {};
  for (const Member& member : view.members) {
    change_member(watched(member.replica), member);
    if (member.role == MemberRole::voter) voters_.insert(member.replica);
    if (member.role != MemberRole::none) judged_.insert(member.replica);
  }
  undecidable_ = mentioned_ = {};
  succession_ = {};
  next_mention_ = now_;
  record(ViewRecord{view.number, view.members, view.closed, view.audit_head});
  output_.events.push_back(
      Event("view_adopted").with("term", view.term).with("view", view.number).with("voters", voters_.size()));
  recount();
  for (auto& [principal, clients] : waiting_clients_)
    output_.welcomes.insert(output_.welcomes.end(), clients.begin(), clients.end());
  waiting_clients_.clear();
}

// Votes of an earlier life, and of one that lost its vote, are struck from undecided ballots (laws 8, 13).
void ComparatorCore::change_member(Watched& replica, const Member& member) {
  const Member before = std::exchange(replica.member, member);
  verdicts_.show(member);
  const bool new_life = before.recovery != member.recovery;
  const bool lost_vote = before.role == MemberRole::voter && member.role != MemberRole::voter;
  const bool lost_role = before.role != MemberRole::none && member.role == MemberRole::none;
  if (new_life || lost_vote)
    for (CollectedBallot& ballot : window_)
      if (ballot.is_undecided()) window_.strike(ballot, member.replica);
  if (lost_vote) replica.tally.matches = 0;  // it has imported a state, and proves that one now
  if (!new_life && !lost_role) return;
  for (CollectedBallot& ballot : window_) ballot.stop_waiting_for(member.replica);
  replica.suspicion.reset();
  replica.tally.matches = 0;
  if (!new_life) return;
  replica.tally.voted = replica.passed = replica.life_began = {};
  replica.incarnation = {};
}

// The journal remembers how far the log went, so that a cut tail shows (law 16).
void ComparatorCore::check_audit_head(const View& view) {
  const std::optional<AuditHead> known = audit_head_from(view.audit_head);
  const bool cut = known && known->number > audit_head_.number;
  const bool other = known && known->number != 0 && known->number == audit_head_.number && *known != audit_head_;
  if ((!cut && !other) || view.audit_head == config_.given_up) return;
  output_.events.push_back(
      Event("audit_log_cut", Severity::error).with("journaled", view.audit_head).with("found", to_text(audit_head_)));
  record(CutRecord{view.audit_head});
}

void ComparatorCore::close_through(Sequence closed) {
  window_.close_through(closed);
  for (Watched& replica : replicas_) replica.suspicion.forgive_before(closed.next());
  if (succession_.ballot <= closed) succession_ = {};
  if (undecidable_.value == 0 || undecidable_ > closed) return;
  undecidable_ = {};
  recount();  // another one may be
}

// Who votes has changed: open ballots may be decided now.
void ComparatorCore::recount() {
  for (CollectedBallot& ballot : window_)
    if (ballot.stage() == CollectedBallot::Stage::open) consider(ballot);
}

void ComparatorCore::admit_early() {
  for (Watched& replica : replicas_) {
    replica.early_bytes = 0;
    for (Vote& vote : std::exchange(replica.early, {})) {
      if (vote.order.term > term_)
        keep_early(replica, std::move(vote));
      else if (vote.order.term == term_)
        accept(replica, std::move(vote));
    }
  }
}

Instant ComparatorCore::report_deadline() const {
  return reported_at_ + (window_.decided() != reported_decided_ ? report_interval_busy : report_interval_idle);
}

ComparatorReport ComparatorCore::report() const {
  ComparatorReport report;
  report.group = group_;
  report.incarnation = config_.incarnation;
  report.term = term_;
  report.view = view_ ? view_->number : ViewNumber();
  report.decided = window_.decided();
  for (const Watched& replica : replicas_) report.voters.push_back(replica.tally);
  report.verdicts = verdicts_.effective();
  report.audit_head = to_text(audit_head_);
  report.pid = config_.pid;
  report.agreed = agreed_;
  report.undecidable = undecidable_;
  report.succession = succession_;
  report.synced = synced_;
  report.decision = decision_;
  report.order_operations = order_operations_;
  return report;
}

// Once a report and replica, never once a vote.
void ComparatorCore::say_what_was_dropped() {
  for (Watched& replica : replicas_) {
    if (const std::uint64_t count = std::exchange(replica.repeated, 0))
      output_.events.push_back(
          Event("vote_repeated", Severity::debug).with("replica", replica.member.replica).with("count", count));
    if (const std::uint64_t count = std::exchange(replica.ignored, 0))
      output_.events.push_back(
          Event("vote_ignored", Severity::debug).with("replica", replica.member.replica).with("count", count));
  }
}

}  // namespace tally
