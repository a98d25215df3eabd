// SPDX-License-Identifier: Apache-2.0
#include "replica/core.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

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
      voting_(config_.incarnation),
      capturing_({config_.id, config_.checkpoint_orders, config_.replicas, config_.early_checkpoint_changes,
                  config_.early_checkpoint_bytes}),
      wanted_({config_.id, config_.replicas, config_.import_orders}),
      import_(config_.id, config_.replicas),
      remembering_(config_.group, config_.witness) {
  output_.load = LoadWish{};
}

// ---- orders

bool ReplicaCore::is_executing() const {
  if (loading() || importing() || !standing_ || is_stopped_ || has_failed_) return false;
  return is_served(standing_->state);
}

void ReplicaCore::receive(const Order& order, Instant now) {
  if (!is_executing()) return;
  const Sequence applied = position_.applied().sequence;
  if (chain_of(order) != order.id.chain) {  // law 2: a damaged order counts as lost
    note("order_damaged", Severity::warning).with("after", applied);
    return reporting_.missed(position_.next(), applied, now);
  }
  using Place = Position::Place;
  const Place place = position_.place_of(order, *standing_, !is_on_untouched_import());
  const bool leads_on = place == Place::next || place == Place::ahead;
  if (leads_on && !may_execute_next()) return trial_.hold_orders();
  switch (place) {
    case Place::next: return execute(order, now);
    case Place::repeated: return;
    case Place::ahead: return reporting_.missed(order.id.sequence, applied, now);
    case Place::fork: return roll_back("another_chain", now);
    case Place::contradiction: break;
  }
  // The journal may be another one, put back from a backup.
  if (!position_.is_at_base() || !trial_.is_refuted_by_contradiction(now)) return;
  note("checkpoint_contradicted", Severity::error).with("checkpoint", applied);
  load_again(LoadWish{applied});
}

void ReplicaCore::execute(const Order& order, Instant now) {
  if (order.semantics != limits::semantics_version) return stop(order);
  const bool votes = order.id.sequence >= standing_->vote_from && !trial_.is_on_import();
  const std::size_t changes = state_->changes();
  state_->apply(order, voting_.results(votes));
  capturing_.executed(bytes_of(order));
  position_.advance(order);
  trial_.was_followed();
  if (votes) {
    const Sequence applied = order.id.sequence;
    trial_.voted(applied);
    output_.votes.push_back(voting_.vote(order.id, recovering_.carried_out(), state_->digest()));
    capture_some(state_->changes() - std::min(changes, state_->changes()), order.seal, now);
    if (capturing_.is_due_anywhere(applied)) remembering_.add({order.id, state_->digest()});
  }
  reporting_.applied(order.id.sequence, now);
  examine_state(now);
  if (!loading() && order.id.sequence == standing_->prove) prove(now);
}

// Law 5: it does not execute, and so does not vote on, what it does not understand.
void ReplicaCore::stop(const Order& order) {
  is_stopped_ = true;
  note("semantics_unknown", Severity::error)
      .with("sequence", order.id.sequence)
      .with("semantics", order.semantics)
      .with("known", limits::semantics_version);
}

// Law 14.
void ReplicaCore::prove(Instant now) {
  voting_.prove({position_.applied(), state_->digest()});
  reporting_.request(now);
}

// ---- standing

void ReplicaCore::receive(const ReplicaStanding& standing, Instant now) {
  if (has_failed_) return;
  if (!remembering_.belongs_to(standing.group))
    return fail("this replica is of group " + std::to_string(group().value) + ", the distributor of group " +
                std::to_string(standing.group.value));
  remembering_.join(standing.group);
  if (!is_served(standing.state)) trial_.excuse(now);
  if (!importing() && is_on_untouched_import() && standing.last != position_.applied() &&
      trial_.is_refuted_by_silence(now))
    return load_again(fail_trial());
  if (is_outdated(standing)) return;
  const bool is_new_term = !standing_ || standing.term > standing_->term;
  if (!standing_ || standing.state != standing_->state)
    note("standing_changed")
        .with("state", to_string(standing.state))
        .with("view", standing.view)
        .with("reason", to_string(standing.reason));
  // Readmitted: its votes have been compared as often as that takes.
  const bool was_on_probation = standing_ && standing_->state == ReplicaState::probation;
  if (was_on_probation && standing.state == ReplicaState::voting && !trial_.is_on_import()) pass_trial(now);
  standing_ = standing;
  if (remembering_.learn(standing, !trial_.is_on())) output_.witness = remembering_.witness();
  if (seal_.is_over(standing.seal)) output_.unseal = true;
  if (seal_.is_missed(standing.seal, position_.applied().sequence)) sealed(standing.seal.checkpoint, std::nullopt, now);
  if (importing()) {
    import_.allow(standing.donors, now);
    take_import_output(now);
  }
  if (loading() || importing()) return;
  settle(is_new_term, now);
  if (loading() || importing()) return;
  examine_state(now);
  if (loading()) return;
  if (trial_.passes_by_votes(standing, position_.applied().sequence, now)) pass_trial(now);
  if (auto checkpoint = capturing_.release(standing, position_.applied())) output_.checkpoint = std::move(checkpoint);
}

