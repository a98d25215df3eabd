// SPDX-License-Identifier: Apache-2.0
#include "comparator/ballot_window.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"

namespace tally {

Ballot* BallotWindow::at(Sequence sequence) {
  if (sequence < first_) return nullptr;
  CHECK(!is_beyond(sequence));
  const auto place = static_cast<std::size_t>(sequence.value - first_.value);
  while (ballots_.size() <= place) ballots_.emplace_back();
  return &ballots_[place];
}

Ballot* BallotWindow::open(BallotCall&& ballot, Instant now) {
  const Sequence sequence = ballot.order.sequence;
  if (is_beyond(sequence)) return nullptr;
  Ballot* place = at(sequence);
  if (place == nullptr || place->stage() != Ballot::Stage::collecting) return nullptr;
  place->open(std::move(ballot), now);
  opened_ = std::max(opened_, sequence);
  return place;
}

Ballot::Cast BallotWindow::cast(Ballot& ballot, ReplicaId from, Vote&& vote) {
  std::size_t& held = held_bytes_[from];
  const bool decided = !ballot.is_undecided();
  held -= ballot.held_bytes(from);
  if (decided) kept_bytes_ -= ballot.kept_bytes();
  const Ballot::Cast outcome = ballot.cast(from, std::move(vote));
  held += ballot.held_bytes(from);
  if (decided) kept_bytes_ += ballot.kept_bytes();
  return outcome;
}

void BallotWindow::strike(Ballot& ballot, ReplicaId replica) {
  held_bytes_[replica] -= ballot.held_bytes(replica);
  ballot.strike(replica);
}

void BallotWindow::decide(Ballot& ballot, AnswerIndex answer, ReplicaSet awaited) {
  release_held(ballot);
  ballot.decide(answer, awaited);
  kept_bytes_ += ballot.kept_bytes();
}

void BallotWindow::close(Ballot& ballot) {
  release_held(ballot);
  ballot.close();
}

void BallotWindow::settle(Ballot& ballot) {
  if (kept_bytes_ <= limits::kept_result_bytes) return;
  const std::size_t own = ballot.kept_bytes();
  const std::size_t excess = kept_bytes_ - limits::kept_result_bytes;
  ballot.reduce_to(own - std::min(own, excess));
  kept_bytes_ = kept_bytes_ - own + ballot.kept_bytes();
}

void BallotWindow::restart(Sequence closed) {
  ballots_.clear();
  first_ = closed.next();
  decided_ = closed;
  opened_ = {};
  kept_bytes_ = 0;
  held_bytes_ = {};
}

void BallotWindow::close_through(Sequence closed) {
  while (first_ <= closed && !ballots_.empty()) pop_front();
  first_ = std::max(first_, closed.next());
  decided_ = std::max(decided_, closed);
  move_decided();
}

void BallotWindow::move_decided() {
  while (decided_.value + 1 - first_.value < ballots_.size() &&
         !ballots_[static_cast<std::size_t>(decided_.value + 1 - first_.value)].is_undecided())
    decided_ = decided_.next();
}

void BallotWindow::pop_front() {
  const Ballot& ballot = ballots_.front();
  if (ballot.stage() == Ballot::Stage::decided) kept_bytes_ -= ballot.kept_bytes();
  release_held(ballot);
  ballots_.pop_front();
  first_ = first_.next();
}

void BallotWindow::release_held(const Ballot& ballot) {
  for (auto [replica, bytes] : held_bytes_) bytes -= ballot.held_bytes(replica);
}

}  // namespace tally
