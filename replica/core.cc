// SPDX-License-Identifier: Apache-2.0
#include "replica/core.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

constexpr std::size_t kept_open_changes = 2'000'000;  // that a capture may bring while it is kept open for a seal
constexpr Duration capture_pause = milliseconds(2);   // between two steps of a capture, when no order comes

// Whether the distributor sends it orders.
bool is_served(ReplicaState state) { return state != ReplicaState::evicted && state != ReplicaState::quarantined; }

// About what it takes in the journal.
std::uint64_t bytes_of(const Order& order) {
  constexpr std::uint64_t overhead = 128;  // of an order, and of a request
  std::uint64_t bytes = overhead;
  for (const Request& request : order.requests) bytes += request.operations.size() + overhead;
  return bytes;
}

}  // namespace

ReplicaCore::ReplicaCore(ReplicaConfig config)
    : config_(std::move(config)),
      group_(config_.group),
      witness_(config_.witness),
      import_(config_.id, config_.replicas),
      schedule_({config_.id, config_.checkpoint_orders, config_.replicas, config_.early_checkpoint_changes,
                 config_.early_checkpoint_bytes}) {
  output_.load = LoadWish{};
}

// ---- orders

bool ReplicaCore::executing() const {
  if (loading() || importing() || !standing_ || stopped_ || failed_) return false;
  return is_served(standing_->state);
}

void ReplicaCore::receive(const Order& order, Instant now) {
  if (!executing()) return;
  if (chain_of(order) != order.id.chain) {  // law 2: damaged is lost
    note("order_damaged", Severity::warning).with("after", applied_.sequence);
    return reporting_.missed(applied_.sequence.next(), applied_.sequence, now);
  }
  const Judgement judgement = judge(order);
  const bool leads_on = judgement == Judgement::next || judgement == Judgement::ahead;
  if (leads_on && !may_execute_next()) return trial_.hold_orders();
  switch (judgement) {
    case Judgement::next: return apply(order, now);
    case Judgement::repeated: return;
    case Judgement::contradiction: return doubt_checkpoint(now);
    case Judgement::ahead: return reporting_.missed(order.id.sequence, applied_.sequence, now);
    case Judgement::fork: return roll_back("another_chain", now);
  }
}

// Terms never fall along a chain. So an order of a lower term than the last applied one is of a tail that some journal
// lost (law 3); one of a higher term on another chain shows that what this replica applied was lost (law 2).
ReplicaCore::Judgement ReplicaCore::judge(const Order& order) const {
  const auto& [term, sequence, chain] = order.id;
  const OrderIdentity& last = standing_->last;
  const bool is_next = sequence == applied_.sequence.next();
  if (term < applied_.term) return is_next ? Judgement::contradiction : Judgement::repeated;
  const bool newest_term = term >= standing_->term;
  if (!newest_term && (sequence > last.sequence || (sequence == last.sequence && order.id != last)))
    return Judgement::repeated;

  const bool conflicts = sequence <= applied_.sequence ? newest_term : order.previous != applied_.chain;
  if (sequence > applied_.sequence.next()) return Judgement::ahead;
  if (!conflicts) return sequence > applied_.sequence ? Judgement::next : Judgement::repeated;
  if (term == applied_.term) return Judgement::contradiction;
  // A checkpoint of its own holds stable orders only, so it outweighs the order of an old term.
  const bool outweighs = applied_ == base_ && !is_untouched_import();
  return outweighs && !newest_term ? Judgement::contradiction : Judgement::fork;
}

// The journal may be another one, put back from a backup.
void ReplicaCore::doubt_checkpoint(Instant now) {
  if (applied_ != base_ || !trial_.is_refuted_by_contradiction(now)) return;
  note("checkpoint_contradicted", Severity::error).with("checkpoint", base_.sequence);
  load_again(LoadWish{base_.sequence});
}

