// SPDX-License-Identifier: Apache-2.0
#include "replica/import.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/per_replica.h"

namespace tally {
namespace {

constexpr unsigned most_restarts = 3;

}  // namespace

Import::Import(ReplicaId self, std::uint32_t replicas) : self_(self), replicas_(replicas), donor_(next(self)) {}

bool Import::may_ask(ReplicaId donor) const {
  return donor != self_ && (goal_.seal.is_known() || (goal_.donors >> (place_of(donor)) & 1) != 0);
}

std::uint32_t Import::donors() const {
  std::uint32_t count = 0;
  for (const ReplicaId replica : ReplicaIds(replicas_)) count += may_ask(replica) ? 1 : 0;
  return count;
}

ReplicaId Import::next(ReplicaId donor) const { return ReplicaId(donor.value % replicas_ + 1); }

// The next one around that may be asked; the same one if there is no other.
ReplicaId Import::after(ReplicaId donor) const {
  ReplicaId found = next(donor);
  while (found != donor && !may_ask(found)) found = next(found);
  return found;
}

// The checkpoint that is being imported; zero: the donor's newest.
Sequence Import::checkpoint() const { return has_begun() ? header_.applied.sequence : goal_.seal.checkpoint; }

void Import::distrust_donor() { donor_ = next(donor_); }

void Import::loaded(Sequence checkpoint) {
  if (std::exchange(is_unloaded_, false) && checkpoint != imported()) distrust_donor();
}

// ---- one attempt with one donor

void Import::begin(const Goal& goal, Instant now) {
  goal_ = goal;
  active_ = donors() > 0;
  output_.hopeless = !active_;
  if (!active_) return;
  if (!may_ask(donor_)) donor_ = after(donor_);
  given_up_ = restarts_ = 0;
  busy_ = unproven_too_ = false;
  pause_ = shortest_pause;
  output_.events.push_back(Event("import_began").with("donor", donor_).with("at_least", goal.least));
  start_over(now);
}

void Import::start_over(Instant now) {
  ++attempt_;
  begun_ = now;
  header_ = {};
  after_.clear();
  bytes_ = 0;
  all_came_ = asked_ = false;
  unstored_ = 0;
  paused_until_.reset();
  patient_until_ = now + donor_patience;
  ask(now);
}

void Import::ask(Instant now) {
  if (!asked_) patient_until_ = now + donor_patience;
  asked_ = true;
  asked_at_ = now;
  output_.requests.emplace_back(donor_, StateRequest{goal_.group, checkpoint(), goal_.least, after_, unproven_too_});
}

void Import::receive(ReplicaId donor, StateChunk chunk, Instant now) {
  const bool asked_for =
      active_ && asked_ && donor == donor_ && chunk.checkpoint == checkpoint() && chunk.after == after_;
  if (!asked_for) return;
  switch (chunk.answer) {
    case StateAnswer::busy: busy_ = true; return give_up("busy", now);
    case StateAnswer::none: return has_begun() ? gone(now) : give_up("has_none", now);
    case StateAnswer::entries: break;
  }
  if (!is_possible(chunk)) return give_up("impossible_chunk", now);
  accept(std::move(chunk), now);
}

// What every honest donor's chunk has in common.
bool Import::is_possible(const StateChunk& chunk) const {
  const CheckpointHeader& header = chunk.header;
  if (has_begun() && header != header_) return false;
  if (goal_.seal.is_known() && header.applied.sequence != goal_.seal.checkpoint) return false;
  const std::uint64_t most = goal_.seal.is_known() ? goal_.seal.bytes : limits::state_bytes;
  return header.group == goal_.group && header.semantics == limits::semantics_version &&
         header.applied.sequence.value != 0 && header.applied.sequence >= goal_.least &&
         (chunk.entries.empty() ? chunk.last : chunk.through > after_) && bytes_ + chunk.entries.size() <= most;
}

void Import::accept(StateChunk chunk, Instant now) {
  const bool first = !has_begun();
  asked_ = false;
  header_ = chunk.header;
  bytes_ += chunk.entries.size();
  if (!chunk.entries.empty()) after_ = chunk.through;
  all_came_ = chunk.last;
  ++unstored_;
  chunk.header.imported = true;
  output_.steps.push_back({attempt_, first, std::move(chunk), goal_.seal});
  if (!all_came_ && unstored_ < unstored_chunks) ask(now);
}

void Import::stored(std::uint64_t attempt, ImportOutcome outcome, Instant now) {
  if (!active_ || attempt != attempt_) return;
  --unstored_;
  switch (outcome) {
    case ImportOutcome::written:
      if (!all_came_ && !asked_) ask(now);
      return;
    case ImportOutcome::wrong: return give_up("wrong_state", now);
    case ImportOutcome::not_written:
      asked_ = false;
      paused_until_ = now + pause_;
      pause_ = std::min(pause_ * 2, longest_pause);
      return;
    case ImportOutcome::finished: break;
  }
  active_ = false;
  is_unloaded_ = true;
  output_.complete = true;
  output_.events.push_back(Event("import_finished")
                               .with("donor", donor_)
                               .with("checkpoint", header_.applied.sequence)
                               .with("bytes", bytes_)
                               .with("milliseconds", (now - begun_).milliseconds()));
}

// ---- the next one

// The donor lost the checkpoint on the way. It may have a newer one.
void Import::gone(Instant now) {
  if (++restarts_ > most_restarts) return give_up("lost_its_checkpoint", now);
  start_over(now);
}

void Import::give_up(std::string_view reason, Instant now) {
  output_.events.push_back(Event("import_failed", Severity::warning).with("donor", donor_).with("reason", reason));
  donor_ = after(donor_);
  restarts_ = 0;
  if (++given_up_ < donors()) return start_over(now);
  given_up_ = 0;
  // Nobody has, or gives, what was sealed, so another checkpoint has to be sealed.
  if (goal_.seal.is_known() && !busy_) return end();
  // A donor's own unproven import may be a lie that it believed, and is taken only when nobody has
  // anything else: without it, nothing might ever be proven.
  unproven_too_ = !std::exchange(busy_, false);
  asked_ = false;
  ++attempt_;
  paused_until_ = now + pause_;
  pause_ = std::min(pause_ * 2, longest_pause);
}

void Import::end() {
  active_ = false;
  output_.hopeless = true;
}

void Import::allow(std::uint64_t donors, Instant now) {
  if (!active_ || goal_.seal.is_known() || donors == goal_.donors) return;
  goal_.donors = donors;
  if (this->donors() == 0) return end();
  if (!may_ask(donor_)) give_up("no_longer_asked", now);
}

void Import::tick(Instant now) {
  if (!active_) return;
  if (paused_until_) {
    if (*paused_until_ <= now) start_over(now);
    return;
  }
  if (begun_ + limits::state_import_lifetime <= now) return give_up("too_slow", now);
  if (!asked_) return;  // the store is writing
  if (patient_until_ <= now) return give_up("silent", now);
  if (asked_at_ + retry_period <= now) ask(now);
}

Instant Import::next_deadline() const {
  if (!active_) return Instant::never();
  if (paused_until_) return *paused_until_;
  const Instant end = begun_ + limits::state_import_lifetime;
  return asked_ ? std::min({patient_until_, asked_at_ + retry_period, end}) : end;
}

}  // namespace tally