// Law 3.
bool ReplicaCore::is_outdated(const ReplicaStanding& standing) const {
  if (!loading() && standing.term < position_.applied().term) return true;
  if (!standing_) return false;
  return standing.term < standing_->term || (standing.term == standing_->term && standing.view < standing_->view);
}

// Carries out what the standing asks for.
void ReplicaCore::settle(bool is_new_term, Instant now) {
  const Sequence applied = position_.applied().sequence;
  const bool is_untouched = position_.is_at_base() && !voting_.has_proven();
  switch (recovering_.follow(*standing_, is_new_term, is_untouched, applied)) {
    case Recovering::Step::none: break;
    case Recovering::Step::roll_back: return roll_back("recovery", now);
    case Recovering::Step::keep_state:
      trial_.forget_votes();
      capturing_.withdraw(*state_);
      [[fallthrough]];
    case Recovering::Step::carried_out: reporting_.request(now);
  }
  if (position_.is_ahead_of_journal(*standing_)) return roll_back("journal_lost_orders", now);
  const bool began_there = standing_->prove.value != 0 && position_.is_at_base() && applied >= standing_->prove;
  if (began_there && voting_.proof().order != position_.applied()) prove(now);
  if (is_stopped_) return;
  if (const auto goal = wanted_.goal(*standing_, position_)) {
    wanted_.tried();
    import_.begin(*goal, now);
    take_import_output(now);
  }
}

// ---- roll-back, and loading

void ReplicaCore::roll_back(std::string_view reason, Instant now) {
  const Sequence applied = position_.applied().sequence;
  const bool is_recovering = recovering_.is_asked_for_by(*standing_);
  if (!is_recovering && is_on_untouched_import()) return load_again(fail_trial());
  if (!is_recovering && position_.is_at_base()) {
    if (applied.value == 0) return reporting_.missed(Sequence(1), applied, now);
    // The checkpoint, of stable orders only, is not what the journal holds: one of those orders was
    // replaced.
    note("checkpoint_ahead_of_journal", Severity::error)
        .with("checkpoint", applied)
        .with("journal", standing_->last.sequence);
    return load_again(LoadWish{applied});
  }
  note("rolled_back", Severity::warning).with("reason", reason).with("from", applied);
  const bool dissented = is_recovering && standing_->reason == OutReason::dissent;
  load_again(dissented ? fail_trial() : LoadWish{});
}

void ReplicaCore::load_again(const LoadWish& wish) {
  output_.load = wish;
  wanted_.begin();
  drop_state();
}

void ReplicaCore::drop_state() {
  output_.dropped = std::move(state_);
  output_.checkpoint.reset();
  trial_.end();
  capturing_.drop();
  seal_.drop();
  remembering_.forget_states();
  reporting_.await_state();
}

std::unique_ptr<State> ReplicaCore::fresh_state() const {
  return std::make_unique<State>(config_.limits, config_.incarnation.value);
}

void ReplicaCore::restored(const CheckpointHeader& header, std::unique_ptr<State> state, Instant now) {
  CHECK(loading());
  if (header.semantics != limits::semantics_version)
    return fail("the checkpoint is of semantics version " + std::to_string(header.semantics) + ", this program's is " +
                std::to_string(limits::semantics_version));
  if (!remembering_.belongs_to(header.group))
    return fail("the checkpoint is of group " + std::to_string(header.group.value) + ", the distributor's is " +
                std::to_string(group().value));
  remembering_.join(header.group);
  note("checkpoint_restored").with("sequence", header.applied.sequence).with("counters", state->counters());
  begin(std::move(state), header, now);
}

void ReplicaCore::nothing_to_restore(Instant now) {
  CHECK(loading());
  note("started_empty");
  begin(fresh_state(), {}, now);
}

// What another version of tally wrote is not this replica's to throw away.
void ReplicaCore::load_rejected(const std::string& reason) {
  fail("the checkpoint is of another version of tally: " + reason);
}

