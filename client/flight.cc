// SPDX-License-Identifier: Apache-2.0
#include "client/flight.h"

#include <algorithm>
#include <utility>

namespace tally {

const Request& Flight::transmit(RequestNumber acknowledged, Instant retry) {
  request_.acknowledged = acknowledged;
  retry_ = retry;
  return request_;
}

void Flight::begin_next_attempt(Duration longest) {
  request_.attempt += 1;
  pause_ = std::min(pause_ * 2, longest);
}

bool Flight::refused(std::uint32_t attempt, CallError error) {
  if (attempt > request_.attempt || not_ordered_ >= attempt) return false;
  was_not_ordered(attempt);
  last_refusal_ = error;
  return true;
}

// Attempts are refused in the order in which they were sent. If one was not, it may have been
// ordered, and nothing that is said of those after it changes that: the count stays behind for
// good.
void Flight::was_not_ordered(std::uint32_t attempt) {
  if (attempt == not_ordered_ + 1) not_ordered_ = attempt;
}

void Flight::complete(const RequestResult& result, std::uint32_t votes, std::vector<CompletedCall>& completed) {
  std::size_t place = 0;
  for (Batch::Part& part : parts_) {
    const std::size_t first = place;
    place += part.operations;
    if (std::exchange(part.completed, true)) continue;
    if (place > result.operations.size()) {
      completed.push_back({part.call, failed_answers(part.operations, CallOutcome::unknown, CallError::malformed)});
      continue;
    }
    std::vector<Answer> answers(part.operations);
    for (std::size_t offset = 0; offset < part.operations; ++offset) {
      Answer& answer = answers[offset];
      answer.result = result.operations[first + offset];
      answer.outcome = outcome_of(answer.result.status);
      answer.sequence = answer.result.first_sequence.value_or(result.sequence);
      answer.votes = votes;
    }
    completed.push_back({part.call, std::move(answers)});
  }
}

void Flight::fail(CallOutcome outcome, CallError error, std::vector<CompletedCall>& completed) {
  for (Batch::Part& part : parts_)
    if (!std::exchange(part.completed, true))
      completed.push_back({part.call, failed_answers(part.operations, outcome, error)});
}

bool Flight::any_expired(Instant now) const {
  return std::ranges::any_of(parts_,
                             [now](const Batch::Part& part) { return !part.completed && part.deadline <= now; });
}

bool Flight::expire(Instant now, std::vector<CompletedCall>& completed) {
  const auto is_waited_for = [now](const Batch::Part& part) { return !part.completed && part.deadline > now; };
  const bool needed = is_own() || std::ranges::any_of(parts_, is_waited_for);
  const bool not_applied = was_never_ordered() && !needed;
  const CallOutcome outcome = not_applied ? CallOutcome::not_applied : CallOutcome::unknown;
  const CallError error = not_applied ? last_refusal_.value_or(CallError::timed_out) : CallError::timed_out;
  for (Batch::Part& part : parts_) {
    if (part.completed || part.deadline > now) continue;
    part.completed = true;
    completed.push_back({part.call, failed_answers(part.operations, outcome, error)});
  }
  return needed;
}

Instant Flight::earliest_deadline() const {
  Instant earliest = Instant::never();
  for (const Batch::Part& part : parts_)
    if (!part.completed) earliest = std::min(earliest, part.deadline);
  return earliest;
}

}  // namespace tally
