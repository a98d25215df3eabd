// SPDX-License-Identifier: Apache-2.0
// The distributor towards its replicas and its comparator: streams of orders, reports, verdicts, views.
#include <algorithm>
#include <utility>

#include "distributor/core.h"
#include "protocol/check.h"

namespace tally {
namespace {

constexpr Duration presence = seconds(1);  // a comparator that was not heard of for so long is taken for down
constexpr Duration busy_beat = milliseconds(50);
constexpr Duration idle_beat = milliseconds(250);
constexpr std::uint64_t caught_up_within = limits::replica_window_orders / 4;

}  // namespace

// ---- presence

bool DistributorCore::comparator_present(Instant now) const {
  return comparator_known_ && now - comparator_heard_ <= presence;
}

// Right after its start the group is given the time to find together.
bool DistributorCore::accepting(Instant now) const {
  return is_deciding() && !stalled_ && journal_.has_room && now - comparator_heard_ <= presence;
}

// ---- replicas

void DistributorCore::receive(ReplicaId replica, const ReplicaReport& report, Instant now) {
  wake(now);
  if (report.group.value != 0 && report.group != group_) {
    send_standing(replica);  // it will see, and stop
    return;
  }
  ReplicaStream& stream = stream_of(replica);
  const ReplicaStream::Beginning begins = stream.receive(report, last_.sequence, decided_.next(), now);
  if (begins.of_process)
    output_.events.push_back(Event("replica_connected")
                                 .with("replica", replica)
                                 .with("pid", report.pid)
                                 .with("applied", report.applied.sequence)
                                 .with("recovery", report.recovery));
  if (begins.of_life) send_standing(replica);
  if (!is_deciding()) return;  // law 14: whoever proves itself votes
  const bool of_this_life = report.recovery == membership_.member(replica).recovery;
  const bool newly_lacks = stream.begins_to_lack_state(lacks_state(report));
  if (newly_lacks && of_this_life && membership_.lacks_state(replica, output_.events)) view_changed();
  const bool close_behind = report.applied.sequence.value + caught_up_within >= last_.sequence.value;
  // Who lives on an unproven import, or has no state yet, gives no vote that could be compared.
  const bool gives_votes = flows(replica) && !report.imported && report.state_wanted.value == 0;
  if (!gives_votes || !close_behind || !membership_.caught_up(replica, output_.events)) return;
  next_empty_ = std::min(next_empty_, now + empty_order_period());  // to be judged by
  view_changed();
}

// It cannot vote before another replica's state is its own.
bool DistributorCore::lacks_state(const ReplicaReport& report) const {
  const bool leads_on = report.applied.sequence.next() >= journal_first_;
  return report.imported || (report.state_wanted.value != 0 && !leads_on);
}

// Whether orders may be sent to it: it takes part, and has carried out the recovery that it was told of.
bool DistributorCore::flows(ReplicaId replica) const {
  const JournaledMember& member = membership_.member(replica);
  const bool takes_part = member.state == ReplicaState::voting || member.state == ReplicaState::recovering ||
                          member.state == ReplicaState::probation;
  return takes_part && stream_of(replica).has_carried_out(member.recovery, last_.sequence);
}

void DistributorCore::delivery_failed(ReplicaId replica, Sequence sequence) {
  orders_sent_ -= stream_of(replica).delivery_failed(sequence, last_turn_);
}

// What the replica's window and the journal allow to be sent to it.
Sequence DistributorCore::feed_end(ReplicaId replica) const {
  const ReplicaStream& stream = stream_of(replica);
  const bool may_flow = flows(replica) && stream.sent().next() >= journal_first_ && !awaits_seal(replica);
  return may_flow ? stream.room(last_.sequence) : stream.sent();
}

void DistributorCore::feed(ReplicaId replica, Instant now) {
  ReplicaStream& stream = stream_of(replica);
  if (stream.may_send_from() > now) return;
  const Sequence end = feed_end(replica);
  if (end <= stream.sent()) return;
  output_.deliveries.push_back({replica, stream.sent().next(), end});
  orders_sent_ += end.value - stream.sent().value;
  stream.delivered(end);
}

void DistributorCore::feed_all(Instant now) {
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) feed(ReplicaId(id), now);
}