void ReplicaCore::apply(const Order& order, Instant now) {
  if (order.semantics != limits::semantics_version) return stop(order);
  const bool votes = order.id.sequence >= standing_->vote_from && !trial_.is_on_import();
  std::string results;
  const std::size_t changes = state_->changes();
  if (votes) results.reserve(usual_result_bytes_);
  unvoted_.clear();
  state_->apply(order, votes ? results : unvoted_);
  schedule_.executed(bytes_of(order));
  applied_ = order.id;
  trial_.was_followed();
  voted_ = votes;
  calendar_ = std::max(calendar_, order.calendar);
  if (votes) {
    trial_.voted(applied_.sequence);
    usual_result_bytes_ = results.size();
    output_.votes.push_back({order.id, config_.incarnation, recovery_, state_->digest(), std::move(results)});
    capture_if_due(state_->changes() - std::min(changes, state_->changes()), order.seal, now);
    if (schedule_.is_anybodys(applied_.sequence)) {
      if (due_states_.size() == Witness::most_states) due_states_.pop_front();
      due_states_.push_back({applied_, state_->digest()});
    }
  }
  reporting_.applied(applied_.sequence, now);
  examine_state(now);
  if (!loading() && applied_.sequence == standing_->prove) prove(now);
}

// Law 14.
void ReplicaCore::prove(Instant now) {
  proof_ = {applied_, state_->digest()};
  reporting_.request(now);
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
  if (failed_ || !knows_group(standing)) return;
  if (!is_served(standing.state)) trial_.excuse(now);
  if (!importing() && is_untouched_import() && standing.last != applied_ && trial_.is_refuted_by_silence(now))
    return load_again(fail_trial());
  if (is_outdated(standing)) return;
  const bool new_term = !standing_ || standing.term > standing_->term;
  if (!standing_ || standing.state != standing_->state)
    note("standing_changed")
        .with("state", to_string(standing.state))
        .with("view", standing.view)
        .with("reason", standing.reason);
  // Its votes have been compared: as often as readmission asks for.
  const bool readmitted = standing_ && standing_->state == ReplicaState::probation;
  if (readmitted && standing.state == ReplicaState::voting && !trial_.is_on_import()) pass_trial(now);
  standing_ = standing;
  remember();
  look_after_seal();
  if (importing()) {
    import_.allow(standing.donors, now);
    take_import_output(now);
  }
  if (loading() || importing()) return;
  settle(new_term, now);
  if (loading() || importing()) return;
  examine_state(now);
  if (loading()) return;
  if (trial_.passes_by_votes(standing, applied_.sequence, now)) pass_trial(now);
  if (auto checkpoint = schedule_.release(standing, applied_)) output_.checkpoint = std::move(checkpoint);
}

// A replica belongs to one group for ever.
bool ReplicaCore::knows_group(const ReplicaStanding& standing) {
  if (group_.value != 0 && group_ != standing.group) {
    fail("this replica is of group " + std::to_string(group_.value) + ", the distributor of group " +
         std::to_string(standing.group.value));
    return false;
  }
  group_ = standing.group;
  return true;
}

// What was decided is known to be right once it is told, and this replica's word for it is worth
// something once its own state is.
void ReplicaCore::remember() {
  const ReplicaStanding& standing = *standing_;
  bool is_news = standing.term > witness_.newest_term || standing.agreed.order > witness_.decided;
  witness_.newest_term = std::max(witness_.newest_term, standing.term);
  witness_.decided = std::max(witness_.decided, standing.agreed.order);
  while (!trial_.is_on() && !due_states_.empty() &&
         due_states_.front().order.sequence <= standing.agreed.order.sequence) {
    witness_.add(due_states_.front());
    due_states_.pop_front();
    is_news = true;
  }
  if (is_news) output_.witness = witness_;
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
    if (!may_keep_state()) return roll_back("recovery", now);
    keep_state(now);
  } else if (new_term && standing_->recovery < recovery_) {
    recovery_ = standing_->recovery;  // the distributor restarted and lost the view that it had not synced
    reporting_.request(now);
  }
  if (is_ahead_of_journal()) return roll_back("journal_lost_orders", now);
  const bool began_there = standing_->prove.value != 0 && applied_ == base_ && applied_.sequence >= standing_->prove;
  if (began_there && proof_.order != applied_) prove(now);
  if (const auto goal = import_goal()) {
    import_tried_ = true;
    import_.begin(*goal, now);
    take_import_output(now);
  }
}

