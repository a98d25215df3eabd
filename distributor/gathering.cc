// SPDX-License-Identifier: Apache-2.0
#include "distributor/gathering.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/session.h"

namespace tally {

Gathering::Gathering(const Config& config, RecoveredJournal found, Instant now)
    : config_(config),
      began_(now),
      found_(std::move(found)),
      reports_(config.replicas),
      heard_at_(config.replicas),
      may_tell_(now + patience) {}

// ---- what comes in

// It is greeted by the term that begins.
void Gathering::client_connected(const ClientId& client, Instant) {
  if (clients_.size() < 2 * limits::client_connections) clients_.insert(client);
}

void Gathering::receive(const ClientId& client, const ClientRequest& sent, Instant now) {
  client_connected(client, now);
  if (now - began_ < patience) return;
  const Request& request = sent.request;
  output_.to_clients.emplace_back(
      client, Refusal{session_of(sent.secret), request.number, request.attempt, RefusalReason::unavailable});
}

void Gathering::receive(const ClientId& client, const AdminCommand& command, Instant now) {
  output_.to_clients.emplace_back(client, AdminReply{command.number, AdminOutcome::refused, advice(now)});
}

void Gathering::receive(ReplicaId replica, const ReplicaReport& report, Instant now) {
  if (report.group.value != 0 && report.group != found_.group) {
    strangers_.insert(replica);
    return;
  }
  strangers_.erase(replica);
  reports_[replica] = report;
  heard_at_[replica] = now;
}

void Gathering::receive(const ComparatorReport& report, Instant) {
  strange_comparator_ = report.group.value != 0 && report.group != found_.group;
  if (!strange_comparator_) comparator_ = report;
}

// ---- what follows from it

std::size_t Gathering::heard() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(reports_.values(), [](const auto& report) { return !!report; }));
}

template <class Value, class Read>
Value Gathering::known(const Read& read) const {
  std::vector<Value> values;
  for (const auto& report : reports_.values()) values.push_back(report ? read(*report) : Value());
  return claimed_by(needed(), std::move(values));
}

Gathering::Place Gathering::newest_known() const {
  Place newest =
      known<Place>([](const ReplicaReport& report) { return Place(report.decided.term, report.decided.sequence); });
  if (config_.wait_for_sync && comparator_)
    newest = std::max(newest, Place(comparator_->synced.term, comparator_->synced.sequence));
  return newest;
}

bool Gathering::is_behind() const { return newest_known() > Place(found_.last.term, found_.last.sequence); }

// Those that claim so, and those that may.
bool Gathering::may_be_behind() const {
  const Place last(found_.last.term, found_.last.sequence);
  const auto claims_more = [&](const std::optional<ReplicaReport>& report) {
    return !report || Place(report->decided.term, report->decided.sequence) > last;
  };
  const bool anybody =
      std::ranges::any_of(reports_.values(), [&](const auto& report) { return report && claims_more(report); });
  return anybody && std::ranges::count_if(reports_.values(), claims_more) >= static_cast<std::ptrdiff_t>(needed());
}

// Too few are left that are not.
bool Gathering::is_of_another_group() const {
  return strange_comparator_ || strangers_.size() + needed() > reports_.size();
}

// One replica alone may say what it likes.
void Gathering::tell_claims(Term counted) {
  for (const auto [replica, report] : reports_)
    if (report && report->newest_term > std::max(counted, found_.term))
      output_.events.push_back(Event("term_claimed", Severity::warning)
                                   .with("replica", replica)
                                   .with("term", report->newest_term)
                                   .with("known", counted));
}

// The log has what the status says.
Instant Gathering::next_deadline() const {
  const bool told_all = term_ ? told_ == GroupTrouble::journal_slow : trouble({}) == told_;
  if (told_all) return Instant::never();
  return term_ ? std::max(may_tell_, slow_from_) : may_tell_;
}

void Gathering::tell_trouble(Instant now) {
  const GroupTrouble why = trouble(now);
  if (why == told_ || now < may_tell_) return;
  told_ = why;
  may_tell_ = now + patience;
  output_.events.push_back(group_state_event(GroupState::unavailable, why, advice(now)));
  if (why == GroupTrouble::wrong_group)
    output_.events.push_back(Event("group_mismatch", Severity::error)
                                 .with("group", found_.group)
                                 .with("replicas_of_another", strangers_.size())
                                 .with("comparator_too", strange_comparator_ ? "yes" : "no"));
  if (why != GroupTrouble::journal_behind) return;
  const auto [term, sequence] = newest_known();
  output_.events.push_back(Event("journal_behind", Severity::error)
                               .with("decided", sequence)
                               .with("decided_in_term", term)
                               .with("journal_ends", found_.last.sequence)
                               .with("journal_ends_in_term", found_.last.term));
}