void ReplicaCore::begin(std::unique_ptr<State> state, const CheckpointHeader& header, Instant now) {
  const Sequence checkpoint = header.applied.sequence;
  output_.checkpoint.reset();
  state_ = std::move(state);
  is_stopped_ = false;
  position_.begin(header);
  trial_.begin(checkpoint, header.imported, now);
  recovering_.state_is_fresh();
  voting_.begin();
  capturing_.begin(checkpoint);
  import_.loaded(checkpoint);
  if (!header.imported) remembering_.was_decided(header.applied);
  scrubbing_.begin(now);
  reporting_.restart(now);
  if (!standing_) return;
  settle(false, now);
  examine_state(now);
}

// ---- trial

void ReplicaCore::examine_state(Instant now) {
  if (loading() || importing()) return;
  const OrderIdentity& applied = position_.applied();
  const OrderState& agreed = standing_->agreed;
  if (!trial_.can_be_examined(applied, agreed)) return;
  if (state_->digest() != agreed.state) {
    note(trial_.is_on_import() ? "import_wrong" : "checkpoint_wrong", Severity::error)
        .with("checkpoint", position_.base().sequence)
        .with("after", applied.sequence);
    return load_again(fail_trial());
  }
  if (trial_.is_on_import()) {
    note("import_proven").with("checkpoint", position_.base().sequence).with("by", applied.sequence);
    reporting_.request(now);
    if (trial_.holds_orders()) reporting_.missed(standing_->last.sequence, applied.sequence, now);
  }
  pass_trial(now);
}

// The checkpoint that was imported is replaced at once, even if the group is idle, by one that is
// known to be right.
void ReplicaCore::pass_trial(Instant now) {
  const bool was_import = trial_.is_on_import();
  trial_.end();
  if (!was_import) return;
  capturing_.hurry();
  if (position_.applied().sequence > capturing_.stored()) capture_some(0, false, now);
}

// Returns what is to be loaded now: an older checkpoint, or, when the next donor gives one, that.
LoadWish ReplicaCore::fail_trial() {
  if (!trial_.is_on()) return LoadWish{};
  const Sequence checkpoint = trial_.checkpoint();
  note("repair_failed", Severity::error)
      .with("checkpoint", checkpoint)
      .with("source", trial_.is_on_import() ? "donor" : "own");
  if (trial_.is_on_import()) import_.distrust_donor();
  trial_.end();
  return LoadWish{checkpoint};
}

// ---- import

Sequence ReplicaCore::wanted_state() const {
  if (!standing_ || loading()) return Sequence();
  if (importing()) return std::max(import_.goal().least, import_.goal().seal.checkpoint);
  return is_stopped_ ? Sequence() : wanted_.of(*standing_, position_);
}

void ReplicaCore::receive(ReplicaId donor, StateChunk chunk, Instant now) {
  import_.receive(donor, std::move(chunk), now);
  take_import_output(now);
}

void ReplicaCore::import_stored(std::uint64_t attempt, ImportOutcome outcome, Instant now) {
  import_.stored(attempt, outcome, now);
  take_import_output(now);
}

void ReplicaCore::take_import_output(Instant now) {
  Import::Output import = import_.take_output();
  for (auto& request : import.requests) output_.state_requests.push_back(std::move(request));
  for (ImportStep& step : import.steps) output_.import_steps.push_back(std::move(step));
  for (Event& event : import.events) output_.events.push_back(std::move(event));
  if (import.complete) {
    drop_state();
    output_.load = LoadWish{import_.imported().next()};  // and not what was distrusted before
  }
  if (import.hopeless) {  // it goes on with the journal, or until others seal another checkpoint
    wanted_.was_not_given(import_.goal().seal.checkpoint);
    recovering_.state_is_fresh();
    trial_.excuse(now);
    reporting_.restart(now);
    settle(false, now);
  }
}

// ---- checkpoints

void ReplicaCore::capture_some(std::size_t changed, bool seals, Instant now) {
  if (!voting_.has_voted()) return;
  const Sequence applied = position_.applied().sequence;
  const Capturing::Step step = capturing_.step(*state_, *standing_, applied, changed, seals);
  if (step.is_ready_now) reporting_.request(now);
  if (!step.may_end) return;
  if (seals) seal_.begin(applied);
  capturing_.finish(*state_, header());
}

// When nothing is ordered any more. What waits to be committed goes with it.
void ReplicaCore::capture_last() {
  if (!capturing_.takes_last()) return;
  const OrderIdentity& applied = position_.applied();
  const bool is_due = !loading() && !importing() && !trial_.is_on() && standing_ &&
                      standing_->agreed.order == applied && applied.sequence > capturing_.stored();
  if (!is_due || state_->changes() > config_.early_checkpoint_changes) return;
  capturing_.withdraw(*state_);
  capturing_.finish(*state_, header());
  output_.checkpoint = capturing_.release(*standing_, applied);
}

