// SPDX-License-Identifier: Apache-2.0
#include "replica/core.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {

ReplicaCore::ReplicaCore(ReplicaConfig config, OperationDecoder decode)
    : config_(std::move(config)),
      decode_(std::move(decode)),
      schedule_({config_.id, config_.checkpoint_orders, config_.replicas, config_.early_checkpoint_changes}) {
  output_.load_checkpoint = true;
}

// ---- orders

bool ReplicaCore::executing() const {
  if (loading() || !standing_ || stopped_ || failed_) return false;
  return standing_->state != ReplicaState::evicted && standing_->state != ReplicaState::quarantined;
}

void ReplicaCore::receive(const Order& order, Instant now) {
  if (!executing()) return;
  if (chain_of(order) != order.id.chain) {  // law 2: damaged is lost
    note("order_damaged", Severity::warning).with("after", applied_.sequence);
    return reporting_.missed(applied_.sequence.next(), applied_.sequence, now);
  }
  switch (judge(order)) {
    case Judgement::next: return apply(order, now);
    case Judgement::repeated: return;
    case Judgement::ahead: return reporting_.missed(order.id.sequence, applied_.sequence, now);
    case Judgement::fork: return roll_back("another_chain", now);
  }
}

// Terms never fall along a chain. So an order of a lower term than the last applied one is of a tail that some journal
// lost (law 3); one of a higher term on another chain shows that what this replica applied was lost (law 2).
ReplicaCore::Judgement ReplicaCore::judge(const Order& order) const {
  const auto& [term, sequence, chain] = order.id;
  const OrderIdentity& last = standing_->last;
  if (term < applied_.term) return Judgement::repeated;
  const bool newest_term = term >= standing_->term;
  if (!newest_term && (sequence > last.sequence || (sequence == last.sequence && order.id != last)))
    return Judgement::repeated;

  const bool conflicts = sequence <= applied_.sequence ? newest_term : order.previous != applied_.chain;
  if (sequence > applied_.sequence.next()) return Judgement::ahead;
  if (!conflicts) return sequence > applied_.sequence ? Judgement::next : Judgement::repeated;
  if (term == applied_.term) return Judgement::repeated;
  // A checkpoint holds stable orders only, so it outweighs the order of an old term.
  return applied_ == base_ && !newest_term ? Judgement::repeated : Judgement::fork;
}

void ReplicaCore::apply(const Order& order, Instant now) {
  if (order.semantics != limits::semantics_version) return stop(order);
  const bool votes = order.id.sequence >= standing_->vote_from;
  std::string results;
  if (votes) results.reserve(usual_result_bytes_);
  unvoted_.clear();
  state_->apply(order, decode_, votes ? results : unvoted_);
  applied_ = order.id;
  calendar_ = std::max(calendar_, order.calendar);
  if (votes) {
    usual_result_bytes_ = results.size();
    output_.votes.push_back({order.id, config_.incarnation, recovery_, state_->digest(), std::move(results)});
    capture_if_due();
  }
  reporting_.applied(applied_.sequence, now);
}

// Law 5: what it does not understand it does not execute, and so does not vote on.
void ReplicaCore::stop(const Order& order) {
  stopped_ = true;
  note("semantics_unknown", Severity::error)
      .with("sequence", order.id.sequence)
      .with("semantics", order.semantics)
      .with("known", limits::semantics_version);
}

// ---- standing

void ReplicaCore::receive(const ReplicaStanding& standing, Instant now) {
  if (failed_ || !knows_group(standing) || is_outdated(standing)) return;
  const bool new_term = !standing_ || standing.term > standing_->term;
  if (!standing_ || standing.state != standing_->state)
    note("standing_changed")
        .with("state", to_string(standing.state))
        .with("view", standing.view)
        .with("reason", standing.reason);
  standing_ = standing;
  if (loading()) return;
  settle(new_term, now);
  if (loading()) return;
  if (auto checkpoint = schedule_.release(standing, applied_)) output_.checkpoint = std::move(checkpoint);
}

// A replica belongs to one group for ever.
bool ReplicaCore::knows_group(const ReplicaStanding& standing) {
  if (group_.value != 0 && group_ != standing.group) {
    fail("this replica's checkpoints are of group " + std::to_string(group_.value) + ", the distributor's is " +
         std::to_string(standing.group.value));
    return false;
  }
  group_ = standing.group;
  return true;
}

// Law 3.
bool ReplicaCore::is_outdated(const ReplicaStanding& standing) const {
  if (!loading() && standing.term < applied_.term) return true;
  if (!standing_) return false;
  return standing.term < standing_->term || (standing.term == standing_->term && standing.view < standing_->view);
}

// Carries out what the standing asks for.
void ReplicaCore::settle(bool new_term, Instant now) {
  if (taking_over_) {
    taking_over_ = false;
    recovery_ = standing_->recovery;
    reporting_.request(now);
  } else if (standing_->recovery > recovery_) {
    return roll_back("recovery", now);
  } else if (new_term && standing_->recovery < recovery_) {
    recovery_ = standing_->recovery;  // the distributor restarted and lost the view that it had not synced
    reporting_.request(now);
  }
  if (is_ahead_of_journal()) roll_back("journal_lost_orders", now);
}