// What is asked for is a recovery. Evicted while it was loading: it has just done that. And silence says nothing
// against a state; like any other it is proven on probation. But what it has executed and is to vote
// on, it executes again: its votes of the life before count no more, and the group may wait for them.
bool ReplicaCore::may_keep_state() const {
  const bool fresh = applied_ == base_ && proof_.order.sequence.value == 0;
  const bool was_silent =
      standing_->recovery == recovery_.next() && standing_->reason == to_string(VerdictReason::silence);
  return fresh || (was_silent && applied_.sequence < standing_->vote_from);
}

// Its votes until now, not judged any more, prove nothing for it either, nor for what was captured.
void ReplicaCore::keep_state(Instant now) {
  recovery_ = standing_->recovery;
  trial_.forget_votes();
  if (!schedule_.withdraw()) state_->forget_captures();
  reporting_.request(now);
}

// Law 2: a new term's journal ends before what this replica executed, or ends in something else.
bool ReplicaCore::is_ahead_of_journal() const {
  const OrderIdentity& last = standing_->last;
  if (applied_.sequence.value == 0 || standing_->term <= applied_.term) return false;
  if (last.sequence > applied_.sequence) return false;
  return last.sequence < applied_.sequence || last.chain != applied_.chain;
}

// ---- checkpoints

// A large capture goes in steps, so that no order waits for it. Each step captures more entries than the last order
// changed, so the capture terminates. For a seal all replicas have to end theirs after the same order, and so wait for
// it.
void ReplicaCore::capture_if_due(std::size_t changed, bool seal, Instant now) {
  constexpr std::size_t step = 4096;
  if (!voted_) return;
  capturing_ = capturing_ ||
               (schedule_.is_free() && (standing_->seal_wanted || schedule_.due(applied_.sequence, state_->changes())));
  if (!capturing_) return;
  const bool little_left = state_->capture_some(step + 4 * changed);
  if (little_left && standing_->seal_wanted && !std::exchange(seal_ready_, true)) reporting_.request(now);
  if (!little_left || (!seal && is_kept_open())) return;
  if (seal) sealing_ = applied_.sequence;
  schedule_.captured(capture());
}

CheckpointDelta ReplicaCore::capture() {
  capturing_ = seal_ready_ = false;
  CheckpointHeader header;
  header.group = group_;
  header.applied = applied_;
  header.calendar = calendar_;
  return state_->capture(header);
}

// When nothing is ordered any more. What waits to be committed goes with it.
void ReplicaCore::capture_last() {
  if (captured_last_ || schedule_.committing()) return;
  captured_last_ = true;
  const bool is_due = !loading() && !importing() && !trial_.is_on() && standing_ &&
                      standing_->agreed.order == applied_ && applied_.sequence > checkpoint_;
  if (!is_due || state_->changes() > config_.early_checkpoint_changes) return;
  if (!schedule_.withdraw()) state_->forget_captures();
  schedule_.captured(capture());
  output_.checkpoint = schedule_.release(*standing_, applied_);
}

// Until the order that is to be sealed has come. What changes meanwhile is captured again and again, so not for ever.
bool ReplicaCore::is_kept_open() const {
  const bool comes = standing_->seal_wanted || standing_->seal.checkpoint > applied_.sequence;
  return comes && state_->captured() <= kept_open_changes;
}

// What was sealed is kept only for as long as somebody may import it.
void ReplicaCore::look_after_seal() {
  if (seal_.checkpoint.value == 0 || standing_->seal.checkpoint == seal_.checkpoint) return;
  seal_ = {};
  output_.unseal = true;
}