void DistributorCore::send_standing(ReplicaId replica) {
  if (!view_told()) return;  // tell_view comes
  const JournaledMember& member = membership_.member(replica);
  ReplicaStanding standing;
  standing.term = term_;
  standing.group = group_;
  standing.view = membership_.record().number;
  standing.state = member.state;
  standing.recovery = member.recovery;
  standing.last = last_;
  standing.stable = progress_.stable();
  standing.vote_from = stream_of(replica).vote_from(member.recovery, decided_.next());
  standing.journal_first = journal_first_;
  standing.agreed = agreed_told_;
  if (membership_.record().rollback.stage == GroupRollback::Stage::reproducing) standing.prove = agreed_.order.sequence;
  standing.seal_wanted = sealing_.asks_to_get_ready();
  standing.seal = sealing_.seal();
  standing.donors = sealing_.donors();
  standing.reason = membership_.reason(replica);
  output_.to_replicas.emplace_back(replica, std::move(standing));
}

// ---- comparator and view

void DistributorCore::receive(const ComparatorReport& report, Instant now) {
  wake(now);
  if (report.group.value != 0 && report.group != group_) return;
  const bool is_new = !comparator_known_ || comparator_.incarnation != report.incarnation;
  comparator_known_ = true;
  comparator_heard_ = now;
  comparator_ = report;
  if (is_new) {
    // Law 15: it starts empty, so what was open is closed; its clients will send again.
    closed_ = last_.sequence;
    undecidable_.reset();
    close_ballots(closed_);
    output_.events.push_back(Event("comparator_connected").with("pid", report.pid).with("closed", closed_));
    next_empty_ = now;  // a group that stalled with the old one finds out at once that it decides again
    send_view();
    return;
  }
  if (report.term != term_) return send_view();
  if (report.decided > std::max(decided_, closed_)) {
    if (stalled_) output_.events.push_back(Event("group_deciding").with("sequence", report.decided));
    decided_once_ = true;
    stalled_ = false;
    undecidable_.reset();
  }
  close_ballots(std::min(report.decided, last_.sequence));
  if (!report.audit_head.empty()) membership_.remember_audit_head(report.audit_head);
  take_agreed(report);
  if (!take_no_majority(report, now)) take_verdicts(report);
}

void DistributorCore::take_verdicts(const ComparatorReport& report) {
  if (!is_deciding()) return;
  bool changed = false;
  // Dissents first: at the floor (law 13) a silent replica stays rather than a lying one.
  for (const VerdictReason reason : {VerdictReason::dissent, VerdictReason::silence})
    for (const Verdict& verdict : report.verdicts)
      if (verdict.reason == reason) changed |= membership_.judge(verdict, output_.events);
  if (report.view == membership_.record().number)
    for (const VoterTally& tally : report.voters)
      if (is_replica(tally.replica)) changed |= membership_.matched(tally.replica, tally.matches, output_.events);
  changed |= take_succession(report);
  if (changed) view_changed();
}

bool DistributorCore::take_succession(const ComparatorReport& report) {
  const bool current = report.view == membership_.record().number && report.succession.ballot > closed_;
  return current && membership_.succeed(report.succession, output_.events);
}

// Law 13. The group stands still, so whoever may help is not kept waiting for the end of its
// cool-down.
void DistributorCore::let_in(Instant now) {
  const bool reproducing = membership_.record().rollback.stage == GroupRollback::Stage::reproducing;
  if (new_term_wanted_ || !(stalled_ || undecidable_ || reproducing)) return;
  bool changed = false;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id)
    if (stream_of(ReplicaId(id)).is_present(now)) changed |= membership_.end_cooldown(ReplicaId(id), output_.events);
  if (changed) view_changed();
}

// A changed view is journaled first; when it is synced, everybody hears of it.
void DistributorCore::view_changed() {
  append(membership_.record());
  view_position_ = progress_.appended();
  ask_for_sync();
}

void DistributorCore::tell_view() {
  for (std::uint64_t id = 1; id <= streams_.size(); ++id)
    if (stream_of(ReplicaId(id)).is_known()) send_standing(ReplicaId(id));
  send_view();
}

void DistributorCore::send_view() {
  if (!comparator_known_ || !view_told()) return;
  View view;
  view.term = term_;
  view.group = group_;
  view.number = membership_.record().number;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id)
    view.members.push_back({ReplicaId(id), membership_.role(ReplicaId(id)), membership_.member(ReplicaId(id)).recovery,
                            membership_.member(ReplicaId(id)).state});
  view.comparator = comparator_.incarnation;
  view.closed = closed_;
  view.last = last_.sequence;
  view.stable = progress_.stable();
  view.audit_head = membership_.record().audit_head;
  output_.to_comparator.emplace_back(std::move(view));
}

void DistributorCore::beat(Instant now) {
  next_beat_ = now + (open_.empty() ? idle_beat : busy_beat);
  consider_cut();
  tell_view();
  tell_trouble(now);
}

}  // namespace tally