void Gathering::tick(Instant now) {
  if (!term_) begin_if_possible(now);
  if (term_ && now < slow_from_) return;
  tell_trouble(now);
}

void Gathering::begin_if_possible(Instant now) {
  if (!has_heard_enough() || is_behind() || may_be_behind()) return;
  const Term seen =
      std::max(known<Term>([](const ReplicaReport& report) { return report.newest_term; }), comparator_->term);
  tell_claims(seen);
  term_ = found_.term.next();
  slow_from_ = now + patience;
  if (seen <= found_.term) return;
  term_ = Term(seen.value + limits::term_gap);
  output_.events.push_back(
      Event("terms_skipped", Severity::warning).with("journal", found_.term).with("seen", seen).with("next", *term_));
}

// ---- people

GroupTrouble Gathering::trouble(Instant now) const {
  if (!has_heard_enough() && is_of_another_group()) return GroupTrouble::wrong_group;
  if (heard() < needed()) return GroupTrouble::waiting_for_replicas;
  if (!comparator_) return GroupTrouble::no_comparator;
  if (term_) return now < slow_from_ ? GroupTrouble::starting : GroupTrouble::journal_slow;
  return is_behind() ? GroupTrouble::journal_behind : GroupTrouble::waiting_for_replicas;
}

std::string Gathering::advice(Instant now) const {
  const GroupTrouble why = trouble(now);
  if (why == GroupTrouble::wrong_group)
    return std::string(strange_comparator_ ? "The audit log" : "Most replicas") +
           (strange_comparator_ ? " is" : " are") +
           " of another group than the journal: stop the group, and put what belongs together into the data directory.";
  if (why == GroupTrouble::waiting_for_replicas && heard() >= needed())
    return "Start all replicas: one of them knows of a decided order that the journal lacks, and those that have said "
           "nothing yet may know of it too.";
  if (why == GroupTrouble::waiting_for_replicas)
    return "Start replicas: " + std::to_string(heard()) + " of the " + std::to_string(needed()) +
           " that are needed have said what they know.";
  if (why == GroupTrouble::starting) return "Wait: the next term begins.";
  if (why == GroupTrouble::journal_slow)
    return "The next term begins once the journal's disk has finished its syncs; see that disk.";
  if (why == GroupTrouble::no_comparator) return "Start the comparator, or see its log.";
  return "Order " + std::to_string(newest_known().second.value) + " was decided, and the journal ends at order " +
         std::to_string(found_.last.sequence.value) +
         ": it is an older copy. Stop the group and put the newest copy back; if there is none, "
         "`tally journal rebuild` and `tally journal accept-loss` say what each would lose.";
}

void Gathering::receive(const ClientId& client, const StatusQuery& query, Instant now) {
  ClusterStatus status;
  status.number = query.number;
  status.term = found_.term;
  status.view = found_.view.number;
  status.sequence = status.decided = status.stable = found_.last.sequence;
  status.state = GroupState::unavailable;
  for (const auto [id, report] : reports_) {
    ReplicaStatus& replica = status.replicas.emplace_back();
    replica.id = id;
    if (place_of(id) < found_.view.members.size()) {
      const JournaledMember& member = found_.view.members[place_of(id)];
      if (report) replica.state = member.state;
      replica.evictions = member.evictions;
      replica.readmissions = member.readmissions;
      replica.last_verdict = member.last_verdict;
      replica.held = member.held;
    }
    if (!report) continue;
    replica.applied = report->applied.sequence;
    replica.lag = found_.last.sequence.value - std::min(found_.last.sequence.value, replica.applied.value);
    replica.pid = report->pid;
    replica.store = report->store;
    replica.checkpoint = report->checkpoint;
    replica.heard_ms = static_cast<std::uint64_t>((now - heard_at_[id]).milliseconds());
  }
  status.distributor_pid = config_.pid;
  status.distributor_state = RoleState::ok;
  status.comparator_pid = comparator_ ? comparator_->pid : 0;
  status.comparator_state = comparator_ ? RoleState::ok : RoleState::down;
  status.journal_first = found_.first;
  status.reason = to_string(trouble(now));
  status.advice = advice(now);
  output_.to_clients.emplace_back(client, std::move(status));
}

}  // namespace tally