void ReplicaCore::sealed(Sequence checkpoint, const std::optional<CheckpointSeal>& seal, Instant now) {
  seal_ = seal.value_or(CheckpointSeal{checkpoint, {}, 0});
  if (seal)
    note("checkpoint_sealed").with("sequence", checkpoint).with("bytes", seal->bytes);
  else
    note("checkpoint_not_sealed", Severity::error).with("sequence", checkpoint);
  reporting_.request(now);
}

void ReplicaCore::checkpoint_committed(Sequence applied) {
  schedule_.committed();
  checkpoint_ = applied;
  note("checkpoint_committed").with("sequence", applied);
  if (applied == sealing_) output_.seal = applied;
}

void ReplicaCore::checkpoint_failed(CheckpointDelta lost, CommitFailure failure) {
  note("checkpoint_failed", Severity::error)
      .with("sequence", lost.header.applied.sequence)
      .with("reason", to_string(failure));
  if (lost.header.applied.sequence == sealing_) sealed(sealing_, std::nullopt, last_tick_);
  if (loading() || !schedule_.committing()) return;  // of a state that is gone
  if (failure == CommitFailure::not_written) {
    if (!schedule_.failed(std::move(lost))) state_->forget_captures();
    return;
  }
  // Either the memory is wrong, which the next vote will show, or the store is, which is then written anew.
  if (failure == CommitFailure::digest_mismatch) scrub();
  schedule_.start_over();
  state_->forget_captures();
}

bool ReplicaCore::flip_stored_counter() { return !loading() && state_->flip_stored_counter(); }

// ---- time and output

void ReplicaCore::connected(Instant now) { reporting_.request(now); }

void ReplicaCore::tick(Instant now) {
  if (failed_) return;
  last_tick_ = now;
  if (loading() && draining_) captured_last_ = true;
  if (loading()) return show_sign_of_life(now);
  const bool behind =
      executing() && !needs_state() && standing_->last.sequence > applied_.sequence && may_execute_next();
  reporting_.tick(applied_.sequence, behind, now);
  import_.tick(now);
  take_import_output(now);
  if (draining_) capture_last();
  if (importing()) return;
  if (capturing_ && !seal_ready_) capture_if_due(0, false, now);
  if (next_scrub_ <= now) scrub_some(now);
}

void ReplicaCore::show_sign_of_life(Instant now) {
  if (next_sign_of_life_ <= now) {
    reporting_.request(now);
    sign_of_life_ = true;
  }
  if (next_sign_of_life_ <= now || next_sign_of_life_ == Instant::never())
    next_sign_of_life_ = now + Reporting::idle_period;
}

Instant ReplicaCore::next_deadline() const {
  if (failed_) return Instant::never();
  if (loading()) return next_sign_of_life_;
  const Instant reports = reporting_.next_deadline(applied_.sequence);
  if (importing()) return std::min(reports, import_.next_deadline());
  return std::min({reports, next_scrub_, capturing_ && !seal_ready_ ? last_tick_ + capture_pause : Instant::never()});
}

ReplicaOutput ReplicaCore::take_output() {
  const bool reports = !failed_ && (!loading() || std::exchange(sign_of_life_, false));
  if (reports)
    if (const auto due = reporting_.take(applied_.sequence)) output_.report = report(due->resend);
  return std::exchange(output_, {});
}

// While its state is not complete it has carried out no recovery, and so is not streamed to.
ReplicaReport ReplicaCore::report(bool resend) const {
  const Recovery recovery = loading() || importing() ? Recovery() : recovery_;
  return {group_,          config_.incarnation,
          recovery,        applied_,
          checkpoint_,     resend,
          config_.pid,     config_.store,
          proof_,          trial_.is_on_import(),
          wanted_state(),  seal_ready_,
          seal_,           witness_.newest_term,
          witness_.decided};
}

Event& ReplicaCore::note(std::string_view name, Severity severity) {
  return output_.events.emplace_back(name, severity);
}

void ReplicaCore::fail(std::string message) {
  failed_ = true;
  output_.fatal = std::move(message);
}

}  // namespace tally