// Law 2: a new term's journal ends before what this replica executed, or ends in something else.
bool ReplicaCore::is_ahead_of_journal() const {
  const OrderIdentity& last = standing_->last;
  if (applied_.sequence.value == 0 || standing_->term <= applied_.term) return false;
  if (last.sequence > applied_.sequence) return false;
  return last.sequence < applied_.sequence || last.chain != applied_.chain;
}

// ---- roll-back and start

void ReplicaCore::roll_back(std::string_view reason, Instant now) {
  const bool recovering = standing_->recovery > recovery_;
  if (!recovering && applied_ == base_) {
    // The checkpoint itself, of stable orders only, is not what the journal holds: one of them was replaced.
    if (base_.sequence.value == 0) return reporting_.missed(Sequence(1), applied_.sequence, now);
    note("checkpoint_ahead_of_journal", Severity::error)
        .with("checkpoint", base_.sequence)
        .with("journal", standing_->last.sequence);
    return start_empty(now);
  }
  note("rolled_back", Severity::warning).with("reason", reason).with("from", applied_.sequence);
  state_.reset();
  schedule_.drop();
  output_.checkpoint.reset();
  output_.load_checkpoint = true;
}

std::unique_ptr<State> ReplicaCore::fresh_state() const {
  return std::make_unique<State>(config_.limits, config_.incarnation.value);
}

void ReplicaCore::restored(const CheckpointHeader& header, std::unique_ptr<State> state, Instant now) {
  CHECK(loading());
  if (header.semantics != limits::semantics_version)
    return fail("the checkpoint is of semantics version " + std::to_string(header.semantics) + ", this program's is " +
                std::to_string(limits::semantics_version));
  if (!state->finish_restore(header)) {
    note("checkpoint_rejected", Severity::error).with("checkpoint", header.applied.sequence);
    return start_empty(now);
  }
  if (group_.value != 0 && group_ != header.group)
    return fail("the checkpoint is of group " + std::to_string(header.group.value) + ", the distributor's is " +
                std::to_string(group_.value));
  group_ = header.group;
  note("checkpoint_restored").with("sequence", header.applied.sequence).with("counters", state->counters());
  begin(std::move(state), header, now);
}

void ReplicaCore::nothing_to_restore(Instant now) {
  CHECK(loading());
  note("started_empty");
  start_empty(now);
}

void ReplicaCore::start_empty(Instant now) { begin(fresh_state(), {}, now); }

void ReplicaCore::begin(std::unique_ptr<State> state, const CheckpointHeader& header, Instant now) {
  schedule_.drop();
  output_.checkpoint.reset();
  state_ = std::move(state);
  applied_ = base_ = header.applied;
  calendar_ = header.calendar;
  checkpoint_ = header.applied.sequence;
  stopped_ = false;
  taking_over_ = true;
  reporting_.restart(now);
  if (standing_) settle(false, now);
}

// ---- checkpoints

void ReplicaCore::capture_if_due() {
  if (!schedule_.due(applied_.sequence, state_->changes())) return;
  CheckpointHeader header;
  header.group = group_;
  header.applied = applied_;
  header.calendar = calendar_;
  schedule_.captured(state_->capture(header));
}

void ReplicaCore::checkpoint_committed(Sequence applied) {
  schedule_.committed();
  checkpoint_ = applied;
  note("checkpoint_committed").with("sequence", applied);
}

void ReplicaCore::checkpoint_failed(CheckpointDelta lost, CommitFailure failure) {
  note("checkpoint_failed", Severity::error)
      .with("sequence", lost.header.applied.sequence)
      .with("reason", failure == CommitFailure::digest_mismatch ? "digest_mismatch" : "not_written");
  if (loading() || !schedule_.committing()) return;  // of a state that is gone
  if (failure == CommitFailure::not_written) {
    if (!schedule_.failed(std::move(lost))) state_->forget_captures();
    return;
  }
  // Either the memory is wrong, which the next vote will show, or the store is, which is then written anew.
  scrub();
  schedule_.start_over();
  state_->forget_captures();
}

bool ReplicaCore::scrub() {
  if (loading() || state_->scrub()) return true;
  note("state_mismatch", Severity::error).with("applied", applied_.sequence).with("digest", state_->digest());
  return false;
}

bool ReplicaCore::flip_stored_counter() { return !loading() && state_->flip_stored_counter(); }

// ---- time and output

void ReplicaCore::connected(Instant now) { reporting_.request(now); }

void ReplicaCore::tick(Instant now) {
  if (loading() || failed_) return;
  const bool behind = executing() && standing_->last.sequence > applied_.sequence;
  reporting_.tick(applied_.sequence, behind, now);
}

Instant ReplicaCore::next_deadline() const {
  return loading() || failed_ ? Instant::never() : reporting_.next_deadline(applied_.sequence);
}

ReplicaOutput ReplicaCore::take_output() {
  if (!loading() && !failed_)
    if (const auto due = reporting_.take(applied_.sequence)) output_.report = report(due->resend);
  return std::exchange(output_, {});
}

ReplicaReport ReplicaCore::report(bool resend) const {
  return {group_, config_.incarnation, recovery_, applied_, checkpoint_, resend, config_.pid, config_.store};
}

Event& ReplicaCore::note(std::string_view name, Severity severity) {
  return output_.events.emplace_back(name, severity);
}

void ReplicaCore::fail(std::string message) {
  failed_ = true;
  output_.fatal = std::move(message);
}

}  // namespace tally