CheckpointHeader ReplicaCore::header() const {
  CheckpointHeader header;
  header.group = group();
  header.applied = position_.applied();
  header.calendar = position_.calendar();
  return header;
}

void ReplicaCore::checkpoint_committed(Sequence applied) {
  capturing_.committed(applied);
  note("checkpoint_committed").with("sequence", applied);
  if (seal_.is_wanted_of(applied)) output_.seal = applied;
}

void ReplicaCore::checkpoint_failed(CheckpointDelta lost, CommitFailure failure) {
  const Sequence checkpoint = lost.header.applied.sequence;
  note("checkpoint_failed", Severity::error).with("sequence", checkpoint).with("reason", to_string(failure));
  if (seal_.is_wanted_of(checkpoint)) sealed(checkpoint, std::nullopt, last_tick_);
  if (loading() || !capturing_.is_committing()) return;  // it was of a state that is gone
  if (failure == CommitFailure::digest_mismatch) scrub();
  capturing_.failed(std::move(lost), failure, *state_);
}

void ReplicaCore::sealed(Sequence checkpoint, const std::optional<CheckpointSeal>& seal, Instant now) {
  seal_.made(checkpoint, seal);
  if (seal)
    note("checkpoint_sealed").with("sequence", checkpoint).with("bytes", seal->bytes);
  else
    note("checkpoint_not_sealed", Severity::error).with("sequence", checkpoint);
  reporting_.request(now);
}

// ---- scrub

bool ReplicaCore::scrub() { return loading() || note_scrubbed(state_->scrub()); }

void ReplicaCore::scrub_some(Instant now) {
  const State::Scrubbed scrubbed = state_->scrub_some(Scrubbing::work_per_step);
  scrubbing_.done(scrubbed.work, scrubbed.pass_ends, now);
  note_scrubbed(scrubbed.right);
}

bool ReplicaCore::note_scrubbed(bool is_right) {
  if (!is_right)
    note("state_mismatch", Severity::error)
        .with("applied", position_.applied().sequence)
        .with("digest", state_->digest());
  return is_right;
}

bool ReplicaCore::flip_stored_counter() { return !loading() && state_->flip_stored_counter(); }

// ---- time and output

void ReplicaCore::connected(Instant now) { reporting_.request(now); }

void ReplicaCore::tick(Instant now) {
  if (has_failed_) return;
  last_tick_ = now;
  if (loading()) {
    capturing_.skip_last();
    return reporting_.tick_without_state(now);
  }
  const Sequence applied = position_.applied().sequence;
  const bool is_behind = is_executing() && !needs_state() && standing_->last.sequence > applied && may_execute_next();
  reporting_.tick(applied, is_behind, now);
  import_.tick(now);
  take_import_output(now);
  capture_last();
  if (loading() || importing()) return;  // a hopeless import may have led to a roll-back
  if (capturing_.has_steps_left()) capture_some(0, false, now);
  if (scrubbing_.next() <= now) scrub_some(now);
}

Instant ReplicaCore::next_deadline() const {
  if (has_failed_) return Instant::never();
  const Instant next_report = reporting_.next_deadline(position_.applied().sequence);
  if (loading()) return next_report;
  if (importing()) return std::min(next_report, import_.next_deadline());
  const Instant next_step = capturing_.has_steps_left() ? last_tick_ + Capturing::pause : Instant::never();
  return std::min({next_report, scrubbing_.next(), next_step});
}

ReplicaOutput ReplicaCore::take_output() {
  if (!has_failed_)
    if (const auto due = reporting_.take(position_.applied().sequence)) output_.report = report(due->resend);
  return std::exchange(output_, {});
}

// While its state is not complete it has carried out no recovery, and so is not streamed to.
ReplicaReport ReplicaCore::report(bool resend) const {
  const Recovery recovery = loading() || importing() ? Recovery() : recovering_.carried_out();
  const Witness& witness = remembering_.witness();
  return {group(),        config_.incarnation,   recovery,       position_.applied(), capturing_.stored(),
          resend,         config_.pid,           config_.store,  voting_.proof(),     trial_.is_on_import(),
          wanted_state(), capturing_.is_ready(), seal_.newest(), witness.newest_term, witness.decided};
}

Event& ReplicaCore::note(std::string_view name, Severity severity) {
  return output_.events.emplace_back(name, severity);
}

void ReplicaCore::fail(std::string message) {
  has_failed_ = true;
  output_.fatal = std::move(message);
}

}  // namespace tally
