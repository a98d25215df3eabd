// SPDX-License-Identifier: Apache-2.0
#include "comparator/ballot.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"

namespace tally {

void Ballot::open(BallotCall&& ballot, Instant now) {
  CHECK(stage_ == Stage::collecting);
  ballot_ = std::move(ballot);
  opened_at_ = now;
  stage_ = Stage::open;
}

Ballot::Cast Ballot::cast(ReplicaId from, Vote&& vote) {
  CHECK(stage_ != Stage::closed);
  Votes& votes = votes_[from];
  const std::size_t bytes = is_undecided() ? vote.results.size() : 0;
  if (votes.first == no_answer) {
    votes.first = index_for(std::move(vote));
    votes.bytes = bytes;
    awaited_.erase(from);
    return Cast::first;
  }
  if (is_equal(answer(votes.first), vote)) return Cast::repeated;
  if (stage_ == Stage::collecting) {  // an older vote may be of a state that was rolled back
    votes = {};
    forget_unused();
    votes.first = index_for(std::move(vote));
    votes.bytes = bytes;
    return Cast::first;
  }
  if (votes.second != no_answer) return is_equal(answer(votes.second), vote) ? Cast::repeated : Cast::excess;
  votes.second = index_for(std::move(vote));
  votes.bytes += bytes;
  return Cast::different;
}

void Ballot::strike(ReplicaId replica) {
  CHECK(is_undecided());
  votes_[replica] = {};
  forget_unused();
}

void Ballot::decide(AnswerIndex answer, ReplicaSet awaited) {
  CHECK(stage_ == Stage::open && answer != no_answer);
  answers_[answer - 1u]->digest_results();
  decided_ = answer;
  stage_ = Stage::decided;
  ballot_.requests = {};
  awaited_ = awaited;
  for (auto [replica, votes] : votes_) {
    if (votes.first != no_answer) awaited_.erase(replica);
    votes.bytes = 0;
  }
}

void Ballot::close() {
  const OrderIdentity order = ballot_.order;
  *this = {};
  ballot_.order = order;
  stage_ = Stage::closed;
}

CastAnswers Ballot::answers() const {
  CastAnswers marks;
  for (auto [replica, mark] : marks) {
    mark = votes_[replica].first;
    if (mark != no_answer && answer(mark).chain != ballot_.order.chain) mark = other_order;
  }
  return marks;
}

std::size_t Ballot::kept_bytes() const {
  std::size_t bytes = 0;
  for (const std::optional<OrderAnswer>& answer : answers_)
    if (answer && answer->whole) bytes += answer->results_size;
  return bytes;
}

void Ballot::reduce_to(std::size_t most_bytes) {
  const auto keep = [&most_bytes](OrderAnswer& answer) {
    if (answer.whole && answer.results_size <= most_bytes)
      most_bytes -= answer.results_size;
    else
      answer.reduce();
  };
  if (decided_ != no_answer) keep(*answers_[decided_ - 1u]);
  for (std::size_t index = 0; index < answers_.size(); ++index)
    if (answers_[index] && index + 1 != decided_) keep(*answers_[index]);
}

// Finds a place for an answer: that of an equal one, else a free one, else a new one.
AnswerIndex Ballot::index_for(Vote&& vote) {
  std::size_t free = answers_.size();
  for (std::size_t index = 0; index < answers_.size(); ++index) {
    if (!answers_[index])
      free = std::min(free, index);
    else if (is_equal(*answers_[index], vote))
      return static_cast<AnswerIndex>(index + 1);
  }
  if (free == answers_.size()) answers_.emplace_back();
  answers_[free].emplace(std::move(vote));
  CHECK(answers_.size() <= most_answers);
  return static_cast<AnswerIndex>(free + 1);
}

void Ballot::forget_unused() {
  for (std::size_t index = 0; index < answers_.size(); ++index) {
    const auto given = [index](const Votes& votes) { return votes.first == index + 1 || votes.second == index + 1; };
    if (std::ranges::none_of(votes_.values(), given)) answers_[index].reset();
  }
}

}  // namespace tally
