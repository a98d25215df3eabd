// SPDX-License-Identifier: Apache-2.0
// How a replica gets a state that is right: roll-back to its own checkpoints, roll-forward to another replica's, trial,
// scrub.
#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "replica/core.h"

namespace tally {
namespace {

// A pass over a million entries takes a minute. One step is a fraction of a millisecond.
constexpr std::size_t scrub_work = 1'000;
constexpr Duration scrub_time_per_work = seconds(60) / 1'000'000;
constexpr Duration shortest_scrub_pause = milliseconds(20);
constexpr Duration shortest_scrub_pass = seconds(1);

}  // namespace

// ---- roll-back and start

void ReplicaCore::roll_back(std::string_view reason, Instant now) {
  const bool recovering = standing_->recovery > recovery_;
  if (!recovering && is_untouched_import()) return load_again(fail_trial());
  if (!recovering && applied_ == base_) {
    // The checkpoint itself, of stable orders only, is not what the journal holds: one of them was replaced.
    if (base_.sequence.value == 0) return reporting_.missed(Sequence(1), applied_.sequence, now);
    note("checkpoint_ahead_of_journal", Severity::error)
        .with("checkpoint", base_.sequence)
        .with("journal", standing_->last.sequence);
    return load_again(LoadWish{base_.sequence});
  }
  note("rolled_back", Severity::warning).with("reason", reason).with("from", applied_.sequence);
  const bool dissented = recovering && standing_->reason == to_string(VerdictReason::dissent);
  load_again(dissented ? fail_trial() : LoadWish{});
}

void ReplicaCore::load_again(const LoadWish& wish) {
  output_.load = wish;
  import_tried_ = false;
  drop_state();
}

void ReplicaCore::drop_state() {
  output_.dropped = std::move(state_);
  trial_.end();
  due_states_.clear();
  schedule_.drop();
  capturing_ = seal_ready_ = false;
  sealing_ = {};
  output_.checkpoint.reset();
  next_sign_of_life_ = Instant::never();
}

std::unique_ptr<State> ReplicaCore::fresh_state() const {
  return std::make_unique<State>(config_.limits, config_.incarnation.value);
}

void ReplicaCore::restored(const CheckpointHeader& header, std::unique_ptr<State> state, Instant now) {
  CHECK(loading());
  if (header.semantics != limits::semantics_version)
    return fail("the checkpoint is of semantics version " + std::to_string(header.semantics) + ", this program's is " +
                std::to_string(limits::semantics_version));
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

// What another version of tally wrote is not this replica's to throw away.
void ReplicaCore::load_rejected(const std::string& reason) {
  fail("the checkpoint is of another version of tally: " + reason);
}

void ReplicaCore::start_empty(Instant now) { begin(fresh_state(), {}, now); }

void ReplicaCore::begin(std::unique_ptr<State> state, const CheckpointHeader& header, Instant now) {
  schedule_.drop();
  output_.checkpoint.reset();
  state_ = std::move(state);
  applied_ = base_ = header.applied;
  calendar_ = header.calendar;
  checkpoint_ = header.applied.sequence;
  if (!header.imported) witness_.decided = std::max(witness_.decided, header.applied);
  stopped_ = false;
  taking_over_ = true;

  voted_ = false;
  proof_ = {};
  trial_.begin(checkpoint_, header.imported, now);
  const Sequence imported = std::exchange(loading_import_, {});
  if (imported.value != 0 && checkpoint_ != imported) import_.distrust_donor();
  next_scrub_ = scrub_pass_began_ = now + shortest_scrub_pass;
  sign_of_life_ = false;
  reporting_.restart(now);
  if (!standing_) return;
  settle(false, now);
  examine_state(now);
}

// ---- trial

void ReplicaCore::examine_state(Instant now) {
  if (loading() || importing()) return;
  const OrderState& agreed = standing_->agreed;
  if (!trial_.can_be_examined(applied_, agreed)) return;
  if (state_->digest() != agreed.state) {
    note(trial_.is_on_import() ? "import_wrong" : "checkpoint_wrong", Severity::error)
        .with("checkpoint", base_.sequence)
        .with("after", applied_.sequence);
    return load_again(fail_trial());
  }
  if (trial_.is_on_import()) {
    note("import_proven").with("checkpoint", base_.sequence).with("by", applied_.sequence);
    reporting_.request(now);
    if (trial_.holds_orders()) reporting_.missed(standing_->last.sequence, applied_.sequence, now);
  }
  pass_trial(now);
}

// What was imported is replaced at once, and be the group idle, by a checkpoint that is known to be right.
void ReplicaCore::pass_trial(Instant now) {
  const bool was_import = trial_.is_on_import();
  trial_.end();
  if (!was_import) return;
  schedule_.hurry();
  if (applied_.sequence > checkpoint_) capture_if_due(0, false, now);
}

// Returns what is to be loaded now: an older checkpoint, or what another donor gives.
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

// ---- roll-forward

// Of which order, or a later one. Zero: the journal leads on from what this replica has, and not too far.
Sequence ReplicaCore::wanted_state() const {
  if (!standing_ || loading()) return Sequence();
  if (importing()) return std::max(import_.goal().least, import_.goal().seal.checkpoint);
  const ReplicaState state = standing_->state;
  if (state == ReplicaState::evicted || state == ReplicaState::quarantined || stopped_ || config_.replicas == 1)
    return Sequence();
  if (needs_state()) return std::max(Sequence(standing_->journal_first.value - 1), spent_seal_.next());
  const Sequence worth_it(applied_.sequence.value + config_.import_orders);
  if (import_tried_ || standing_->last.sequence <= worth_it) return Sequence();
  return std::max(worth_it, spent_seal_.next());
}

std::optional<Import::Goal> ReplicaCore::import_goal() const {
  const Sequence wanted = wanted_state();
  if (wanted.value == 0) return std::nullopt;
  const CheckpointSeal& seal = standing_->seal;
  if (seal.is_known() && seal.checkpoint >= wanted) return Import::Goal{group_, wanted, seal, 0};
  const std::uint64_t others = standing_->donors & ~(std::uint64_t{1} << (config_.id.value - 1));
  if (!needs_state() || others == 0) return std::nullopt;
  return Import::Goal{group_, Sequence(standing_->journal_first.value - 1), {}, others};
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
    loading_import_ = import_.imported();
    drop_state();
    output_.load = LoadWish{loading_import_.next()};  // not what was distrusted before
  }
  if (import.hopeless) {  // on with the journal, or until others have sealed another one
    spent_seal_ = std::max(spent_seal_, import_.goal().seal.checkpoint);
    taking_over_ = true;
    trial_.excuse(now);
    reporting_.restart(now);
    settle(false, now);
  }
}

// ---- scrub

bool ReplicaCore::scrub() {
  if (loading() || state_->scrub()) return true;
  note("state_mismatch", Severity::error).with("applied", applied_.sequence).with("digest", state_->digest());
  return false;
}

void ReplicaCore::scrub_some(Instant now) {
  const State::Scrubbed scrubbed = state_->scrub_some(scrub_work);
  const auto work = static_cast<std::int64_t>(scrubbed.work);
  next_scrub_ = now + std::max(scrub_time_per_work * work, shortest_scrub_pause);
  if (scrubbed.pass_ends) {
    next_scrub_ = std::max(next_scrub_, scrub_pass_began_ + shortest_scrub_pass);
    scrub_pass_began_ = next_scrub_;
  }
  if (!scrubbed.right)
    note("state_mismatch", Severity::error).with("applied", applied_.sequence).with("digest", state_->digest());
}

}  // namespace tally
