// SPDX-License-Identifier: Apache-2.0
// What the distributor does so that others can repair themselves: it knows what was decided, ends a term in which no
// majority is found, and cuts the journal where nobody needs it.
#include <algorithm>
#include <functional>
#include <vector>

#include "distributor/core.h"

namespace tally {
namespace {

constexpr Duration agreed_period = seconds(1);
constexpr Duration proof_patience = seconds(300);  // with whoever is there and says nothing, while all others are wrong
constexpr Duration newcomer_patience = seconds(10);  // with whoever is on its way to its vote
constexpr Duration first_word = seconds(2);          // so long may be on its way who has not been heard of

}  // namespace

// ---- what was decided, and a group without a majority (law 14)

// Orders of this term only: one of an earlier term may be of a tail that the journal lost.
void DistributorCore::take_agreed(const ComparatorReport& report) {
  const OrderIdentity& order = report.agreed.order;
  const bool newer = order.sequence > agreed_.order.sequence && order.sequence <= last_.sequence;
  if (is_deciding() && order.term == term_ && newer) agreed_ = report.agreed;
}

// Replicas write checkpoints of what was agreed. So it is journaled first, and they are told of it once it is stable:
// what a checkpoint may hold can be proven. While the group stands still, or a checkpoint is to be sealed, it may be
// what an import waits for.
void DistributorCore::journal_agreed(Instant now) {
  const bool known = agreed_journaled_.state.order.sequence >= agreed_.order.sequence;
  const bool to_be_sealed =
      sealing_.awaits_agreement_after(agreed_journaled_.state.order.sequence, agreed_.order.sequence);
  if (known || (next_agreed_ > now && !stalled_ && !to_be_sealed && !draining_)) return;
  next_agreed_ = now + agreed_period;
  append(agreed_);
  agreed_journaled_ = {agreed_, progress_.appended()};
  if (to_be_sealed || draining_) ask_for_sync();
}

// True: it is on record now. The comparator has named everybody that votes or is on probation whose
// vote may still help. Whoever else is there may make f+1 equal votes possible too, and to wait for
// that is better than a roll-back of everybody, since a second one halts the group.
bool DistributorCore::take_no_majority(const ComparatorReport& report, Instant now) {
  if (undecidable_ && undecidable_->told + limits::ballot_lifetime <= now) undecidable_.reset();
  const bool current = report.view == membership_.record().number && report.undecidable > closed_;
  if (!current || !is_deciding()) return false;
  if (!undecidable_) undecidable_ = Undecidable{now, now};
  undecidable_->told = now;
  if (report.succession.ballot > closed_ || is_waiting_for_votes(report.undecidable, now)) return false;
  if (!membership_.no_majority(report.undecidable, output_.events)) return false;
  begin_new_term();
  return true;
}

bool DistributorCore::is_waiting_for_votes(Sequence ballot, Instant now) const {
  const Duration waited = now - undecidable_->since;
  if (waited >= (membership_.would_halt() ? proof_patience : newcomer_patience)) return false;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const bool there = waited < first_word || stream_of(ReplicaId(id)).is_present(now);
    if (there && may_join(ReplicaId(id), ballot)) return true;
  }
  return false;
}

// It may be on its way to probation, or has not voted on this ballot there.
bool DistributorCore::may_join(ReplicaId replica, Sequence ballot) const {
  const JournaledMember& member = membership_.member(replica);
  switch (member.state) {
    case ReplicaState::evicted: return !member.held;
    case ReplicaState::recovering: return true;
    case ReplicaState::probation:
      return std::ranges::none_of(comparator_.voters, [&](const VoterTally& tally) {
        return tally.replica == replica && tally.voted >= ballot;
      });
    default: return false;
  }
}

// Once the view is synced. What is decided is journaled with it: that is what has to be reproduced.
void DistributorCore::begin_new_term() {
  append(agreed_);
  view_changed();
  new_term_wanted_ = membership_.record().rollback.stage != GroupRollback::Stage::halted;
}

// Each replica speaks for itself: one that lies here dissents later. A wrong proof may come from a checkpoint that a
// donor lied about. Where another one is right, there is something to be reproduced: it tries again with what
// else it has.
void DistributorCore::consider_proofs(Instant now) {
  const GroupRollback& rollback = membership_.record().rollback;
  if (rollback.stage != GroupRollback::Stage::reproducing || new_term_wanted_) return;
  const bool patient = wall_.unix_milliseconds - rollback.at.unix_milliseconds < proof_patience.milliseconds();
  std::uint32_t possible = 0;  // that have not given a wrong proof
  bool awaited = false;
  std::vector<ReplicaId> right;
  std::vector<ReplicaId> wrong;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const ReplicaId replica(id);
    const ReplicaStream& stream = stream_of(replica);
    const JournaledMember& member = membership_.member(replica);
    const bool present = stream.is_present(now) || now < began_at_ + first_word;
    const bool votes = member.state == ReplicaState::voting;
    if (member.held || member.state == ReplicaState::quarantined || !(votes || present)) continue;
    const ReplicaReport& report = stream.report();
    const bool has_proof = flows(replica) && report.proof.order.sequence >= agreed_.order.sequence;
    if (has_proof && report.proof != agreed_) {
      wrong.push_back(replica);
      continue;
    }
    ++possible;
    if (has_proof) right.push_back(replica);
    awaited |= !has_proof && patient && present;
  }
  const std::uint32_t needed = membership_.majority();
  if (right.size() >= needed || agreed_.order.sequence.value == 0) {
    if (membership_.reproduced(right, output_.events)) view_changed();
    return;
  }
  bool again = false;
  if (!right.empty())
    for (const ReplicaId replica : wrong) again |= membership_.reproduce_again(replica, output_.events);
  if (again) return view_changed();
  const bool hopeless = possible < needed && (!right.empty() || !awaited);
  if (hopeless && membership_.halt("the decided state was not reproduced", output_.events)) view_changed();
}

bool DistributorCore::is_voided(Sequence sequence) const {
  const std::vector<Sequence>& voided = membership_.record().voided;
  return !voided.empty() && std::ranges::binary_search(voided, sequence);
}

// ---- a state for whoever wants one

void DistributorCore::consider_seal(Instant now) {
  const bool is_wanted = std::ranges::any_of(streams_, [&](const ReplicaStream& stream) {
    return stream.report().state_wanted.value != 0 && stream.is_present(now);
  });
  if (!is_wanted) return sealing_.rest();
  std::vector<Sealing::Replica> replicas;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const ReplicaStream& stream = stream_of(ReplicaId(id));
    replicas.push_back({stream.is_present(now), membership_.role(ReplicaId(id)) == MemberRole::voter,
                        stream.report().state_wanted, stream.report().imported, stream.report().seal_ready,
                        stream.report().seal});
  }
  const Sealing::Step step = sealing_.consider(replicas, last_.sequence, now, output_.events);
  if (step.make_order) next_empty_ = now;
  if (step.tell) tell_view();
}

// Rather than execute for minutes what it wants to import, it waits for the seconds that a seal takes. Not if its vote
// may be waited for.
bool DistributorCore::awaits_seal(ReplicaId replica) const {
  if (membership_.member(replica).state != ReplicaState::recovering || stalled_ || undecidable_) return false;
  return stream_of(replica).report().state_wanted.value != 0 && sealing_.is_worth_waiting_for(last_turn_);
}

// ---- the journal's beginning

void DistributorCore::journal_damaged(Sequence sequence) {
  if (sequence < journal_first_) return;
  output_.events.push_back(Event("journal_damaged", Severity::error).with("sequence", sequence));
  journal_first_ = sequence.next();
  tell_view();
}

// The newest order that f+1 voters say they have a checkpoint of, or beyond.
Sequence DistributorCore::safe_cut() const {
  std::vector<Sequence> checkpoints;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const ReplicaStream& stream = stream_of(ReplicaId(id));
    if (stream.is_known() && membership_.role(ReplicaId(id)) == MemberRole::voter)
      checkpoints.push_back(std::min(stream.report().checkpoint, agreed_told_.order.sequence));
  }
  if (checkpoints.size() < membership_.majority()) return Sequence();
  std::ranges::sort(checkpoints, std::greater<>());
  return checkpoints[membership_.majority() - 1];
}

// What nobody needs: each replica pins its own checkpoint and some orders before it, until the journal is too large.
Sequence DistributorCore::wanted_cut() const {
  std::uint64_t oldest = safe_cut().value;
  if (journal_.bytes > config_.journal_bytes) return Sequence(oldest);
  for (const ReplicaStream& stream : streams_)
    oldest = std::min(oldest, stream.is_known() ? stream.report().checkpoint.value : 0);
  return Sequence(oldest - std::min(oldest, config_.journal_slack_orders));
}

// A cut of fewer orders than can go by themselves would only be told, and so would one that was asked for already.
void DistributorCore::consider_cut() {
  const bool damaged = cut_ < journal_first_;
  const Sequence first = (damaged ? safe_cut() : wanted_cut()).next();
  if (damaged ? first < journal_first_ : first < journal_.next_cut || journal_.next_cut <= cut_) return;
  cut_ = journal_first_ = first;
  output_.cut_below = first;
  output_.events.push_back(Event("journal_cut").with("first", first));
  membership_.forget_voided_below(first);
}

}  // namespace tally
